internal import MeshPolicy
internal import SwiftProtobuf

extension OutboundRoute<TLSKind> {
    /// A route has exactly one rule.
    init(_ wire: OutboundTLSRouteMessage) throws(WireError) {
        guard wire.hasMetadata else { throw .missing("route.metadata") }
        guard wire.rules.count == 1 else { throw .invalid("route.rules", value: "\(wire.rules.count) rules") }
        self.init(
            metadata: try PolicyMetadata(wire.metadata, "route.metadata"),
            hosts: try wire.snis.converted { (sni) throws(WireError) in try HostMatch(sni) },
            rules: try wire.rules.converted { (rule) throws(WireError) in
                guard rule.hasBackends else { throw .missing("rule.backends") }
                return Rule(
                    filters: try rule.filters.converted { (filter) throws(WireError) in
                        try ConnectionFilter(filter)
                    }, distribution: try Distribution<TLSKind>(rule.backends))
            })
    }

    var wire: OutboundTLSRouteMessage {
        .with {
            $0.metadata = self.metadata.wire
            $0.snis = self.hosts.map(\.wireSNI)
            $0.rules = self.rules.map { rule in
                .with {
                    $0.filters = rule.filters.map { OutboundTLSRouteMessage.Filter($0) }
                    $0.backends = rule.distribution.wire
                }
            }
        }
    }
}

extension Distribution<TLSKind> {
    init(_ wire: OutboundTLSRouteMessage.Distribution) throws(WireError) {
        switch wire.kind {
        case .empty: self = .empty
        case .firstAvailable(let list):
            guard !list.backends.isEmpty else { throw .missing("first_available.backends") }
            self = .firstAvailable(
                try list.backends.converted { (backend) throws(WireError) in
                    try RouteBackend<TLSKind>(backend, weight: 1)
                })
        case .randomAvailable(let list):
            guard !list.backends.isEmpty else { throw .missing("random_available.backends") }
            self = .random(
                try list.backends.converted { (backend) throws(WireError) in
                    guard backend.hasBackend else { throw .missing("random_available.backend") }
                    return try RouteBackend<TLSKind>(backend.backend, weight: backend.weight)
                })
        case nil: throw .missing("backends.kind")
        }
    }

    var wire: OutboundTLSRouteMessage.Distribution {
        .with {
            switch self {
            case .empty: $0.empty = .init()
            case .firstAvailable(let backends):
                $0.firstAvailable = .with { $0.backends = backends.map(\.wire) }
            case .random(let backends):
                $0.randomAvailable = .with {
                    $0.backends = backends.map { backend in
                        .with {
                            $0.backend = backend.wire
                            $0.weight = backend.weight
                        }
                    }
                }
            }
        }
    }
}

extension RouteBackend<TLSKind> {
    init(_ wire: OutboundTLSRouteMessage.RouteBackend, weight: UInt32) throws(WireError) {
        guard wire.hasBackend else { throw .missing("backend") }
        self.init(
            try Backend(wire.backend),
            filters: try wire.filters.converted { (filter) throws(WireError) in try ConnectionFilter(filter) },
            weight: weight)
    }

    var wire: OutboundTLSRouteMessage.RouteBackend {
        .with {
            $0.backend = self.backend.wire
            $0.filters = self.filters.map { OutboundTLSRouteMessage.Filter($0) }
        }
    }
}

extension ConnectionFilter {
    init(_ wire: OutboundTLSRouteMessage.Filter) throws(WireError) {
        switch wire.kind {
        case .invalid(let invalid): self = .invalid(invalid.message)
        case .forbidden: self = .forbidden
        case nil: throw .missing("filter.kind")
        }
    }
}

extension OutboundTLSRouteMessage.Filter {
    init(_ filter: ConnectionFilter) {
        self.init()
        switch filter {
        case .invalid(let message): self.invalid = .with { $0.message = message }
        case .forbidden: self.forbidden = .init()
        }
    }
}
