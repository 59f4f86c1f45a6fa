import MeshModel
import MeshPolicy
import MeshResources

/// Turns the routes that were accepted for a Server into what proxies evaluate.
///
/// An accepted route that cannot be used stays in the list without rules: it matches nothing, but the catch-all route
/// does not come back, so a mistake in the only route of a Server does not open the rest.
struct InboundRouteCompiler {
    let view: ClusterView
    let authorizations: AuthorizationCompiler

    func httpRoutes(of server: Server) -> [InboundRoute<HTTPKind>] {
        let parent = ParentKey(kind: .server, key: server.key)
        var routes: [(RouteOrder, InboundRoute<HTTPKind>)] = []
        for kind in [ClusterCollections.policyHTTPRoutes, ClusterCollections.gatewayHTTPRoutes] {
            for route in self.view.objects(at: .routes(kind.kind, parent: parent), in: kind) {
                guard route.isAccepted(for: server) else { continue }
                routes.append((route.order(group: kind.resourceType.group), self.http(route, of: server)))
            }
        }
        return routes.sorted { $0.0 < $1.0 }.map(\.1)
    }

    func grpcRoutes(of server: Server) -> [InboundRoute<GRPCKind>] {
        let parent = ParentKey(kind: .server, key: server.key)
        let routes = self.view.objects(at: .routes(.grpcRoute, parent: parent), in: ClusterCollections.grpcRoutes)
        return routes.filter { $0.isAccepted(for: server) }
            .sorted { $0.order(group: APIGroup.gateway) < $1.order(group: APIGroup.gateway) }
            .map { self.grpc($0, of: server) }
    }

    private func http(_ route: HTTPRoute, of server: Server) -> InboundRoute<HTTPKind> {
        let group = route.group.resourceType.group
        var rules: [InboundRoute<HTTPKind>.Rule] = []
        do {
            try route.checkServerParents()
            for rule in route.spec.rules {
                var matches: [MeshPolicy.HTTPRouteMatch] = []
                for match in rule.matches { matches.append(try MatchConversion.http(match)) }
                rules.append(.init(matches: matches, filters: try FilterConversion.inboundHTTP(rule.filters)))
            }
        } catch {
            rules = []
        }
        return InboundRoute(
            metadata: .resource(ResourceReference(group: group, kind: "HTTPRoute", name: route.metadata.name)),
            hosts: route.spec.hostnames.map { HostMatch($0) },
            authorizations: self.authorizations.authorizations(
                ofRoute: route.metadata.name, kind: "HTTPRoute", group: group, namespace: route.metadata.namespace),
            rules: rules)
    }

    private func grpc(_ route: GRPCRoute, of server: Server) -> InboundRoute<GRPCKind> {
        var rules: [InboundRoute<GRPCKind>.Rule] = []
        do {
            try route.checkServerParents()
            for rule in route.spec.rules {
                var matches: [MeshPolicy.GRPCRouteMatch] = []
                for match in rule.matches { matches.append(try MatchConversion.grpc(match)) }
                rules.append(.init(matches: matches, filters: try FilterConversion.grpc(rule.filters)))
            }
        } catch {
            rules = []
        }
        return InboundRoute(
            metadata: .resource(
                ResourceReference(group: APIGroup.gateway, kind: "GRPCRoute", name: route.metadata.name)),
            hosts: route.spec.hostnames.map { HostMatch($0) },
            authorizations: self.authorizations.authorizations(
                ofRoute: route.metadata.name, kind: "GRPCRoute", group: APIGroup.gateway,
                namespace: route.metadata.namespace),
            rules: rules)
    }
}

extension AttachableRoute {
    /// Routes of other namespaces never attach: they could shut a Server that is not theirs.
    func isAccepted(for server: Server) -> Bool {
        guard self.metadata.namespace == server.metadata.namespace else { return false }
        return self.status.accepts(server: server.key, routeNamespace: self.metadata.namespace)
    }

    func order(group: String) -> RouteOrder {
        RouteOrder(
            created: self.metadata.creationTimestamp, name: self.metadata.name, group: group,
            kind: Self.resourceType.kind)
    }

    /// A route attaches to whole Servers of its own namespace only; one bad reference makes all of it unusable.
    func checkServerParents() throws(RouteInvalid) {
        for reference in self.parentReferences {
            guard let parent = ParentKey(reference, of: self.metadata.namespace), parent.kind == .server else {
                continue
            }
            guard parent.key.namespace == self.metadata.namespace else {
                throw RouteInvalid("Server \(parent.key) is of another namespace")
            }
            guard reference.port == nil, reference.sectionName == nil else {
                throw RouteInvalid("routes attach to whole Servers, not to a port or section")
            }
        }
    }
}
