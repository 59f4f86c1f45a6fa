import Crypto
import MeshIdentity
import MeshModel
import Testing

@Suite struct IssuerLoadingTests {
    static let now = Mesh.now

    @Test("both forms of a Secret are read; half a Secret is none")
    func secretForms() throws {
        let (certificate, key) = (Array("c".utf8), Array("k".utf8))
        #expect(Credentials(secret: ["crt.pem": certificate, "key.pem": key])?.privateKey == "k")
        #expect(Credentials(secret: ["tls.crt": certificate, "tls.key": key, "ca.crt": []])?.certificates == "c")
        #expect(Credentials(secret: ["tls.crt": certificate, "key.pem": key]) == nil)
        #expect(Credentials(secret: [:]) == nil)
    }

    @Test("blank lines and newlines around the blocks do not matter")
    func whitespace() async throws {
        let mesh = try Mesh()
        let spaced = Credentials(
            certificates: "\n\n" + mesh.issuerCredentials.certificates + "\n\n",
            privateKey: mesh.issuerCredentials.privateKey + "\n")
        _ = try await Issuer(loading: spaced, trusting: mesh.bundle, at: Self.now)
        #expect(try TrustBundle(pem: mesh.bundle.pem + "\n\n").pem == mesh.bundle.pem)
    }

    @Test("an issuer of another anchor is refused")
    func untrusted() async throws {
        let (mesh, other) = try (Mesh(), Mesh())
        await #expect(throws: IdentityError.self) {
            try await Issuer(loading: mesh.issuerCredentials, trusting: other.bundle, at: Self.now)
        }
        let both = try other.bundle.merging(mesh.bundle)
        _ = try await Issuer(loading: mesh.issuerCredentials, trusting: both, at: Self.now)
    }

    @Test("an issuer that is expired or not yet in force is refused", arguments: [-3600, 40 * 86_400] as [Int])
    func times(offset: Int) async throws {
        let mesh = try Mesh()
        await #expect(throws: IdentityError.self) { try await mesh.issuer(at: Self.now + .seconds(offset)) }
    }

    @Test("a key that is not the certificate's is refused")
    func mismatch() async throws {
        let (mesh, other) = try (Mesh(), Mesh())
        let mixed = Credentials(
            certificates: mesh.issuerCredentials.certificates, privateKey: other.issuerCredentials.privateKey)
        await #expect(throws: IdentityError.keyMismatch) {
            try await Issuer(loading: mixed, trusting: mesh.bundle, at: Self.now)
        }
    }

    @Test("a leaf cannot be an issuer, nor an anchor")
    func leafAsIssuer() async throws {
        let mesh = try Mesh()
        let server = try await mesh.issuer().makeServer(identity: Mesh.web, terms: .init(), at: Self.now)
        await #expect(throws: IdentityError.self) {
            try await Issuer(loading: server.credentials, trusting: mesh.bundle, at: Self.now)
        }
        #expect(throws: IdentityError.self) { try TrustBundle(pem: server.credentials.certificates) }
    }

    @Test("text that is no key or no certificate is refused without quoting it")
    func garbage() async throws {
        let mesh = try Mesh()
        let cut = String(mesh.issuerCredentials.privateKey.prefix(120))
        for key in ["", "x", cut, mesh.issuerCredentials.certificates] {
            let credentials = Credentials(certificates: mesh.issuerCredentials.certificates, privateKey: key)
            await #expect(throws: IdentityError.invalidKey) {
                try await Issuer(loading: credentials, trusting: mesh.bundle, at: Self.now)
            }
        }
        #expect(throws: IdentityError.noAnchors) { try TrustBundle(pem: "") }
    }

    @Test("bundles merge without doubles, shrink, and never become empty")
    func bundles() throws {
        let (first, second) = try (Mesh().bundle, Mesh().bundle)
        let both = try first.merging(second)
        #expect(both.count == 2)
        #expect(try both.merging(first) == both)
        #expect(both.contains(second))
        #expect(try both.removing(first) == second)
        #expect(throws: IdentityError.noAnchors) { try first.removing(both) }
        #expect(both.digest.count == 64)
    }

    @Test("a bundle has a largest number of anchors")
    func bundleLimit() throws {
        var pem = ""
        for _ in 0...TrustBundle.anchorCountMax { pem += try Mesh().bundle.pem }
        #expect(throws: IdentityError.tooManyAnchors(limit: 32)) { try TrustBundle(pem: pem) }
    }

    @Test("a stored anchor loads and signs again")
    func anchorReload() async throws {
        let mesh = try Mesh()
        let anchor = try Anchor(loading: mesh.anchor.credentials)
        let validity = Validity(notBefore: Self.now, notAfter: Self.now + .seconds(9_000_000_000))
        let credentials = try anchor.makeIssuer(for: mesh.domain, validity: validity)
        let issuer = try await Issuer(loading: credentials, trusting: mesh.bundle, at: Self.now)
        #expect(issuer.validity.notAfter == mesh.anchor.validity.notAfter)
    }
}
