import MeshModel
public import MeshPolicy
import MeshResources

/// Asks what holds for connections to a port of a workload.
///
/// Nil when the workload is not known; every port of a known workload has an answer.
public struct InboundQuery: ClusterQuery {
    /// The workload.
    public let workload: WorkloadName
    /// 1…65535; it need not be declared.
    public let port: UInt16

    /// Asks for the policy of `port` of `workload`.
    public init(workload: WorkloadName, port: UInt16) {
        self.workload = workload
        self.port = port
    }

    /// Compiles the policy of the Server that governs the port, or the default one.
    public func answer(in view: ClusterView, settings: MeshSettings) -> InboundPolicy? {
        self.shared(in: view, settings: settings)?.value
    }

    /// The answer; ports whose policies cannot differ share one object as long as the view has a memo.
    func shared(in view: ClusterView, settings: MeshSettings) -> Shared<InboundPolicy>? {
        guard let workload = GovernedWorkload(self.workload, in: view) else { return nil }
        let probes = settings.probeNetworks.isEmpty ? [] : workload.probePaths(on: self.port)
        let compiler = { (view: ClusterView) in InboundCompiler(view: view, settings: settings, probePaths: probes) }
        let servers = view.once(ServersByPort.Of(namespace: self.workload.namespace)) {
            ServersByPort($0.objects(of: self.workload.namespace, in: ClusterCollections.servers))
        }
        if let server = servers.governing(workload, on: self.port) {
            return view.once(SharedKey.server(server.key, probes: probes)) {
                Shared(compiler($0).policy(of: server))
            }
        }
        let policy = workload.defaultPolicy(of: self.port, settings: settings)
        let isOpaque = workload.annotatedPorts(MeshLabels.opaquePorts).contains(self.port)
        return view.once(SharedKey.none(policy, isOpaque: isOpaque, probes: probes)) {
            Shared(compiler($0).policy(without: policy, isOpaque: isOpaque))
        }
    }

    /// All that a policy depends on besides the cluster.
    private enum SharedKey: Hashable {
        case server(ObjectKey, probes: [String])
        case none(DefaultPolicy, isOpaque: Bool, probes: [String])
    }
}

/// Asks as ``InboundQuery`` does, and answers with objects that many ports share.
public struct SharedInboundQuery: ClusterQuery {
    private let query: InboundQuery

    /// Asks for the policy of `port` of `workload`.
    public init(workload: WorkloadName, port: UInt16) {
        self.query = InboundQuery(workload: workload, port: port)
    }

    /// Compiles the policy, or takes the one of another port that is the same.
    public func answer(in view: ClusterView, settings: MeshSettings) -> Shared<InboundPolicy>? {
        self.query.shared(in: view, settings: settings)
    }
}

/// The Servers of a namespace, those that claim first in front, by the number of their port.
struct ServersByPort {
    struct Of: Hashable {
        let namespace: String
    }

    private var numbered: [UInt16: [Server]] = [:]
    private var named: [Server] = []

    init(_ servers: [Server]) {
        for server in servers.sorted(by: { Precedence.claims($0, before: $1) }) {
            switch server.spec.port {
            case .int(let number):
                if let port = UInt16(exactly: number) { self.numbered[port, default: []].append(server) }
            case .string: self.named.append(server)
            }
        }
    }

    /// The Server that governs `port` of `workload`.
    func governing(_ workload: GovernedWorkload, on port: UInt16) -> Server? {
        let byNumber = self.numbered[port]?.first { workload.isGoverned(by: $0, on: port) }
        let byName = self.named.first { workload.isGoverned(by: $0, on: port) }
        guard let byNumber, let byName else { return byNumber ?? byName }
        return Precedence.claims(byName, before: byNumber) ? byName : byNumber
    }
}

extension GovernedWorkload {
    /// What a port admits that no Server governs.
    fileprivate func defaultPolicy(of port: UInt16, settings: MeshSettings) -> DefaultPolicy {
        let annotated = self.annotations[MeshLabels.defaultInboundPolicy].flatMap { DefaultPolicy(rawValue: $0) }
        let policy = annotated ?? settings.defaultPolicy
        return self.annotatedPorts(MeshLabels.requireIdentityPorts).contains(port) ? policy.authenticated : policy
    }
}

/// Compiles the policies of ports whose workloads have the same probes there.
struct InboundCompiler {
    let view: ClusterView
    let settings: MeshSettings
    let probePaths: [String]

    private var authorizations: AuthorizationCompiler {
        AuthorizationCompiler(view: self.view, settings: self.settings)
    }

    // MARK: - Ports without a Server

    func policy(without policy: DefaultPolicy, isOpaque: Bool) -> InboundPolicy {
        InboundPolicy(
            protocol: isOpaque
                ? .opaque
                : .detect(timeout: self.settings.detectTimeout, http: InboundHTTP(routes: self.implicitRoutes())),
            authorizations: policy.authorizations(cluster: self.settings.clusterNetworks),
            metadata: .implicit(policy.rawValue))
    }

    /// The catch-all route, and one that lets probes through when it is known where they come from.
    private func implicitRoutes() -> [InboundRoute<HTTPKind>] {
        guard !self.probePaths.isEmpty, !self.settings.probeNetworks.isEmpty else { return [.default] }
        let allowed = Authorization(
            networks: self.settings.probeNetworks.map { NetworkMatch($0) }, authentication: .unauthenticated,
            metadata: .implicit("probe"))
        let matches = self.probePaths.map { MeshPolicy.HTTPRouteMatch(path: .exact(ByteString($0)), method: "GET") }
        return [
            .default,
            InboundRoute(metadata: .implicit("probe"), authorizations: [allowed], rules: [.init(matches: matches)]),
        ]
    }

    // MARK: - Ports of a Server

    func policy(of server: Server) -> InboundPolicy {
        InboundPolicy(
            protocol: self.protocol(of: server), authorizations: self.authorizations.authorizations(of: server),
            metadata: .resource(
                ResourceReference(group: APIGroup.policy, kind: "server", name: server.metadata.name)))
    }

    private func `protocol`(of server: Server) -> InboundProtocol {
        switch server.spec.proxyProtocol {
        case .unknown: .detect(timeout: self.settings.detectTimeout, http: self.http(server))
        case .http1: .http1(self.http(server))
        case .http2: .http2(self.http(server))
        case .grpc: .grpc(self.grpcRoutes(server))
        case .opaque: .opaque
        case .tls: .tls
        }
    }

    private func http(_ server: Server) -> InboundHTTP {
        let routes = InboundRouteCompiler(view: self.view, authorizations: self.authorizations).httpRoutes(of: server)
        return InboundHTTP(
            routes: routes.isEmpty ? self.implicitRoutes() : routes, rateLimit: self.rateLimit(of: server))
    }

    private func grpcRoutes(_ server: Server) -> [InboundRoute<GRPCKind>] {
        let routes = InboundRouteCompiler(view: self.view, authorizations: self.authorizations).grpcRoutes(of: server)
        return routes.isEmpty ? [.default] : routes
    }

    private func rateLimit(of server: Server) -> MeshPolicy.RateLimit? {
        let candidates = self.view.objects(of: server.metadata.namespace, in: ClusterCollections.rateLimitPolicies)
            .filter { policy in
                policy.spec.targetRef.isOf("Server", in: APIGroup.policy)
                    && policy.spec.targetRef.name == server.metadata.name && policy.status.conditions.holds("Accepted")
            }
        return candidates.min { Precedence.claims($0, before: $1) }.map(self.rateLimit)
    }

    private func rateLimit(_ policy: HTTPLocalRateLimitPolicy) -> MeshPolicy.RateLimit {
        MeshPolicy.RateLimit(
            metadata: .resource(
                ResourceReference(
                    group: APIGroup.policy, kind: "HTTPLocalRateLimitPolicy", name: policy.metadata.name)),
            total: policy.spec.total?.requestsPerSecond, identity: policy.spec.identity?.requestsPerSecond,
            overrides: policy.spec.overrides.map { override in
                let accounts = override.clientRefs.filter { $0.isOf("ServiceAccount") }
                return .init(
                    limit: override.requestsPerSecond,
                    identities: accounts.map { account in
                        ByteString(self.settings.identity(of: account.key(default: policy.metadata.namespace)))
                    })
            })
    }
}
