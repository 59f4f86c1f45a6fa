import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import Testing

/// A cluster of a few objects, as the scenarios need them.
struct World {
    var snapshot = ClusterSnapshot()
    var settings = World.scenarioSettings
    private var clock: Int64 = 1_000_000

    /// The settings that the inbound scenarios assume.
    static var scenarioSettings: MeshSettings {
        var settings = MeshSettings()
        settings.controlNamespace = "linkerd"
        settings.trustDomain = "cluster.example.com"
        settings.clusterNetworks = [IPNetwork("192.0.2.0/24")].compactMap(\.self)
        settings.defaultPolicy = .clusterUnauthenticated
        settings.detectTimeout = .seconds(1)
        settings.probeNetworks = []
        return settings
    }

    /// Settings as shipped.
    static var shipped: World {
        var world = World()
        world.settings = MeshSettings()
        world.settings.controlNamespace = "linkerd"
        return world
    }

    /// The metadata of an object that is younger than all before it.
    mutating func meta(
        _ name: String, _ namespace: String = "ns-0", labels: [String: String] = [:],
        annotations: [String: String] = [:]
    ) -> ObjectMeta {
        self.clock += 1
        return ObjectMeta(
            name: name, namespace: namespace, uid: "u-\(name)", resourceVersion: "\(self.clock)", generation: 1,
            creationTimestamp: Timestamp(seconds: self.clock), labels: labels, annotations: annotations)
    }

    // MARK: - Objects

    @discardableResult
    mutating func pod(
        _ name: String = "pod-0", in namespace: String = "ns-0", labels: [String: String] = ["app": "app-0"],
        annotations: [String: String] = [:], ports: [ContainerPort] = [], containers: [Container] = [],
        initContainers: [Container] = [], status: PodStatus = PodStatus(phase: "Running")
    ) -> Pod {
        let labels = labels.merging(["linkerd.io/control-plane-ns": "linkerd"]) { own, _ in own }
        var all = containers
        if all.isEmpty { all = [Container(name: "app", ports: ports)] }
        let pod = Pod(
            metadata: self.meta(name, namespace, labels: labels, annotations: annotations),
            spec: PodSpec(containers: all, initContainers: initContainers, serviceAccountName: "default"),
            status: status)
        self.snapshot.apply(pod, in: ClusterCollections.pods)
        return pod
    }

    @discardableResult
    mutating func server(
        _ name: String, in namespace: String = "ns-0", port: IntOrString, proto: ProxyProtocol = .unknown,
        access: AccessPolicy = .deny, labels: [String: String] = [:], select: [String: String] = ["app": "app-0"]
    ) -> Server {
        let server = Server(
            metadata: self.meta(name, namespace, labels: labels),
            spec: ServerSpec(
                podSelector: LabelSelector(matchLabels: select), port: port, proxyProtocol: proto, accessPolicy: access)
        )
        self.snapshot.apply(server, in: ClusterCollections.servers)
        return server
    }

    @discardableResult
    mutating func service(
        _ name: String, in namespace: String = "ns-0", ports: [Int] = [8080], ip: String? = "10.96.0.7",
        annotations: [String: String] = [:], appProtocol: String? = nil, type: ServiceType = .clusterIP
    ) -> Service {
        let service = Service(
            metadata: self.meta(name, namespace, annotations: annotations),
            spec: ServiceSpec(
                type: type, ports: ports.map { ServicePort(name: "p\($0)", port: $0, appProtocol: appProtocol) },
                clusterIP: ip, clusterIPs: ip.map { [$0] } ?? []))
        self.snapshot.apply(service, in: ClusterCollections.services)
        return service
    }

    @discardableResult
    mutating func egress(
        _ name: String, in namespace: String = "ns-0", allow: Bool = true, networks: [CIDRBlock]? = nil,
        annotations: [String: String] = [:]
    ) -> EgressNetwork {
        let network = EgressNetwork(
            metadata: self.meta(name, namespace, annotations: annotations),
            spec: EgressNetworkSpec(trafficPolicy: allow ? .allow : .deny, networks: networks))
        self.snapshot.apply(network, in: ClusterCollections.egressNetworks)
        return network
    }

    /// Applies a route of the kind that `kind` names, with one rule unless told otherwise.
    mutating func route(
        _ kind: ScenarioRoute, _ name: String, in namespace: String = "ns-0", parents: [ParentReference],
        backends: [BackendReference] = [], annotations: [String: String] = [:]
    ) {
        let meta = self.meta(name, namespace, annotations: annotations)
        let http = backends.map {
            HTTPBackendReference(
                group: $0.group, kind: $0.kind, name: $0.name, namespace: $0.namespace, port: $0.port, weight: $0.weight
            )
        }
        switch kind {
        case .policyHTTP, .gatewayHTTP:
            let group: RouteGroup = kind == .policyHTTP ? .policy : .gateway
            let route = HTTPRoute(
                group: group, metadata: meta,
                spec: HTTPRouteSpec(parentRefs: parents, rules: [HTTPRouteRule(backendRefs: http)]))
            self.apply(route)
        case .grpc:
            let spec = GRPCRouteSpec(parentRefs: parents, rules: [GRPCRouteRule(backendRefs: http)])
            self.snapshot.apply(GRPCRoute(metadata: meta, spec: spec), in: ClusterCollections.grpcRoutes)
        case .tls:
            let spec = TLSRouteSpec(parentRefs: parents, rules: [ConnectionRouteRule(backendRefs: backends)])
            self.snapshot.apply(TLSRoute(metadata: meta, spec: spec), in: ClusterCollections.tlsRoutes)
        case .tcp:
            let spec = TCPRouteSpec(parentRefs: parents, rules: [ConnectionRouteRule(backendRefs: backends)])
            self.snapshot.apply(TCPRoute(metadata: meta, spec: spec), in: ClusterCollections.tcpRoutes)
        }
    }

    mutating func apply(_ route: HTTPRoute) {
        switch route.group {
        case .policy: self.snapshot.apply(route, in: ClusterCollections.policyHTTPRoutes)
        case .gateway: self.snapshot.apply(route, in: ClusterCollections.gatewayHTTPRoutes)
        }
    }

    // MARK: - Statuses

    /// The statuses that are still to be written.
    var writes: [StatusWrite] { StatusQuery().answer(in: ClusterView(self.snapshot), settings: self.settings) }

    /// Writes every status, as the leader does, and returns what was written.
    @discardableResult
    mutating func reconcile() -> [StatusWrite] {
        let writes = self.writes
        for write in writes {
            switch write.content {
            case .parents(let parents): self.set(parents, of: write)
            case .governance(let status): self.set(status, of: write)
            case .conditions(let conditions, let target):
                if var network = self.snapshot.egressNetworks[write.key], write.type.kind == "EgressNetwork" {
                    network.status.conditions = conditions
                    self.snapshot.apply(network, in: ClusterCollections.egressNetworks)
                } else if var policy = self.snapshot.rateLimitPolicies[write.key] {
                    policy.status = HTTPLocalRateLimitPolicyStatus(conditions: conditions, targetRef: target)
                    self.snapshot.apply(policy, in: ClusterCollections.rateLimitPolicies)
                }
            }
        }
        return writes
    }

    private mutating func set(_ status: GovernanceStatus, of write: StatusWrite) {
        let (key, old) = (write.key, self.snapshot)
        switch write.type.kind {
        case "Server": self.update(key, ClusterCollections.servers, old.servers[key]) { $0.status = status }
        case "ServerAuthorization":
            self.update(key, ClusterCollections.serverAuthorizations, old.serverAuthorizations[key]) {
                $0.status = status
            }
        case "AuthorizationPolicy":
            self.update(key, ClusterCollections.authorizationPolicies, old.authorizationPolicies[key]) {
                $0.status = status
            }
        case "MeshTLSAuthentication":
            self.update(key, ClusterCollections.meshTLSAuthentications, old.meshTLSAuthentications[key]) {
                $0.status = status
            }
        default:
            self.update(key, ClusterCollections.networkAuthentications, old.networkAuthentications[key]) {
                $0.status = status
            }
        }
    }

    private mutating func set(_ parents: [RouteParentStatus], of write: StatusWrite) {
        let status = RouteStatus(parents: parents)
        switch (write.type.kind, write.type.group) {
        case ("HTTPRoute", "policy.linkerd.io"):
            self.update(write.key, ClusterCollections.policyHTTPRoutes, self.snapshot.policyHTTPRoutes[write.key]) {
                $0.status = status
            }
        case ("HTTPRoute", _):
            self.update(write.key, ClusterCollections.gatewayHTTPRoutes, self.snapshot.gatewayHTTPRoutes[write.key]) {
                $0.status = status
            }
        case ("GRPCRoute", _):
            self.update(write.key, ClusterCollections.grpcRoutes, self.snapshot.grpcRoutes[write.key]) {
                $0.status = status
            }
        case ("TLSRoute", _):
            self.update(write.key, ClusterCollections.tlsRoutes, self.snapshot.tlsRoutes[write.key]) {
                $0.status = status
            }
        default:
            self.update(write.key, ClusterCollections.tcpRoutes, self.snapshot.tcpRoutes[write.key]) {
                $0.status = status
            }
        }
    }

    private mutating func update<Resource>(
        _ key: ObjectKey, _ collection: ClusterCollection<Resource>, _ object: Resource?,
        _ change: (inout Resource) -> Void
    ) {
        guard var object else { return }
        change(&object)
        self.snapshot.apply(object, in: collection)
    }

    // MARK: - Answers

    func inbound(_ port: UInt16, pod: String = "pod-0", in namespace: String = "ns-0") -> InboundPolicy? {
        let name = WorkloadName(namespace: namespace, name: pod)
        return InboundQuery(workload: name, port: port).answer(in: ClusterView(self.snapshot), settings: self.settings)
    }

    func outbound(_ target: OutboundQuery.Target, from namespace: String = "ns-0") -> OutboundQuery.Answer {
        OutboundQuery(target: target, sourceNamespace: namespace)
            .answer(in: ClusterView(self.snapshot), settings: self.settings)
    }

    /// The policy of a Service's port or of an address; fails the test when there is none.
    func policy(_ target: OutboundQuery.Target, from namespace: String = "ns-0") throws -> OutboundPolicy {
        guard case .found(let policy, _) = self.outbound(target, from: namespace) else {
            throw Missing(target: "\(target)")
        }
        return policy
    }

    struct Missing: Error { let target: String }
}

/// The kinds of routes that a scenario may be about.
enum ScenarioRoute: String, CaseIterable, Sendable {
    case policyHTTP, gatewayHTTP, grpc, tls, tcp
}

extension ParentReference {
    static func server(_ name: String) -> Self {
        ParentReference(group: "policy.linkerd.io", kind: "Server", name: name)
    }
    static func service(_ name: String, port: Int? = nil, in namespace: String? = nil) -> Self {
        ParentReference(group: "core", kind: "Service", name: name, namespace: namespace, port: port)
    }
    static func egress(_ name: String, port: Int? = nil) -> Self {
        ParentReference(group: "policy.linkerd.io", kind: "EgressNetwork", name: name, port: port)
    }
}

extension BackendReference {
    static func service(_ name: String, port: Int? = 8080, in namespace: String? = nil, weight: Int? = nil) -> Self {
        BackendReference(name: name, namespace: namespace, port: port, weight: weight)
    }
    static func egress(_ name: String, port: Int? = nil) -> Self {
        BackendReference(group: "policy.linkerd.io", kind: "EgressNetwork", name: name, port: port)
    }
}

extension InboundPolicy {
    /// The HTTP part, whatever the protocol.
    var http: InboundHTTP? {
        switch self.protocol {
        case .detect(_, let http), .http1(let http), .http2(let http): http
        case .grpc, .opaque, .tls: nil
        }
    }
}

extension OutboundPolicy {
    /// The HTTP routes, whatever the protocol.
    var http: OutboundHTTP? {
        switch self.protocol {
        case .detect(_, _, let http, _), .http1(let http), .http2(let http): http
        case .grpc, .opaque, .tls: nil
        }
    }

    /// The metadata of the routes that the policy is made of, whatever the protocol.
    var routes: [PolicyMetadata] {
        switch self.protocol {
        case .detect(_, _, let http, _), .http1(let http), .http2(let http): http.routes.map(\.metadata)
        case .grpc(let grpc): grpc.routes.map(\.metadata)
        case .opaque(let routes): routes.map(\.metadata)
        case .tls(let routes): routes.map(\.metadata)
        }
    }

    /// The first backend of the first route: what it is, where it leads, and how many failure filters it has.
    var firstBackend: (metadata: PolicyMetadata, target: Backend.Target, filters: Int)? {
        switch self.protocol {
        case .detect(_, _, let http, _), .http1(let http), .http2(let http): Self.first(http.routes)
        case .grpc(let grpc): Self.first(grpc.routes)
        case .opaque(let routes): Self.first(routes)
        case .tls(let routes): Self.first(routes)
        }
    }

    private static func first<Kind: RouteKind>(
        _ routes: [OutboundRoute<Kind>]
    ) -> (metadata: PolicyMetadata, target: Backend.Target, filters: Int)? {
        guard let backend = routes.first?.rules.first?.distribution.backends.first else { return nil }
        return (backend.backend.metadata, backend.backend.target, backend.filters.count)
    }
}
