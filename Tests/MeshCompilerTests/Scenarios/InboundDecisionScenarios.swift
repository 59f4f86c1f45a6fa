import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import Testing

/// The scenarios of section 18: what clients, meshed and not, meet at a port.
///
/// The policy is compiled from the objects
/// and asked with the proxy's own decision.
@Suite struct InboundDecisionScenarios {
    /// A client with its address.
    private struct Client {
        let address: String
        var identity = PeerIdentity.clear

        static let injected = Client(address: "10.1.0.1", identity: .dns(Self.identity("client")))
        static let uninjected = Client(address: "10.1.0.2")
        static let otherInjected = Client(address: "10.1.0.3", identity: .dns(Self.identity("other")))
        static let otherUninjected = Client(address: "10.1.0.4")

        static func identity(_ account: String) -> ByteString {
            ByteString("\(account).ns-0.serviceaccount.identity.linkerd.cluster.local")
        }
    }

    /// The status that a request for `/` meets.
    private func status(_ world: World, _ client: Client, path: String = "/") throws -> Int {
        let policy = try #require(world.inbound(80))
        let peer = try #require(IPAddress(client.address))
        switch policy.decide(
            WrittenRequest(target: path, authority: "web"), peer: peer, identity: client.identity)
        {
        case .allow: return 200
        case .deny: return 403
        case .noRoute: return 404
        }
    }

    private func world() -> World {
        var world = World.shipped
        world.pod()
        world.server("web", port: 80, proto: .http1)
        return world
    }

    private func authorize(_ world: inout World, _ client: ClientRequirements, name: String = "a") {
        world.snapshot.apply(
            ServerAuthorization(
                metadata: world.meta(name),
                spec: ServerAuthorizationSpec(server: ServerReference(name: "web"), client: client)),
            in: ClusterCollections.serverAuthorizations)
    }

    private func networks(_ addresses: String...) -> [CIDRBlock] { addresses.map { CIDRBlock(cidr: $0) } }

    @Test("18.1 any identity of the mesh")
    func anyIdentity() throws {
        var world = self.world()
        self.authorize(&world, ClientRequirements(meshTLS: MeshTLSRequirements(identities: ["*"])))
        #expect(try self.status(world, .injected) == 200)
        #expect(try self.status(world, .uninjected) == 403)
    }

    @Test("18.2 one pod's address")
    func oneAddress() throws {
        var world = self.world()
        self.authorize(&world, ClientRequirements(networks: self.networks("10.1.0.2"), unauthenticated: true))
        #expect(try self.status(world, .uninjected) == 200)
        #expect(try self.status(world, .otherUninjected) == 403)
    }

    @Test("18.3 either an address or an identity")
    func either() throws {
        var world = self.world()
        self.authorize(
            &world, ClientRequirements(networks: self.networks("10.1.0.1", "10.1.0.2"), unauthenticated: true))
        self.authorize(&world, ClientRequirements(meshTLS: MeshTLSRequirements(identities: ["*"])), name: "b")
        let statuses = try [Client.injected, .uninjected, .otherInjected, .otherUninjected]
            .map { try self.status(world, $0) }
        #expect(statuses == [200, 200, 200, 403])
    }

    /// An AuthorizationPolicy on `target`, with the authentications that are given.
    private func permit(
        _ world: inout World,
        _ target: LocalTargetReference = .init(
            group: "policy.linkerd.io", kind: "Server", name: "web"),
        mesh: MeshTLSAuthenticationSpec? = nil, networks: [CIDRBlock]? = nil
    ) {
        var references: [NamespacedTargetReference] = []
        if let mesh {
            world.snapshot.apply(
                MeshTLSAuthentication(metadata: world.meta("m"), spec: mesh),
                in: ClusterCollections.meshTLSAuthentications)
            references.append(.init(group: "policy.linkerd.io", kind: "MeshTLSAuthentication", name: "m"))
        }
        if let networks {
            world.snapshot.apply(
                NetworkAuthentication(metadata: world.meta("n"), spec: NetworkAuthenticationSpec(networks: networks)),
                in: ClusterCollections.networkAuthentications)
            references.append(.init(group: "policy.linkerd.io", kind: "NetworkAuthentication", name: "n"))
        }
        world.snapshot.apply(
            AuthorizationPolicy(
                metadata: world.meta("policy"),
                spec: AuthorizationPolicySpec(targetRef: target, requiredAuthenticationRefs: references)),
            in: ClusterCollections.authorizationPolicies)
    }

    private static let any = MeshTLSAuthenticationSpec(identities: ["*"])

    @Test("18.4, 18.6 a policy on the Server or its namespace", arguments: [true, false])
    func policy(onServer: Bool) throws {
        var world = self.world()
        if onServer {
            self.permit(&world, mesh: Self.any)
        } else {
            self.permit(&world, LocalTargetReference(kind: "Namespace", name: "ns-0"), mesh: Self.any)
        }
        #expect(try self.status(world, .injected) == 200)
        #expect(try self.status(world, .uninjected) == 403)
    }

    @Test("18.5 a policy on one of two routes")
    func onRoute() throws {
        var world = self.world()
        for (name, path) in [("root", "/"), ("roux", "/roux")] {
            let match = MeshResources.HTTPRouteMatch(path: HTTPPathMatch(type: .exact, value: path))
            world.apply(
                HTTPRoute(
                    group: .policy, metadata: world.meta(name),
                    spec: HTTPRouteSpec(parentRefs: [.server("web")], rules: [HTTPRouteRule(matches: [match])])))
        }
        world.reconcile()
        self.permit(
            &world, LocalTargetReference(group: "policy.linkerd.io", kind: "HTTPRoute", name: "root"), mesh: Self.any)
        #expect(try self.status(world, .injected) == 200)
        #expect(try self.status(world, .injected, path: "/noroute") == 404)
        #expect(try self.status(world, .uninjected) == 403)
        #expect(try self.status(world, .injected, path: "/roux") == 403)
    }

    @Test("18.7 all accounts of a namespace")
    func namespaceIdentity() throws {
        var world = self.world()
        let reference = NamespacedTargetReference(kind: "Namespace", name: "ns-0")
        self.permit(&world, mesh: MeshTLSAuthenticationSpec(identityRefs: [reference]))
        #expect(try self.status(world, .injected) == 200)
        #expect(try self.status(world, .uninjected) == 403)
        var foreign = Client.injected
        foreign.identity = .dns("client.ns-1.serviceaccount.identity.linkerd.cluster.local")
        #expect(try self.status(world, foreign) == 403)
    }

    @Test("18.8 a policy for one address")
    func networkPolicy() throws {
        var world = self.world()
        self.permit(&world, networks: self.networks("10.1.0.2"))
        #expect(try self.status(world, .uninjected) == 200)
        #expect(try self.status(world, .otherUninjected) == 403)
    }

    @Test("18.9 both an address and an identity")
    func both() throws {
        var world = self.world()
        self.permit(&world, mesh: Self.any, networks: self.networks("10.1.0.1", "10.1.0.2"))
        let statuses = try [Client.injected, .uninjected, .otherInjected, .otherUninjected]
            .map { try self.status(world, $0) }
        #expect(statuses == [200, 403, 403, 403])
    }

    @Test("18.10 a policy that requires nothing")
    func nothing() throws {
        var world = self.world()
        self.permit(&world)
        #expect(try self.status(world, .injected) == 200)
        #expect(try self.status(world, .uninjected) == 200)
    }

    @Test("18.11 a Server denies until it is told to audit")
    func audit() throws {
        var world = self.world()
        #expect(try self.status(world, .injected) == 403)
        #expect(try self.status(world, .uninjected) == 403)
        world.server("web", port: 80, proto: .http1, access: .audit)
        #expect(try self.status(world, .injected) == 200)
        #expect(try self.status(world, .uninjected) == 200)
    }
}
