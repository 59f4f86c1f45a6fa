import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import MeshTestKit
import Testing

/// Whatever happens in whatever order: an answer that is recomputed only when something it read was touched equals
/// the one computed from scratch.
@Suite struct IncrementalTests {
    /// A query with its last answer and what that depended on.
    private final class Kept<Query: ClusterQuery> {
        let query: Query
        var answer: Query.Answer?
        var topics: Set<ClusterTopic> = []

        init(_ query: Query) { self.query = query }

        func refresh(_ world: World, touched: Set<ClusterTopic>?) {
            if let touched, self.topics.isDisjoint(with: touched) { return }
            let recorder = DependencyRecorder()
            self.answer = self.query.answer(
                in: ClusterView(world.snapshot, recording: recorder), settings: world.settings)
            self.topics = recorder.topics
        }

        func isCurrent(_ world: World) -> Bool {
            self.answer == self.query.answer(in: ClusterView(world.snapshot), settings: world.settings)
        }
    }

    @Test("incremental answers equal those from scratch", arguments: 0..<UInt64(200))
    func incremental(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var world = World.shipped
        let inbound = ["p0", "p1"].map { Kept(InboundQuery(workload: .init(namespace: "ns-0", name: $0), port: 8080)) }
        let address = try #require(SocketAddress("10.96.0.7:8080"))
        let outside = try #require(SocketAddress("93.184.216.34:80"))
        let outbound = [
            OutboundQuery.Target.service(ObjectKey(namespace: "ns-0", name: "s0"), port: 8080), .address(address),
            .address(outside),
        ].map { Kept(OutboundQuery(target: $0, sourceNamespace: "ns-0")) }
        let endpoints = Kept(EndpointsQuery(service: ObjectKey(namespace: "ns-0", name: "s0"), port: 8080))
        let profile = Kept(ProfileQuery(target: .address(address), clientNamespace: "ns-0"))
        let statuses = Kept(StatusQuery())
        func refresh(_ touched: Set<ClusterTopic>?) {
            for kept in inbound { kept.refresh(world, touched: touched) }
            for kept in outbound { kept.refresh(world, touched: touched) }
            endpoints.refresh(world, touched: touched)
            profile.refresh(world, touched: touched)
            statuses.refresh(world, touched: touched)
        }
        refresh(nil)
        for _ in 0..<40 {
            refresh(world.step(using: &random))
            #expect(inbound.allSatisfy { $0.isCurrent(world) })
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
        shuffled.snapshot.reset(world.snapshot.routes.shuffled(using: &random), in: ClusterCollections.policyHTTPRoutes)
        shuffled.snapshot.reset(world.snapshot.serverList.shuffled(using: &random), in: ClusterCollections.servers)
        shuffled.snapshot.reset(
            world.snapshot.policyList.shuffled(using: &random), in: ClusterCollections.authorizationPolicies)
        shuffled.snapshot.reset(
            world.snapshot.authenticationList.shuffled(using: &random), in: ClusterCollections.meshTLSAuthentications)
        shuffled.snapshot.reset(world.snapshot.podList.shuffled(using: &random), in: ClusterCollections.pods)
        for pod in ["p0", "p1"] {
            #expect(world.inbound(8080, pod: pod) == shuffled.inbound(8080, pod: pod))
        }
    }

    @Test("removing an authorization never lets anybody in", arguments: 0..<UInt64(100))
    func removal(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var world = World.shipped
        for _ in 0..<40 { _ = world.step(using: &random) }
        for policy in world.snapshot.policyList {
            var less = world
            less.snapshot.delete(policy.key, in: ClusterCollections.authorizationPolicies)
            for pod in ["p0", "p1"] {
                let before = Set(world.inbound(8080, pod: pod)?.authorizations ?? [])
                let after = Set(less.inbound(8080, pod: pod)?.authorizations ?? [])
                #expect(after.isSubset(of: before))
            }
        }
    }
}

extension ClusterSnapshot {
    fileprivate var routes: [HTTPRoute] { self.policyHTTPRoutes.all }
    fileprivate var serverList: [Server] { self.servers.all }
    fileprivate var policyList: [AuthorizationPolicy] { self.authorizationPolicies.all }
    fileprivate var authenticationList: [MeshTLSAuthentication] { self.meshTLSAuthentications.all }
    fileprivate var podList: [Pod] { self.pods.all }
}

extension World {
    /// One random change; returns what it touched.
    fileprivate mutating func step(using random: inout SplitMix64) -> Set<ClusterTopic> {
        let number = Int.random(in: 0...1, using: &random)
        let key = { (prefix: String) in ObjectKey(namespace: "ns-0", name: "\(prefix)\(number)") }
        if Int.random(in: 0..<4, using: &random) == 0 {
            switch Int.random(in: 0..<9, using: &random) {
            case 0: return self.snapshot.delete(key("p"), in: ClusterCollections.pods)
            case 1: return self.snapshot.delete(key("s"), in: ClusterCollections.services)
            case 2: return self.snapshot.delete(key("srv"), in: ClusterCollections.servers)
            case 3: return self.snapshot.delete(key("r"), in: ClusterCollections.policyHTTPRoutes)
            case 4: return self.snapshot.delete(key("a"), in: ClusterCollections.authorizationPolicies)
            case 5: return self.snapshot.delete(key("m"), in: ClusterCollections.meshTLSAuthentications)
            case 6: return self.snapshot.delete(key("e"), in: ClusterCollections.egressNetworks)
            case 7: return self.snapshot.delete(key("g"), in: ClusterCollections.grpcRoutes)
            default: return self.snapshot.delete(key("slice"), in: ClusterCollections.endpointSlices)
            }
        }
        let app = ["app": "app-\(Int.random(in: 0...1, using: &random))"]
        switch Int.random(in: 0..<10, using: &random) {
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
                    requiredAuthenticationRefs: [
                        NamespacedTargetReference(
                            group: "policy.linkerd.io", kind: "MeshTLSAuthentication", name: "m\(number)")
                    ]))
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
            for route in self.snapshot.grpcRoutes.all {
                touched.formUnion(replay.apply(route, in: ClusterCollections.grpcRoutes))
            }
            return touched
        }
    }
}
