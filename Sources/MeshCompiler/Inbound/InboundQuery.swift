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
        guard let workload = GovernedWorkload(self.workload, in: view) else { return nil }
        let compiler = InboundCompiler(view: view, settings: settings, workload: workload, port: self.port)
        let candidates = view.objects(of: self.workload.namespace, in: ClusterCollections.servers)
            .filter { workload.isGoverned(by: $0, on: self.port) }
        guard let server = candidates.min(by: { Precedence.claims($0, before: $1) }) else {
            return compiler.defaultPolicy()
        }
        return compiler.policy(of: server)
    }
}

/// Compiles the policy of one port of one workload.
struct InboundCompiler {
    let view: ClusterView
    let settings: MeshSettings
    let workload: GovernedWorkload
    let port: UInt16

    private var authorizations: AuthorizationCompiler {
        AuthorizationCompiler(view: self.view, settings: self.settings)
    }

    // MARK: - Ports without a Server

    func defaultPolicy() -> InboundPolicy {
        let annotated = self.workload.annotations[MeshLabels.defaultInboundPolicy].flatMap {
            DefaultPolicy(rawValue: $0)
        }
        var policy = annotated ?? self.settings.defaultPolicy
        if self.workload.annotatedPorts(MeshLabels.requireIdentityPorts).contains(self.port) {
            policy = policy.authenticated
        }
        let isOpaque = self.workload.annotatedPorts(MeshLabels.opaquePorts).contains(self.port)
        return InboundPolicy(
            protocol: isOpaque
                ? .opaque
                : .detect(timeout: self.settings.detectTimeout, http: InboundHTTP(routes: self.implicitRoutes())),
            authorizations: policy.authorizations(cluster: self.settings.clusterNetworks),
            metadata: .implicit(policy.rawValue))
    }

    /// The catch-all route, and one that lets probes through when it is known where they come from.
    private func implicitRoutes() -> [InboundRoute<HTTPKind>] {
        let paths = self.workload.probePaths(on: self.port)
        guard !paths.isEmpty, !self.settings.probeNetworks.isEmpty else { return [.default] }
        let allowed = Authorization(
            networks: self.settings.probeNetworks.map { NetworkMatch($0) }, authentication: .unauthenticated,
            metadata: .implicit("probe"))
        let matches = paths.map { MeshPolicy.HTTPRouteMatch(path: .exact(ByteString($0)), method: "GET") }
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
