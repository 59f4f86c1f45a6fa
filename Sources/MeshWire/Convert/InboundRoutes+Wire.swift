internal import MeshModel
internal import MeshPolicy
internal import SwiftProtobuf

extension InboundRoute<HTTPKind> {
    init(_ wire: InboundHTTPRouteMessage) throws(WireError) {
        guard wire.hasMetadata else { throw .missing("route.metadata") }
        self.init(
            metadata: try PolicyMetadata(wire.metadata, "route.metadata"),
            hosts: try wire.hosts.converted { (host) throws(WireError) in try HostMatch(host) },
            authorizations: try wire.authorizations.converted { (authz) throws(WireError) in
                try Authorization(authz)
            },
            rules: try wire.rules.converted { (rule) throws(WireError) in
                Rule(
                    matches: try rule.matches.converted { (match) throws(WireError) in try HTTPRouteMatch(match) },
                    filters: try rule.filters.converted { (filter) throws(WireError) in try HTTPFilter(filter) })
            })
    }

    var wire: InboundHTTPRouteMessage {
        .with {
            $0.metadata = self.metadata.wire
            $0.hosts = self.hosts.map(\.wireHost)
            $0.authorizations = self.authorizations.map(\.wire)
            $0.rules = self.rules.map { rule in
                .with {
                    $0.matches = rule.matches.map(\.wire)
                    // Responses of a port are not changed: the wire has no such filter.
                    $0.filters = rule.filters.compactMap(\.wireInbound)
                }
            }
        }
    }
}

extension InboundRoute<GRPCKind> {
    init(_ wire: InboundGRPCRouteMessage) throws(WireError) {
        guard wire.hasMetadata else { throw .missing("route.metadata") }
        self.init(
            metadata: try PolicyMetadata(wire.metadata, "route.metadata"),
            hosts: try wire.hosts.converted { (host) throws(WireError) in try HostMatch(host) },
            authorizations: try wire.authorizations.converted { (authz) throws(WireError) in
                try Authorization(authz)
            },
            rules: try wire.rules.converted { (rule) throws(WireError) in
                Rule(
                    matches: try rule.matches.converted { (match) throws(WireError) in try GRPCRouteMatch(match) },
                    filters: try rule.filters.converted { (filter) throws(WireError) in try GRPCFilter(filter) })
            })
    }

    var wire: InboundGRPCRouteMessage {
        .with {
            $0.metadata = self.metadata.wire
            $0.hosts = self.hosts.map(\.wireHost)
            $0.authorizations = self.authorizations.map(\.wire)
            $0.rules = self.rules.map { rule in
                .with {
                    $0.matches = rule.matches.map(\.wire)
                    $0.filters = rule.filters.map(\.wireInbound)
                }
            }
        }
    }
}

extension HTTPFilter {
    init(_ wire: InboundHTTPRouteMessage.Filter) throws(WireError) {
        switch wire.kind {
        case .failureInjector(let failure): self = .failure(try FailureInjector(failure))
        case .requestHeaderModifier(let modifier): self = .requestHeaders(try HeaderModifier(modifier))
        case .redirect(let redirect): self = .redirect(try Redirect(redirect))
        case nil: throw .missing("filter.kind")
        }
    }

    var wireInbound: InboundHTTPRouteMessage.Filter? {
        switch self {
        case .failure(let failure): .with { $0.failureInjector = failure.wireHTTP }
        case .requestHeaders(let modifier): .with { $0.requestHeaderModifier = modifier.wireRequest }
        case .redirect(let redirect): .with { $0.redirect = redirect.wire }
        case .responseHeaders: nil
        }
    }

    init(_ wire: OutboundHTTPRouteMessage.Filter) throws(WireError) {
        switch wire.kind {
        case .failureInjector(let failure): self = .failure(try FailureInjector(failure))
        case .requestHeaderModifier(let modifier): self = .requestHeaders(try HeaderModifier(modifier))
        case .redirect(let redirect): self = .redirect(try Redirect(redirect))
        case .responseHeaderModifier(let modifier): self = .responseHeaders(try HeaderModifier(modifier))
        case nil: throw .missing("filter.kind")
        }
    }

    var wireOutbound: OutboundHTTPRouteMessage.Filter {
        switch self {
        case .failure(let failure): .with { $0.failureInjector = failure.wireHTTP }
        case .requestHeaders(let modifier): .with { $0.requestHeaderModifier = modifier.wireRequest }
        case .redirect(let redirect): .with { $0.redirect = redirect.wire }
        case .responseHeaders(let modifier): .with { $0.responseHeaderModifier = modifier.wireResponse }
        }
    }
}

extension GRPCFilter {
    init(_ wire: InboundGRPCRouteMessage.Filter) throws(WireError) {
        switch wire.kind {
        case .failureInjector(let failure): self = .failure(try FailureInjector(failure))
        case .requestHeaderModifier(let modifier): self = .requestHeaders(try HeaderModifier(modifier))
        case nil: throw .missing("filter.kind")
        }
    }

    var wireInbound: InboundGRPCRouteMessage.Filter {
        switch self {
        case .failure(let failure): .with { $0.failureInjector = failure.wireGRPC }
        case .requestHeaders(let modifier): .with { $0.requestHeaderModifier = modifier.wireRequest }
        }
    }

    init(_ wire: OutboundGRPCRouteMessage.Filter) throws(WireError) {
        switch wire.kind {
        case .failureInjector(let failure): self = .failure(try FailureInjector(failure))
        case .requestHeaderModifier(let modifier): self = .requestHeaders(try HeaderModifier(modifier))
        case nil: throw .missing("filter.kind")
        }
    }

    var wireOutbound: OutboundGRPCRouteMessage.Filter {
        switch self {
        case .failure(let failure): .with { $0.failureInjector = failure.wireGRPC }
        case .requestHeaders(let modifier): .with { $0.requestHeaderModifier = modifier.wireRequest }
        }
    }
}
