import MeshModel
import MeshPolicy
import MeshResources

/// Turns attached routes into what proxies evaluate.
///
/// A rule with a match that cannot be read matches nothing; a rule with a filter that cannot be applied fails what it
/// matches, rather than letting it pass unfiltered.
struct OutboundRouteCompiler {
    let view: ClusterView
    let settings: MeshSettings
    let parent: OutboundParent

    // MARK: - HTTP

    func http(_ routes: [HTTPRoute]) -> [OutboundRoute<HTTPKind>] {
        routes.map { route in
            OutboundRoute(
                metadata: self.metadata(route, group: route.group.resourceType.group, kind: "HTTPRoute"),
                hosts: route.spec.hostnames.map { HostMatch($0) },
                rules: route.spec.rules.compactMap { self.rule($0, of: route) })
        }
    }

    private func rule(_ rule: HTTPRouteRule, of route: HTTPRoute) -> OutboundRoute<HTTPKind>.Rule? {
        var matches: [MeshPolicy.HTTPRouteMatch] = []
        do {
            for match in rule.matches { matches.append(try MatchConversion.http(match)) }
        } catch {
            return nil
        }
        var result = OutboundRoute<HTTPKind>.Rule(matches: matches, distribution: .empty)
        do {
            result.filters = try FilterConversion.http(rule.filters)
        } catch {
            result.filters = [.failure(FailureInjector(code: 500, message: error.message))]
            return result
        }
        result.distribution = self.backends.http(rule.backendRefs, namespace: route.metadata.namespace)
        result.timeouts = self.timeouts(route, of: rule)
        let own = try? RetryAnnotations.http(annotations: route.metadata.annotations)  // Refused at admission.
        result.retry = (own ?? nil) ?? self.parent.httpRetry
        result.allowsRequestOverrides = self.settings.allowsRequestHeaders
        return result
    }

    // MARK: - gRPC

    func grpc(_ routes: [GRPCRoute]) -> [OutboundRoute<GRPCKind>] {
        routes.map { route in
            OutboundRoute(
                metadata: self.metadata(route, group: APIGroup.gateway, kind: "GRPCRoute"),
                hosts: route.spec.hostnames.map { HostMatch($0) },
                rules: route.spec.rules.compactMap { self.rule($0, of: route) })
        }
    }

    private func rule(_ rule: GRPCRouteRule, of route: GRPCRoute) -> OutboundRoute<GRPCKind>.Rule? {
        var matches: [MeshPolicy.GRPCRouteMatch] = []
        do {
            for match in rule.matches { matches.append(try MatchConversion.grpc(match)) }
        } catch {
            return nil
        }
        var result = OutboundRoute<GRPCKind>.Rule(matches: matches, distribution: .empty)
        do {
            result.filters = try FilterConversion.grpc(rule.filters)
        } catch {
            result.filters = [.failure(FailureInjector(code: 13, message: error.message))]
            return result
        }
        result.distribution = self.backends.grpc(rule.backendRefs, namespace: route.metadata.namespace)
        result.timeouts = self.timeouts(of: route)
        let own = try? RetryAnnotations.grpc(annotations: route.metadata.annotations)  // Refused at admission.
        result.retry = (own ?? nil) ?? self.parent.grpcRetry
        result.allowsRequestOverrides = self.settings.allowsRequestHeaders
        return result
    }

    // MARK: - Connections

    func tls(_ routes: [TLSRoute]) -> [OutboundRoute<TLSKind>] {
        routes.map { route in
            OutboundRoute(
                metadata: self.metadata(route, group: APIGroup.gateway, kind: "TLSRoute"),
                hosts: route.spec.hostnames.map { HostMatch($0) },
                rules: route.spec.rules.map { rule in
                    .init(distribution: self.backends.tls(rule.backendRefs, namespace: route.metadata.namespace))
                })
        }
    }

    func tcp(_ routes: [TCPRoute]) -> [OutboundRoute<OpaqueKind>] {
        routes.map { route in
            OutboundRoute(
                metadata: self.metadata(route, group: APIGroup.gateway, kind: "TCPRoute"),
                rules: route.spec.rules.map { rule in
                    .init(distribution: self.backends.tcp(rule.backendRefs, namespace: route.metadata.namespace))
                })
        }
    }

    // MARK: - Parts

    private var backends: BackendCompiler {
        BackendCompiler(view: self.view, settings: self.settings, parent: self.parent)
    }

    private func metadata(_ route: some AttachableRoute, group: String, kind: String) -> PolicyMetadata {
        .resource(
            ResourceReference(
                group: group, kind: kind, name: route.metadata.name, namespace: route.metadata.namespace))
    }

    /// What the route's annotations say, else the parent's; never a mix of both.
    private func timeouts(of route: some AttachableRoute) -> Timeouts {
        let own = try? TimeoutAnnotations(annotations: route.metadata.annotations)  // Refused at admission.
        guard let own, !own.isEmpty else { return self.parent.timeouts.timeouts }
        return own.timeouts
    }

    /// The annotation for the whole request goes before the rule's own field.
    private func timeouts(_ route: HTTPRoute, of rule: HTTPRouteRule) -> Timeouts {
        let annotated = try? TimeoutAnnotations(annotations: route.metadata.annotations)  // Refused at admission.
        var own = annotated ?? TimeoutAnnotations()
        if own.request == nil, let text = rule.timeouts?.request {
            own.request =
                switch route.group {
                case .policy: Duration(goText: text)
                case .gateway: Duration(gatewayText: text)
                }
        }
        return own.isEmpty ? self.parent.timeouts.timeouts : own.timeouts
    }
}
