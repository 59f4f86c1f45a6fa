import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import MeshTestKit
import Testing

/// How many random histories are tried: enough to notice a mistake soon, and many more at night.
private let histories: UInt64 = isNightly ? 10_000 : 500

/// Whatever happens in whatever order: an answer that is recomputed only when something it read was touched equals
/// the one computed from scratch.
@Suite struct IncrementalTests {
    /// A query with its last answer and what that depended on.
    private final class Kept<Query: ClusterQuery> {
        let query: Query
        var answer: Query.Answer?
        var topics: Set<ClusterTopic> = []

        init(_ query: Query) { self.query = query }

        func refresh(_ world: World, touched: Set<ClusterTopic>?, memo: CompilationMemo) {
            if let touched, self.topics.isDisjoint(with: touched) { return }
            let recorder = DependencyRecorder()
            self.answer = self.query.answer(
                in: ClusterView(world.snapshot, recording: recorder, memo: memo), settings: world.settings)
            self.topics = recorder.topics
        }

        func isCurrent(_ world: World) -> Bool {
            self.answer == self.query.answer(in: ClusterView(world.snapshot), settings: world.settings)
        }
    }

    @Test("incremental answers equal those from scratch", arguments: 0..<histories)
    func incremental(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var world = World.shipped
        let inbound = ["p0", "p1"].map { Kept(InboundQuery(workload: .init(namespace: "ns-0", name: $0), port: 8080)) }
        let address = try #require(SocketAddress("10.96.0.7:8080"))
        let outside = try #require(SocketAddress("93.184.216.34:80"))
        let shared = ["p0", "p1"].map {
            Kept(SharedInboundQuery(workload: .init(namespace: "ns-0", name: $0), port: 8080))
        }
        let outbound = [
            OutboundQuery.Target.service(ObjectKey(namespace: "ns-0", name: "s0"), port: 8080), .address(address),
            .address(outside),
        ].map { Kept(OutboundQuery(target: $0, sourceNamespace: "ns-0")) }
        let endpoints = Kept(EndpointsQuery(service: ObjectKey(namespace: "ns-0", name: "s0"), port: 8080))
        let profile = Kept(ProfileQuery(target: .address(address), clientNamespace: "ns-0"))
        let statuses = Kept(StatusQuery())
        func refresh(_ touched: Set<ClusterTopic>?) {
            let memo = CompilationMemo()
            for kept in inbound { kept.refresh(world, touched: touched, memo: memo) }
            for kept in shared { kept.refresh(world, touched: touched, memo: memo) }
            for kept in outbound { kept.refresh(world, touched: touched, memo: memo) }
            endpoints.refresh(world, touched: touched, memo: memo)
            profile.refresh(world, touched: touched, memo: memo)
            statuses.refresh(world, touched: touched, memo: memo)
        }
        refresh(nil)
        for _ in 0..<16 {
            refresh(world.step(using: &random))
            #expect(inbound.allSatisfy { $0.isCurrent(world) })
            #expect(shared.allSatisfy { $0.isCurrent(world) })
            #expect(outbound.allSatisfy { $0.isCurrent(world) })
            #expect(endpoints.isCurrent(world))
            #expect(profile.isCurrent(world))
            #expect(statuses.isCurrent(world))
        }
    }

    @Test("the order in which objects arrive makes no difference", arguments: 0..<UInt64(50))
    func order(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var world = World.shipped
        for _ in 0..<40 { _ = world.step(using: &random) }
        var shuffled = World.shipped
        func copy<Resource: KubernetesResource>(_ objects: [Resource], _ collection: ClusterCollection<Resource>) {
            shuffled.snapshot.reset(objects.shuffled(using: &random), in: collection)
        }
        let old = world.snapshot
        copy(old.policyHTTPRoutes.all, ClusterCollections.policyHTTPRoutes)
        copy(old.rateLimitPolicies.all, ClusterCollections.rateLimitPolicies)
        copy(old.servers.all, ClusterCollections.servers)
        copy(old.serverAuthorizations.all, ClusterCollections.serverAuthorizations)
        copy(old.authorizationPolicies.all, ClusterCollections.authorizationPolicies)
        copy(old.meshTLSAuthentications.all, ClusterCollections.meshTLSAuthentications)
        copy(old.networkAuthentications.all, ClusterCollections.networkAuthentications)
        copy(old.pods.all, ClusterCollections.pods)
        for pod in ["p0", "p1"] {
            #expect(world.inbound(8080, pod: pod) == shuffled.inbound(8080, pod: pod))
        }
    }
}

extension World {
    /// One random change; returns what it touched.
    mutating func step(using random: inout SplitMix64) -> Set<ClusterTopic> {
        let number = Int.random(in: 0...1, using: &random)
        let key = { (prefix: String) in ObjectKey(namespace: "ns-0", name: "\(prefix)\(number)") }
        if Int.random(in: 0..<4, using: &random) == 0 {
            switch Int.random(in: 0..<12, using: &random) {
            case 0: return self.snapshot.delete(key("p"), in: ClusterCollections.pods)
            case 1: return self.snapshot.delete(key("s"), in: ClusterCollections.services)
            case 2: return self.snapshot.delete(key("srv"), in: ClusterCollections.servers)
            case 3: return self.snapshot.delete(key("r"), in: ClusterCollections.policyHTTPRoutes)
            case 4: return self.snapshot.delete(key("a"), in: ClusterCollections.authorizationPolicies)
            case 5: return self.snapshot.delete(key("m"), in: ClusterCollections.meshTLSAuthentications)
            case 6: return self.snapshot.delete(key("e"), in: ClusterCollections.egressNetworks)
            case 7: return self.snapshot.delete(key("g"), in: ClusterCollections.grpcRoutes)
            case 8: return self.snapshot.delete(key("sa"), in: ClusterCollections.serverAuthorizations)
            case 9: return self.snapshot.delete(key("n"), in: ClusterCollections.networkAuthentications)
            case 10: return self.snapshot.delete(key("rl"), in: ClusterCollections.rateLimitPolicies)
            default: return self.snapshot.delete(key("slice"), in: ClusterCollections.endpointSlices)
            }
        }
        let app = ["app": "app-\(Int.random(in: 0...1, using: &random))"]
        switch Int.random(in: 0..<13, using: &random) {
        case 0:
            let labels = app.merging(["linkerd.io/control-plane-ns": "linkerd"]) { $1 }
            let ip = "10.1.0.\(Int.random(in: 1...2, using: &random))"
            let pod = Pod(
                metadata: self.meta("p\(number)", labels: labels),
                spec: PodSpec(containers: [Container(name: "c", ports: [.init(name: "http", containerPort: 8080)])]),
                status: PodStatus(phase: "Running", podIP: ip))
            return self.snapshot.apply(pod, in: ClusterCollections.pods)
        case 1:
            let ip = Bool.random(using: &random) ? "10.96.0.7" : "10.96.0.8"
            let service = Service(
                metadata: self.meta("s\(number)"),
                spec: ServiceSpec(ports: [ServicePort(name: "http", port: 8080)], clusterIP: ip))
            return self.snapshot.apply(service, in: ClusterCollections.services)
        case 2:
            let port: IntOrString = Bool.random(using: &random) ? "http" : 8080
            let server = Server(
                metadata: self.meta("srv\(number)"),
                spec: ServerSpec(
                    podSelector: LabelSelector(matchLabels: app), port: port,
                    proxyProtocol: ProxyProtocol.allCases.randomElement(using: &random) ?? .unknown,
                    accessPolicy: AccessPolicy.allCases.randomElement(using: &random) ?? .deny))
            return self.snapshot.apply(server, in: ClusterCollections.servers)
        case 3, 4:
            let parents: [ParentReference] = [
                .server("srv\(number)"), .service("s\(number)", port: 8080), .service("s\(1 - number)"),
                .egress("e\(number)", port: 80),
            ]
            var route = HTTPRoute(
                group: .policy, metadata: self.meta("r\(number)"),
                spec: HTTPRouteSpec(
                    parentRefs: parents.filter { _ in Bool.random(using: &random) },
                    rules: [HTTPRouteRule(backendRefs: [HTTPBackendReference(name: "s\(1 - number)", port: 8080)])]))
            route.status = self.snapshot.policyHTTPRoutes[route.key]?.status ?? RouteStatus()
            return self.snapshot.apply(route, in: ClusterCollections.policyHTTPRoutes)
        case 5:
            let target =
                Bool.random(using: &random)
                ? LocalTargetReference(group: "policy.linkerd.io", kind: "Server", name: "srv\(number)")
                : LocalTargetReference(kind: "Namespace", name: "ns-0")
            let policy = AuthorizationPolicy(
                metadata: self.meta("a\(number)"),
                spec: AuthorizationPolicySpec(
                    targetRef: target,
                    requiredAuthenticationRefs: ["MeshTLSAuthentication m", "NetworkAuthentication n"]
                        .filter { _ in Bool.random(using: &random) }
                        .map { text in
                            let words = text.split(separator: " ")
                            return NamespacedTargetReference(
                                group: "policy.linkerd.io", kind: String(words[0]), name: "\(words[1])\(number)")
                        }))
            return self.snapshot.apply(policy, in: ClusterCollections.authorizationPolicies)
        case 6:
            let object = MeshTLSAuthentication(
                metadata: self.meta("m\(number)"),
                spec: MeshTLSAuthenticationSpec(identities: ["id-\(Int.random(in: 0...2, using: &random))"]))
            return self.snapshot.apply(object, in: ClusterCollections.meshTLSAuthentications)
        case 7:
            let network = EgressNetwork(
                metadata: self.meta("e\(number)"),
                spec: EgressNetworkSpec(trafficPolicy: Bool.random(using: &random) ? .allow : .deny))
            return self.snapshot.apply(network, in: ClusterCollections.egressNetworks)
        case 8:
            let slice = EndpointSlice(
                metadata: self.meta("slice\(number)", labels: ["kubernetes.io/service-name": "s0"]),
                addressType: "IPv4",
                endpoints: [
                    MeshResources.Endpoint(
                        addresses: ["10.1.0.\(number + 1)"],
                        conditions: EndpointConditions(ready: Bool.random(using: &random)),
                        targetRef: Bool.random(using: &random) ? ObjectReference(kind: "Pod", name: "p\(number)") : nil)
                ], ports: [EndpointPort(name: "http", port: 8080)])
            return self.snapshot.apply(slice, in: ClusterCollections.endpointSlices)
        case 9:
            let object = ServerAuthorization(
                metadata: self.meta("sa\(number)"),
                spec: ServerAuthorizationSpec(
                    server: ServerReference(name: "srv\(number)"),
                    client: ClientRequirements(networks: [CIDRBlock(cidr: "10.0.0.0/8")], unauthenticated: true)))
            return self.snapshot.apply(object, in: ClusterCollections.serverAuthorizations)
        case 10:
            let cidr = Bool.random(using: &random) ? "10.1.0.0/16" : "10.1.0.0/66"
            let object = NetworkAuthentication(
                metadata: self.meta("n\(number)"), spec: NetworkAuthenticationSpec(networks: [CIDRBlock(cidr: cidr)]))
            return self.snapshot.apply(object, in: ClusterCollections.networkAuthentications)
        case 11:
            let target = LocalTargetReference(group: "policy.linkerd.io", kind: "Server", name: "srv\(number)")
            let object = HTTPLocalRateLimitPolicy(
                metadata: self.meta("rl\(number)"),
                spec: HTTPLocalRateLimitPolicySpec(
                    targetRef: target, total: MeshResources.RateLimit(requestsPerSecond: 100)))
            return self.snapshot.apply(object, in: ClusterCollections.rateLimitPolicies)
        default:
            let before = self.snapshot
            self.reconcile()
            var touched: Set<ClusterTopic> = []
            // What the writes touched is found by writing them again onto the state before.
            var replay = before
            for route in self.snapshot.policyHTTPRoutes.all {
                touched.formUnion(replay.apply(route, in: ClusterCollections.policyHTTPRoutes))
            }
            for network in self.snapshot.egressNetworks.all {
                touched.formUnion(replay.apply(network, in: ClusterCollections.egressNetworks))
            }
            for server in self.snapshot.servers.all {
                touched.formUnion(replay.apply(server, in: ClusterCollections.servers))
            }
            for policy in self.snapshot.authorizationPolicies.all {
                touched.formUnion(replay.apply(policy, in: ClusterCollections.authorizationPolicies))
            }
            for object in self.snapshot.meshTLSAuthentications.all {
                touched.formUnion(replay.apply(object, in: ClusterCollections.meshTLSAuthentications))
            }
            for object in self.snapshot.networkAuthentications.all {
                touched.formUnion(replay.apply(object, in: ClusterCollections.networkAuthentications))
            }
            for object in self.snapshot.serverAuthorizations.all {
                touched.formUnion(replay.apply(object, in: ClusterCollections.serverAuthorizations))
            }
            for policy in self.snapshot.rateLimitPolicies.all {
                touched.formUnion(replay.apply(policy, in: ClusterCollections.rateLimitPolicies))
            }
            for route in self.snapshot.grpcRoutes.all {
                touched.formUnion(replay.apply(route, in: ClusterCollections.grpcRoutes))
            }
            return touched
        }
    }
}
