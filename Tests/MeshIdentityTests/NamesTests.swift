import MeshIdentity
import Testing

@Suite struct NamesTests {
    @Test("an account's identity reads back as the account")
    func roundTrip() throws {
        let domain = try IdentityDomain()
        let account = try ServiceAccountName(username: "system:serviceaccount:shop:web")
        #expect(try domain.identity(of: account) == Mesh.web)
        #expect(domain.account(of: Mesh.web) == account)
    }

    @Test("both parts of the domain can be chosen")
    func configurable() throws {
        let domain = try IdentityDomain(controlNamespace: "mesh", trustDomain: "corp.example")
        let account = try ServiceAccountName(namespace: "shop", name: "web")
        #expect(try domain.identity(of: account) == "web.shop.serviceaccount.identity.mesh.corp.example")
        #expect(domain.account(of: Mesh.web) == nil)
    }

    @Test(
        "users that are no plain ServiceAccount have no identity",
        arguments: [
            "", "admin", "system:serviceaccount:shop", "system:serviceaccount:shop:web:x", "system:node:shop:web",
            "system:serviceaccount:shop:web.b", "system:serviceaccount:sh.op:web", "system:serviceaccount::web",
            "system:serviceaccount:shop:", "system:serviceaccount:shop:*", "system:serviceaccount:shop:web\0",
            "system:serviceaccount:shop:Web", "system:serviceaccount:shop:-web", "system:serviceaccount:shop:web-",
            "System:serviceaccount:shop:web", "system:serviceaccount:shop:w\u{e9}b",
            "system:serviceaccount:shop:" + String(repeating: "a", count: 64),
        ])
    func refusedUsers(username: String) {
        #expect(throws: IdentityError.self) { try ServiceAccountName(username: username) }
    }

    @Test(
        "names outside the domain belong to no account",
        arguments: [
            "web.shop.serviceaccount.identity.linkerd.cluster.local.",
            "a.web.shop.serviceaccount.identity.linkerd.cluster.local",
            "shop.serviceaccount.identity.linkerd.cluster.local",
            "*.shop.serviceaccount.identity.linkerd.cluster.local",
            ".shop.serviceaccount.identity.linkerd.cluster.local", "web.shop.pod.identity.linkerd.cluster.local", "",
        ])
    func foreignNames(name: String) throws {
        #expect(try IdentityDomain().account(of: name) == nil)
    }

    @Test("a domain with wildcards, dots in its namespace or nothing at all is refused")
    func badDomains() {
        for (namespace, trust) in [("", "a"), ("a.b", "c"), ("a", ""), ("a", "*.b"), ("a", "b."), ("a", "B")] {
            #expect(throws: IdentityError.invalidDomain(controlNamespace: namespace, trustDomain: trust)) {
                try IdentityDomain(controlNamespace: namespace, trustDomain: trust)
            }
        }
    }

    @Test("an identity longer than a DNS name is refused")
    func tooLong() throws {
        let label = String(repeating: "a", count: 63)
        let domain = try IdentityDomain(trustDomain: "\(label).\(label).cluster.local")
        let account = try ServiceAccountName(namespace: label, name: label)
        #expect(throws: IdentityError.self) { try domain.identity(of: account) }
    }
}
