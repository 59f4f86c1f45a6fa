import MeshModel
import MeshPolicy
import MeshResources

/// Lists what applies to a workload.
public struct AuthorizationList {
    /// One authorization of one port; built-in ones have neither policy nor ServerAuthorization.
    public struct Row: Hashable, Sendable {
        /// The port.
        public let port: UInt16
        /// The route; nil for the whole port.
        public let route: String?
        /// The Server that governs the port.
        public let server: String
        /// The AuthorizationPolicy.
        public let authorizationPolicy: String?
        /// The ServerAuthorization.
        public let serverAuthorization: String?
    }

    private let view: ClusterView
    private let settings: MeshSettings

    /// Lists what the cluster that `view` shows holds.
    public init(view: ClusterView, settings: MeshSettings) {
        self.view = view
        self.settings = settings
    }

    /// The authorizations of all governed ports, by port; empty for a workload that is not there.
    public func rows(of name: WorkloadName) -> [Row] {
        guard let workload = GovernedWorkload(name, in: self.view) else { return [] }
        let servers = self.view.objects(of: name.namespace, in: ClusterCollections.servers)
        let ports = Set(
            servers.flatMap { server in
                switch workload {
                case .pod(let pod): server.selects(pod) ? server.ports(of: pod) : []
                case .external(let external): server.selects(external) ? server.ports(of: external) : []
                }
            })
        return ports.filter { $0 > 0 }.sorted().flatMap { self.rows(of: name, port: $0) }
    }

    private func rows(of name: WorkloadName, port: UInt16) -> [Row] {
        let query = InboundQuery(workload: name, port: port)
        guard let policy = query.answer(in: self.view, settings: self.settings), policy.metadata.kind == "server" else {
            return []
        }
        var rows = policy.authorizations.map { self.row($0.metadata, of: nil, policy, port) }
        for (route, authorizations) in policy.routeAuthorizations {
            rows += authorizations.map { self.row($0.metadata, of: route, policy, port) }
        }
        return rows
    }

    private func row(_ metadata: PolicyMetadata, of route: String?, _ policy: InboundPolicy, _ port: UInt16) -> Row {
        Row(
            port: port, route: route, server: policy.metadata.name,
            authorizationPolicy: metadata.kind == "authorizationpolicy" ? metadata.name : nil,
            serverAuthorization: metadata.kind == "serverauthorization" ? metadata.name : nil)
    }
}

extension InboundPolicy {
    /// The routes by name, with their own authorizations.
    fileprivate var routeAuthorizations: [(String, [Authorization])] {
        switch self.protocol {
        case .detect(_, let http), .http1(let http), .http2(let http):
            http.routes.map { ($0.metadata.name, $0.authorizations) }
        case .grpc(let routes): routes.map { ($0.metadata.name, $0.authorizations) }
        case .opaque, .tls: []
        }
    }
}
