import MeshCompiler
import MeshModel
import MeshResources
import Testing

@Suite struct StatusScenarios {
    /// `Accepted=True/Accepted ResolvedRefs=…` of each parent of each write.
    private func summary(_ writes: [StatusWrite]) -> [[String]] {
        writes.flatMap { write -> [[String]] in
            switch write.content {
            case .parents(let parents): parents.map { self.summary($0.conditions) }
            case .conditions(let conditions, _): [self.summary(conditions)]
            case .governance: []
            }
        }
    }

    private func summary(_ conditions: [Condition]) -> [String] {
        conditions.map { "\($0.type)=\($0.status.rawValue)/\($0.reason ?? "")" }
    }

    private let good = ["Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs"]
    private let orphan = ["Accepted=False/NoMatchingParent", "ResolvedRefs=True/ResolvedRefs"]

    // MARK: - 20

    @Test("20.1, 20.2 a rate limit is accepted when its Server exists")
    func rateLimit() {
        var world = World.shipped
        world.server("server-1", port: 80)
        for (name, server) in [("rl-1", "server-1"), ("rl-2", "server-2")] {
            let target = LocalTargetReference(group: "policy.linkerd.io", kind: "Server", name: server)
            let policy = HTTPLocalRateLimitPolicy(
                metadata: world.meta(name), spec: HTTPLocalRateLimitPolicySpec(targetRef: target))
            world.snapshot.apply(policy, in: ClusterCollections.rateLimitPolicies)
        }
        let writes = world.reconcile()
        #expect(self.summary(writes) == [["Accepted=True/Accepted"], ["Accepted=False/NoMatchingTarget"]])
        guard case .conditions(_, let target)? = writes.last(where: { $0.key.name == "rl-2" })?.content else {
            Issue.record("no status of the second policy")
            return
        }
        #expect(target == LocalTargetReference(group: "policy.linkerd.io", kind: "Server", name: "server-2"))
        #expect(world.writes.isEmpty)
    }

    @Test("a second rate limit for a Server is refused until the first is gone")
    func secondRateLimit() {
        var world = World.shipped
        world.server("server-1", port: 80)
        let target = LocalTargetReference(group: "policy.linkerd.io", kind: "Server", name: "server-1")
        for name in ["old", "new"] {
            let policy = HTTPLocalRateLimitPolicy(
                metadata: world.meta(name), spec: HTTPLocalRateLimitPolicySpec(targetRef: target))
            world.snapshot.apply(policy, in: ClusterCollections.rateLimitPolicies)
        }
        #expect(
            self.summary(world.reconcile())
                == [["Accepted=False/RateLimitReasonAlreadyExists"], ["Accepted=True/Accepted"]])
        world.snapshot.delete(ObjectKey(namespace: "ns-0", name: "old"), in: ClusterCollections.rateLimitPolicies)
        #expect(self.summary(world.reconcile()) == [["Accepted=True/Accepted"]])
    }

    @Test(
        "20.3–20.5 an EgressNetwork is accepted unless it overlaps with the cluster",
        arguments: [
            (nil, true),
            (["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"], true),
            (["10.0.0.0/8", "100.64.0.0/10", "192.168.0.0/16"], false),
            (["10.0.0.0/9", "10.128.0.0/9", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"], true),
            (["10.0.0.0/9", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"], false),
        ] as [([String]?, Bool)])
    func egress(except: [String]?, isAccepted: Bool) {
        var world = World.shipped
        world.egress("e", networks: except.map { [CIDRBlock(cidr: "0.0.0.0/0", except: $0)] })
        let expected = isAccepted ? "Accepted=True/Accepted" : "Accepted=False/EgressReasonNetworkOverlap"
        #expect(self.summary(world.reconcile()) == [[expected]])
        #expect(world.writes.isEmpty)
    }

    // MARK: - 21

    @Test(
        "21.1–21.2, 21.10–21.11, 21.19, 21.26, 21.34 Service parent, existing backends",
        arguments: ScenarioRoute.allCases)
    func service(kind: ScenarioRoute) {
        var world = World.shipped
        world.service("svc")
        world.service("b1")
        world.service("b2")
        world.route(kind, "r", parents: [.service("svc", port: 8080)], backends: [.service("b1"), .service("b2")])
        #expect(self.summary(world.reconcile()) == [self.good])
        #expect(world.writes.isEmpty, "what was written is what should be")
    }

    @Test("21.12, 21.21, 21.28 a missing backend", arguments: ScenarioRoute.allCases)
    func missingBackend(kind: ScenarioRoute) {
        var world = World.shipped
        world.service("svc")
        world.service("b1")
        world.route(kind, "r", parents: [.service("svc", port: 8080)], backends: [.service("b1"), .service("gone")])
        #expect(self.summary(world.reconcile()) == [["Accepted=True/Accepted", "ResolvedRefs=False/BackendNotFound"]])
    }

    @Test(
        "21.3–21.6, 21.13–21.14, 21.20, 21.22–21.23, 21.27, 21.29–21.30, 21.35–21.38 EgressNetworks as parents and backends",
        arguments: ScenarioRoute.allCases)
    func egressBackends(kind: ScenarioRoute) {
        let wrong = ["Accepted=True/Accepted", "ResolvedRefs=False/InvalidKind"]
        let cases: [(ParentReference, BackendReference, [String])] = [
            (.egress("e", port: 80), .egress("e", port: 80), self.good), (.egress("e", port: 80), .egress("f"), wrong),
            (.service("svc", port: 8080), .egress("e"), wrong), (.egress("e", port: 80), .service("svc"), self.good),
        ]
        for (parent, backend, expected) in cases {
            var world = World.shipped
            world.service("svc")
            world.egress("e")
            world.egress("f")
            world.reconcile()
            world.route(kind, "r", parents: [parent], backends: [backend])
            #expect(self.summary(world.reconcile()) == [expected], "\(parent) \(backend)")
        }
    }

    @Test("21.7–21.8, 21.15, 21.17, 21.25, 21.31, 21.39, 21.41 Servers come and go", arguments: ScenarioRoute.allCases)
    func servers(kind: ScenarioRoute) {
        var world = World.shipped
        world.route(kind, "r", parents: [.server("srv")])
        #expect(self.summary(world.reconcile()) == [["Accepted=False/NoMatchingParent"]])
        let server = world.server("srv", port: 80)
        #expect(self.summary(world.reconcile()) == [["Accepted=True/Accepted"]])
        world.snapshot.delete(server.key, in: ClusterCollections.servers)
        #expect(self.summary(world.reconcile()) == [["Accepted=False/NoMatchingParent"]])
    }

    @Test("21.9, 21.16, 21.18, 21.24, 21.32–21.33, 21.40 EgressNetworks come and go", arguments: ScenarioRoute.allCases)
    func egressNetworks(kind: ScenarioRoute) {
        var world = World.shipped
        world.route(kind, "r", parents: [.egress("e", port: 80)], backends: [])
        #expect(self.summary(world.reconcile()) == [self.orphan])
        let network = world.egress("e")
        #expect(self.summary(world.reconcile()) == [self.good, ["Accepted=True/Accepted"]])
        world.snapshot.delete(network.key, in: ClusterCollections.egressNetworks)
        #expect(self.summary(world.reconcile()) == [self.orphan])
    }

    @Test("21.42 the order of stored entries and their times make no difference")
    func order() throws {
        var world = World.shipped
        world.service("svc")
        world.route(.gatewayHTTP, "r", parents: [.service("svc", port: 8080), .server("srv")])
        world.reconcile()
        var route = try #require(world.snapshot.gatewayHTTPRoutes[ObjectKey(namespace: "ns-0", name: "r")])
        route.status.parents.reverse()
        route.status.parents[1].conditions.reverse()
        route.status.parents[1].conditions[0].lastTransitionTime = Timestamp(seconds: 1)
        world.apply(route)
        #expect(world.writes.isEmpty)
    }

    @Test("entries of other controllers stay")
    func others() throws {
        var world = World.shipped
        world.service("svc")
        world.route(.gatewayHTTP, "r", parents: [.service("svc", port: 8080)])
        var route = try #require(world.snapshot.gatewayHTTPRoutes[ObjectKey(namespace: "ns-0", name: "r")])
        let foreign = RouteParentStatus(
            parentRef: ParentReference(group: "gateway.networking.k8s.io", kind: "Gateway", name: "gw"),
            controllerName: "example.com/gateway")
        route.status.parents = [foreign]
        world.apply(route)
        guard case .parents(let parents)? = world.reconcile().first?.content else { return }
        #expect(parents.count == 2)
        #expect(parents.last == foreign)
    }

    @Test("23.1, 23.2, 23.5 each parent has its own entry; Services need a cluster IP")
    func severalParents() {
        var world = World.shipped
        world.service("svc")
        world.service("headless", ip: "None")
        world.service("name", ip: nil, type: .externalName)
        world.route(
            .policyHTTP, "r",
            parents: [
                .service("svc", port: 8080), .service("headless", port: 8080), .service("name", port: 8080),
                .server("none"), ParentReference(group: "gateway.networking.k8s.io", kind: "Gateway", name: "gw"),
            ])
        #expect(
            self.summary(world.reconcile())
                == [self.good, self.orphan, self.orphan, ["Accepted=False/NoMatchingParent"]])
    }

    @Test("every condition says which generation was looked at")
    func generation() throws {
        var world = World.shipped
        world.service("svc")
        world.route(.policyHTTP, "r", parents: [.service("svc", port: 8080)])
        var route = try #require(world.snapshot.policyHTTPRoutes[ObjectKey(namespace: "ns-0", name: "r")])
        route.metadata.generation = 7
        world.apply(route)
        guard case .parents(let parents)? = world.reconcile().first?.content else { return }
        #expect(parents.flatMap(\.conditions).map(\.observedGeneration) == [7, 7])
    }

    // MARK: - 22

    @Test(
        "22.1–22.16 routes of a higher kind go first",
        arguments: ScenarioRoute.allCases, ScenarioRoute.allCases)
    func conflicts(candidate: ScenarioRoute, other: ScenarioRoute) {
        func rank(_ kind: ScenarioRoute) -> Int {
            switch kind {
            case .grpc: 0
            case .policyHTTP, .gatewayHTTP: 1
            case .tls: 2
            case .tcp: 3
            }
        }
        for parent in [ParentReference.service("p"), .egress("p")] {
            var world = World.shipped
            world.service("p")
            world.egress("p")
            world.reconcile()
            world.route(other, "other", parents: [parent])
            world.reconcile()
            world.route(candidate, "candidate", parents: [parent])
            let writes = world.reconcile().filter { $0.key.name == "candidate" }
            let isConflicted = rank(other) < rank(candidate)
            #expect(
                self.summary(writes).first?.first
                    == (isConflicted ? "Accepted=False/RouteReasonConflicted" : "Accepted=True/Accepted"))
        }
    }

    @Test(
        "22.17–22.19 a higher kind that comes later takes over, and gives back when it goes",
        arguments: [(ScenarioRoute.policyHTTP, ScenarioRoute.grpc), (.tcp, .tls)])
    func takeover(lower: ScenarioRoute, higher: ScenarioRoute) {
        for parent in [ParentReference.service("p", port: 8080), .egress("p", port: 8080)] {
            var world = World.shipped
            world.service("p")
            world.egress("p")
            world.reconcile()
            world.route(lower, "lower", parents: [parent])
            #expect(self.summary(world.reconcile()) == [self.good])
            world.route(higher, "higher", parents: [parent])
            let summary = Set(self.summary(world.reconcile()))
            #expect(
                summary == [self.good, ["Accepted=False/RouteReasonConflicted", "ResolvedRefs=True/ResolvedRefs"]])
            let key = ObjectKey(namespace: "ns-0", name: "higher")
            world.snapshot.delete(key, in: ClusterCollections.grpcRoutes)
            world.snapshot.delete(key, in: ClusterCollections.tlsRoutes)
            #expect(self.summary(world.reconcile()) == [self.good])
        }
    }

    @Test("a parent with a port and one without do not conflict")
    func ports() {
        var world = World.shipped
        world.service("p")
        world.route(.grpc, "g", parents: [.service("p", port: 8080)])
        world.route(.policyHTTP, "h", parents: [.service("p")])
        #expect(self.summary(world.reconcile()) == [self.good, self.good])
    }
}
