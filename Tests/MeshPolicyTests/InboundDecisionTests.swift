import MeshModel
import MeshPolicy
import MeshTestKit
import Testing

@Suite struct InboundDecisionTests {
    private let web: PeerIdentity = .dns("web.shop.serviceaccount.identity.linkerd.cluster.local")

    private func policy(_ authorizations: [Authorization], route: [Authorization] = []) -> InboundPolicy {
        var routes = [InboundRoute<HTTPKind>.default]
        routes[0].authorizations = route
        return InboundPolicy(
            protocol: .http1(InboundHTTP(routes: routes)), authorizations: authorizations, metadata: .implicit("test"))
    }

    private func authorization(
        _ network: String = "0.0.0.0/0", except: [String] = [], _ authentication: Authentication = .unauthenticated
    ) throws -> Authorization {
        let network = NetworkMatch(try #require(IPNetwork(network)), except: except.compactMap { IPNetwork($0) })
        return Authorization(networks: [network], authentication: authentication, metadata: .implicit("test"))
    }

    @Test("without an authorization only the same host is admitted")
    func deny() throws {
        let policy = self.policy([])
        let choice = RouteChoice(route: 0, rule: 0)
        #expect(try TestRequest("/").verdict(of: policy, peer: "10.0.0.1") == .deny(choice))
        #expect(try TestRequest("/").verdict(of: policy, peer: "127.0.0.1") == .allow(choice, .localhost))
        #expect(try TestRequest("/").verdict(of: policy, peer: "::1") == .allow(choice, .localhost))
        #expect(try TestRequest("/").verdict(of: policy, peer: "::ffff:127.0.0.1") == .allow(choice, .localhost))
        #expect(try TestRequest("/").verdict(of: policy, peer: "127.0.0.2") == .deny(choice))
    }

    @Test("the route's authorizations come before the port's")
    func order() throws {
        let all = try self.authorization()
        let choice = RouteChoice(route: 0, rule: 0)
        let both = self.policy([all], route: [all])
        #expect(try TestRequest("/").verdict(of: both, peer: "10.0.0.1") == .allow(choice, .route(0)))
        let second = self.policy([try self.authorization("10.1.0.0/16"), all])
        #expect(try TestRequest("/").verdict(of: second, peer: "10.0.0.1") == .allow(choice, .server(1)))
    }

    @Test("networks exclude their exceptions; an empty list admits nobody")
    func networks() throws {
        let policy = self.policy([try self.authorization("10.0.0.0/8", except: ["10.1.0.0/16"])])
        #expect(try TestRequest("/").verdict(of: policy, peer: "10.2.0.1").isAllowed)
        #expect(try !TestRequest("/").verdict(of: policy, peer: "10.1.0.1").isAllowed)
        #expect(try !TestRequest("/").verdict(of: policy, peer: "11.0.0.1").isAllowed)
        let none = Authorization(networks: [], authentication: .unauthenticated, metadata: .implicit("none"))
        #expect(try !TestRequest("/").verdict(of: self.policy([none]), peer: "10.0.0.1").isAllowed)
    }

    @Test("authentication asks for what it says")
    func authentication() throws {
        let spiffe = PeerIdentity.uri("spiffe://cluster.local/vm")
        let exact = Authentication.identities(
            IdentityMatch(exact: ["web.shop.serviceaccount.identity.linkerd.cluster.local"], suffixes: []))
        let namespace = Authentication.identities(
            IdentityMatch(exact: [], suffixes: [".shop.serviceaccount.identity.linkerd.cluster.local"]))
        let literal = Authentication.identities(IdentityMatch(exact: ["spiffe://cluster.local/vm"], suffixes: []))
        let table: [(Authentication, PeerIdentity, Bool)] = [
            (.unauthenticated, .clear, true), (.tls, .clear, false), (.tls, .anonymous, true), (.tls, self.web, true),
            (.anyIdentity, .anonymous, false), (.anyIdentity, self.web, true), (.anyIdentity, spiffe, false),
            (exact, self.web, true), (exact, .dns("x.web"), false), (exact, .clear, false), (namespace, self.web, true),
            (namespace, .dns("shop.serviceaccount.identity.linkerd.cluster.local"), false), (namespace, spiffe, false),
            (namespace, .dns("web.bishop.serviceaccount.identity.linkerd.cluster.local"), false),
            (literal, spiffe, true), (literal, .uri("spiffe://cluster.local/vm2"), false),
        ]
        for (authentication, identity, expected) in table {
            #expect(authentication.accepts(identity) == expected, "\(authentication) and \(identity)")
        }
    }

    @Test(
        "32.1–32.6 identities that clients are certified with",
        arguments: [
            (["spiffe://root/w1"], [], PeerIdentity.uri("spiffe://root/w1"), true),
            (["spiffe://root/w1"], [], .uri("spiffe://root/w2"), false),
            (["some.id.local"], [], .dns("some.id.local"), true),
            (["some.id.local"], [], .dns("other.id.local"), false), ([], [".id.local"], .dns("some.id.local"), true),
            (["a.id.local", "spiffe://root/w1", "b.id.local"], [], .uri("spiffe://root/w1"), true),
            ([], [".some-workload-1"], .uri("spiffe://some-root/some-workload-1"), false),
            ([], [""], .uri("spiffe://some-root/some-workload-1"), false),
        ] as [([ByteString], [ByteString], PeerIdentity, Bool)])
    func identities(exact: [ByteString], suffixes: [ByteString], client: PeerIdentity, isAuthorized: Bool) throws {
        let match = Authentication.identities(IdentityMatch(exact: exact, suffixes: suffixes))
        let policy = self.policy([try self.authorization("0.0.0.0/0", match)])
        #expect(try TestRequest("/").verdict(of: policy, peer: "10.0.0.1", identity: client).isAllowed == isAuthorized)
        let refusal = policy.authorizations[0].refusal(peer: IPAddress.v4(0x0A00_0001), identity: client)
        #expect((refusal == nil) == isAuthorized)
    }

    @Test("a refusal names the first condition that is not met")
    func refusals() throws {
        let near = try self.authorization("10.0.0.0/8", .anyIdentity)
        let inside = IPAddress.v4(0x0A00_0001)
        #expect(near.refusal(peer: inside, identity: self.web) == nil)
        #expect(near.refusal(peer: inside, identity: .clear) == .needsMeshTLS)
        #expect(near.refusal(peer: inside, identity: .anonymous) == .needsIdentity)
        #expect(near.refusal(peer: inside, identity: .uri("spiffe://a/b")) == .identityNotListed)
        #expect(near.refusal(peer: .v4(0x0B00_0001), identity: self.web) == .outsideNetworks)
        #expect(near.refusal(peer: .v4(0x0B00_0001), identity: .clear) == .needsMeshTLS)
    }

    @Test("bytes that are not HTTP are admitted to no HTTP port")
    func connections() throws {
        let peer = try #require(IPAddress("10.0.0.1"))
        var policy = self.policy([try self.authorization()])
        #expect(policy.authorizeConnection(peer: peer, identity: .clear) == nil)
        policy.protocol = .opaque
        #expect(policy.authorizeConnection(peer: peer, identity: .clear) == .server(0))
        #expect(try TestRequest("/").verdict(of: policy, peer: "10.0.0.1") == .noRoute)
    }

    @Test(
        "default policies admit whom their name says",
        arguments: [
            (DefaultPolicy.allUnauthenticated, true, true, true), (.allAuthenticated, false, false, true),
            (.clusterUnauthenticated, true, false, false), (.clusterAuthenticated, false, false, false),
            (.deny, false, false, false), (.audit, true, true, true),
        ])
    func defaults(policy: DefaultPolicy, near: Bool, far: Bool, farMeshed: Bool) throws {
        let cluster = [try #require(IPNetwork("10.0.0.0/8"))]
        let compiled = policy.policy(cluster: cluster, isOpaque: false)
        #expect(try TestRequest("/").verdict(of: compiled, peer: "10.0.0.1").isAllowed == near)
        #expect(try TestRequest("/").verdict(of: compiled, peer: "8.8.8.8").isAllowed == far)
        #expect(try TestRequest("/").verdict(of: compiled, peer: "8.8.8.8", identity: self.web).isAllowed == farMeshed)
    }

    @Test("one authorization less never lets a request in", arguments: 0..<UInt64(100))
    func monotone(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let kinds: [Authentication] = [.unauthenticated, .tls, .anyIdentity]
        let all = try (0..<4).map { _ in
            try self.authorization(
                "10.\(Int.random(in: 0...3, using: &random)).0.0/16",
                kinds[Int.random(in: 0..<kinds.count, using: &random)])
        }
        var fewer = all
        fewer.remove(at: Int.random(in: 0..<fewer.count, using: &random))
        let peer = "10.\(Int.random(in: 0...3, using: &random)).0.1"
        let identities: [PeerIdentity] = [.clear, .anonymous, self.web]
        let identity = identities[Int.random(in: 0..<identities.count, using: &random)]
        let before = try TestRequest("/").verdict(of: self.policy(all), peer: peer, identity: identity)
        let after = try TestRequest("/").verdict(of: self.policy(fewer), peer: peer, identity: identity)
        #expect(before.isAllowed || !after.isAllowed)
    }
}

extension InboundVerdict {
    var isAllowed: Bool {
        if case .allow = self { true } else { false }
    }
}
