import MeshModel
import MeshPolicy
import MeshResources

/// Compiles the policy of one target for the clients of one namespace.
struct OutboundCompiler {
    let view: ClusterView
    let settings: MeshSettings
    let parent: OutboundParent
    let sourceNamespace: String

    /// The kinds of routes hide each other: gRPC before HTTP before TLS before TCP.
    func policy() -> OutboundPolicy {
        let routes = OutboundRouteCompiler(view: self.view, settings: self.settings, parent: self.parent)
        let attached = AttachedRoutes(view: self.view, parent: self.parent, sourceNamespace: self.sourceNamespace)
        let compiled: OutboundProtocol
        switch self.parent.declared {
        case .http1:
            compiled = .http1(self.http(routes.http(attached.http)))
        case .http2:
            compiled =
                attached.grpc.isEmpty
                ? .http2(self.http(routes.http(attached.http))) : .grpc(self.grpc(routes.grpc(attached.grpc)))
        case .opaque, .opaqueByAppProtocol:
            compiled = .opaque(self.opaque(routes.tcp(attached.tcp)))
        case .none:
            if !attached.grpc.isEmpty {
                compiled = .grpc(self.grpc(routes.grpc(attached.grpc)))
            } else if attached.http.isEmpty, !attached.tls.isEmpty {
                compiled = .tls(self.tls(routes.tls(attached.tls)))
            } else if attached.http.isEmpty, !attached.tcp.isEmpty {
                compiled = .opaque(self.opaque(routes.tcp(attached.tcp)))
            } else {
                compiled = self.detect(self.http(routes.http(attached.http)))
            }
        }
        return OutboundPolicy(metadata: self.parent.metadata, protocol: compiled)
    }

    private func detect(_ http: OutboundHTTP) -> OutboundProtocol {
        .detect(
            timeout: self.settings.detectTimeout, opaque: self.opaque([]), http1: http, http2: http)
    }

    // MARK: - Routes that nobody wrote

    /// A Service has a route of its own only as long as nobody wrote one; an EgressNetwork's comes after all others.
    private func http(_ routes: [OutboundRoute<HTTPKind>]) -> OutboundHTTP {
        var routes = routes
        if self.parent.allowsTraffic != nil || routes.isEmpty {
            let refusal = FailureInjector(code: 403, message: "traffic not allowed")
            routes.append(
                OutboundRoute(
                    metadata: .implicit(self.name("http")),
                    rules: [
                        .init(
                            matches: [MeshPolicy.HTTPRouteMatch(path: .prefix("/"))],
                            filters: self.refuses ? [.failure(refusal)] : [],
                            distribution: .firstAvailable([RouteBackend(self.parent.backend)]),
                            timeouts: self.parent.timeouts.timeouts, retry: self.parent.httpRetry,
                            allowsRequestOverrides: self.settings.allowsRequestHeaders)
                    ]))
        }
        return OutboundHTTP(routes: routes, failureAccrual: self.parent.accrual)
    }

    private func grpc(_ routes: [OutboundRoute<GRPCKind>]) -> OutboundGRPC {
        var routes = routes
        if self.parent.allowsTraffic != nil {
            let refusal = FailureInjector(code: 7, message: "traffic not allowed")
            routes.append(
                OutboundRoute(
                    metadata: .implicit(self.name("grpc")),
                    rules: [
                        .init(
                            filters: self.refuses ? [.failure(refusal)] : [],
                            distribution: .firstAvailable([RouteBackend(self.parent.backend)]),
                            timeouts: self.parent.timeouts.timeouts, retry: self.parent.grpcRetry,
                            allowsRequestOverrides: self.settings.allowsRequestHeaders)
                    ]))
        }
        return OutboundGRPC(routes: routes, failureAccrual: self.parent.accrual)
    }

    private func tls(_ routes: [OutboundRoute<TLSKind>]) -> [OutboundRoute<TLSKind>] {
        guard self.parent.allowsTraffic != nil else { return routes }
        let fallback = OutboundRoute<TLSKind>(
            metadata: .implicit(self.name("tls")),
            rules: [
                .init(
                    filters: self.refuses ? [.forbidden] : [],
                    distribution: .firstAvailable([RouteBackend(self.parent.backend)]))
            ])
        return routes + [fallback]
    }

    /// Proxies take exactly one route for bytes that they do not look into: the first.
    private func opaque(_ routes: [OutboundRoute<OpaqueKind>]) -> [OutboundRoute<OpaqueKind>] {
        if let first = routes.first { return [first] }
        let name = self.parent.allowsTraffic == nil ? "opaq" : self.name("tcp")
        return [
            OutboundRoute(
                metadata: .implicit(name),
                rules: [
                    .init(
                        filters: self.refuses ? [.forbidden] : [],
                        distribution: .firstAvailable([RouteBackend(self.parent.backend)]))
                ])
        ]
    }

    private var refuses: Bool { self.parent.allowsTraffic == false }

    private func name(_ kind: String) -> String {
        switch self.parent.allowsTraffic {
        case nil: kind
        case true: "\(kind)-egress-allow"
        case false: "\(kind)-egress-deny"
        }
    }
}

/// The routes that the clients of a namespace see at a parent, oldest first.
struct AttachedRoutes {
    let http: [HTTPRoute]
    let grpc: [GRPCRoute]
    let tls: [TLSRoute]
    let tcp: [TCPRoute]

    init(view: ClusterView, parent: OutboundParent, sourceNamespace: String) {
        func attached<Route: AttachableRoute>(_ collection: ClusterCollection<Route>) -> [Route] {
            view.objects(at: .routes(collection.kind, parent: parent.parent), in: collection)
                .filter { $0.isAttached(to: parent, sourceNamespace: sourceNamespace) }
                .sorted { $0.outboundOrder < $1.outboundOrder }
        }
        self.http = (attached(ClusterCollections.policyHTTPRoutes) + attached(ClusterCollections.gatewayHTTPRoutes))
            .sorted { $0.outboundOrder < $1.outboundOrder }
        self.grpc = attached(ClusterCollections.grpcRoutes)
        // A route of connections with any number of rules but one says nothing that could be done.
        self.tls = attached(ClusterCollections.tlsRoutes).filter { $0.spec.rules.count == 1 }
        self.tcp = attached(ClusterCollections.tcpRoutes).filter { $0.spec.rules.count == 1 }
    }
}

extension AttachableRoute {
    fileprivate var outboundOrder: RouteOrder {
        RouteOrder(
            created: self.metadata.creationTimestamp, name: self.metadata.name, group: self.metadata.namespace,
            kind: Self.resourceType.group)
    }

    /// Routes of the parent's namespace hold for all clients, others only for those of their own namespace.
    fileprivate func isAttached(to parent: OutboundParent, sourceNamespace: String) -> Bool {
        let namespace = self.metadata.namespace
        guard namespace == parent.parent.key.namespace || namespace == sourceNamespace else { return false }
        let isNamed = self.parentReferences.contains { reference in
            guard ParentKey(reference, of: namespace) == parent.parent else { return false }
            guard let port = reference.port else { return parent.parent.kind == .service }
            return port == Int(parent.port)
        }
        return isNamed && self.status.accepts(outbound: parent.parent, port: parent.port)
    }
}
