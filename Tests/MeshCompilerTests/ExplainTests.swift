import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import MeshTestKit
import Testing

@Suite struct ExplainTests {
    private func explain(_ world: World, _ question: AccessQuestion) -> Explanation {
        Explainer(view: ClusterView(world.snapshot), settings: world.settings).explain(question)
    }

    private static let meshed = ByteString("web.ns-1.serviceaccount.identity.linkerd.cluster.local")

    private func question(
        _ client: AccessClient, path: String? = "/", pod: String = "pod-0", port: UInt16 = 8080
    ) -> AccessQuestion {
        AccessQuestion(
            client: client, workload: WorkloadName(namespace: "ns-0", name: pod), port: port,
            request: path.map { WrittenRequest(target: $0, authority: "web") })
    }

    /// Applies what was suggested, and lets the leader write statuses.
    private func apply(_ objects: [SuggestedObject], to world: inout World) {
        for object in objects {
            switch object {
            case .server(var server):
                server.metadata = world.meta(server.metadata.name, server.metadata.namespace)
                world.snapshot.apply(server, in: ClusterCollections.servers)
            case .httpRoute(var route):
                route.metadata = world.meta(route.metadata.name, route.metadata.namespace)
                world.apply(route)
            case .grpcRoute(var route):
                route.metadata = world.meta(route.metadata.name, route.metadata.namespace)
                world.snapshot.apply(route, in: ClusterCollections.grpcRoutes)
            case .policy(let policy): world.snapshot.apply(policy, in: ClusterCollections.authorizationPolicies)
            case .meshTLS(let object): world.snapshot.apply(object, in: ClusterCollections.meshTLSAuthentications)
            case .network(let object): world.snapshot.apply(object, in: ClusterCollections.networkAuthentications)
            }
        }
        world.reconcile()
    }

    @Test("what is suggested lets exactly this client in", arguments: 0..<UInt64(200))
    func suggestion(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let clients = [
            AccessClient(address: .v4(0x0A01_0009), identity: .clear),
            AccessClient(address: .v4(0x0A01_0009), identity: .dns(Self.meshed)),
            AccessClient(address: .v4(0x5DB8_D822), identity: .dns("legacy.example.com")),
            AccessClient(address: .v4(0x5DB8_D822), identity: .uri("spiffe://root/vm")),
            AccessClient(address: .v6(0x2001_0DB8_0000_0000, 7), identity: .anonymous),
        ]
        let denials = [DefaultPolicy.deny, .clusterAuthenticated, .allAuthenticated, .clusterUnauthenticated]
        for _ in 0..<100 {
            var world = World.shipped
            world.settings.defaultPolicy = denials.randomElement(using: &random) ?? .deny
            for _ in 0..<30 { _ = world.step(using: &random) }
            let client = try #require(clients.randomElement(using: &random))
            let path = [nil, "/", "/a/b?c=d"].randomElement(using: &random) ?? nil
            let question = self.question(client, path: path, pod: "p\(Int.random(in: 0...1, using: &random))")
            let before = self.explain(world, question)
            guard before.decision == .denied || before.decision == .noRoute else { continue }
            // A gRPC port takes calls: no route leads a GET anywhere.
            if before.decision == .noRoute, before.suggestion.isEmpty { continue }
            let stranger = AccessClient(address: .v4(0x5DB8_0001), identity: .clear)
            let others = self.explain(world, self.question(stranger, path: path, pod: question.workload.name))
            self.apply(before.suggestion, to: &world)
            let after = self.explain(world, question)
            #expect(after.isAllowed, "\(before.suggestion) did not help: \(after)")
            let othersAfter = self.explain(world, self.question(stranger, path: path, pod: question.workload.name))
            // Where there was no route, a new one is open to whom the Server lets in.
            // Policies of the whole namespace hold for a new Server too, and the explanation says so.
            if before.decision == .denied, before.alsoHolding.isEmpty {
                #expect(others.isAllowed || !othersAfter.isAllowed, "a stranger got in too")
            }
            return
        }
        Issue.record("no denial was found")
    }

    @Test("an explanation names the Server, the route and the first condition that failed")
    func reasons() {
        var world = World.shipped
        world.pod()
        world.server("srv", port: 8080, proto: .http1)
        func authorize(_ name: String, _ client: ClientRequirements) {
            world.snapshot.apply(
                ServerAuthorization(
                    metadata: world.meta(name),
                    spec: ServerAuthorizationSpec(server: ServerReference(name: "srv"), client: client)),
                in: ClusterCollections.serverAuthorizations)
        }
        authorize("a-mesh", ClientRequirements(meshTLS: MeshTLSRequirements(identities: ["*"])))
        authorize("b-net", ClientRequirements(networks: [CIDRBlock(cidr: "10.2.0.0/16")], unauthenticated: true))
        authorize("c-typo", ClientRequirements(networks: [CIDRBlock(cidr: "10.2/16")], unauthenticated: true))
        let found = self.explain(world, self.question(AccessClient(address: .v4(0x0A01_0001), identity: .clear)))
        #expect(found.decision == .denied)
        #expect(found.governor?.name == "srv")
        #expect(found.route == .implicit("default"))
        #expect(found.candidates.map(\.metadata.name) == ["a-mesh", "b-net"])
        #expect(found.candidates.map(\.refusal) == [.needsMeshTLS, .outsideNetworks])
        let ignored = found.ignored.map { "\($0.kind) \($0.name): \($0.reason)" }
        #expect(ignored == ["ServerAuthorization c-typo: 10.2/16 is no network"])
        let allowed = self.explain(
            world, self.question(AccessClient(address: .v4(0x0A01_0001), identity: .dns(Self.meshed))))
        #expect(allowed.isAllowed)
        #expect(allowed.suggestion.isEmpty)
    }

    @Test("a client that is a workload has its address and its account's identity")
    func clients() throws {
        var world = World.shipped
        world.pod("meshed", status: PodStatus(phase: "Running", podIP: "10.1.0.7"))
        let plain = Pod(
            metadata: world.meta("plain"), status: PodStatus(phase: "Running", podIP: "10.1.0.8"))
        world.snapshot.apply(plain, in: ClusterCollections.pods)
        func client(_ name: String) -> AccessClient? {
            AccessClient(
                WorkloadName(namespace: "ns-0", name: name), in: ClusterView(world.snapshot), settings: world.settings)
        }
        let identity: ByteString = "default.ns-0.serviceaccount.identity.linkerd.cluster.local"
        #expect(client("meshed") == AccessClient(address: .v4(0x0A01_0007), identity: .dns(identity)))
        #expect(client("plain") == AccessClient(address: .v4(0x0A01_0008), identity: .clear))
        #expect(client("nobody") == nil)
    }

    @Test("what no manifest could change is explained without one")
    func hopeless() {
        var world = World.shipped
        world.pod()
        world.server("srv", port: 8080, proto: .http1, access: .allUnauthenticated)
        let client = AccessClient(address: .v4(0x0A01_0001), identity: .clear)
        let bytes = self.explain(world, self.question(client, path: nil))
        #expect(bytes.decision == .notHTTP)
        #expect(bytes.suggestion.isEmpty)
        #expect(self.explain(world, self.question(client, pod: "nobody")).decision == .unknownWorkload)
    }
}
