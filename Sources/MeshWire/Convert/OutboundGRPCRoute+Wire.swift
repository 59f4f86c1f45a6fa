internal import MeshModel
internal import MeshPolicy
internal import SwiftProtobuf

extension OutboundRoute<GRPCKind> {
    init(_ wire: OutboundGRPCRouteMessage) throws(WireError) {
        guard wire.hasMetadata else { throw .missing("route.metadata") }
        self.init(
            metadata: try PolicyMetadata(wire.metadata, "route.metadata"),
            hosts: try wire.hosts.converted { (host) throws(WireError) in try HostMatch(host) },
            rules: try wire.rules.converted { (rule) throws(WireError) in try Rule(rule) })
    }

    var wire: OutboundGRPCRouteMessage {
        .with {
            $0.metadata = self.metadata.wire
            $0.hosts = self.hosts.map(\.wireHost)
            $0.rules = self.rules.map(\.wire)
        }
    }
}

extension OutboundRoute<GRPCKind>.Rule {
    init(_ wire: OutboundGRPCRouteMessage.Rule) throws(WireError) {
        guard wire.hasBackends else { throw .missing("rule.backends") }
        var timeouts = Timeouts()
        if wire.hasTimeouts {
            timeouts = try Timeouts(wire.timeouts)
        } else if wire.hasRequestTimeout {
            timeouts.request = try Duration(wire.requestTimeout, "rule.requestTimeout")
        }
        self.init(
            matches: try wire.matches.converted { (match) throws(WireError) in try GRPCRouteMatch(match) },
            filters: try wire.filters.converted { (filter) throws(WireError) in try GRPCFilter(filter) },
            distribution: try Distribution<GRPCKind>(wire.backends), timeouts: timeouts,
            retry: wire.hasRetry ? try Retry(wire.retry) : nil,
            allowsRequestOverrides: wire.allowL5DRequestHeaders)
    }

    var wire: OutboundGRPCRouteMessage.Rule {
        .with {
            $0.matches = self.matches.map(\.wire)
            $0.filters = self.filters.map(\.wireOutbound)
            $0.backends = self.distribution.wire
            $0.timeouts = self.timeouts.wire
            if let request = self.timeouts.request { $0.requestTimeout = request.wire }
            if let retry { $0.retry = retry.wire }
            $0.allowL5DRequestHeaders = self.allowsRequestOverrides
        }
    }
}

extension Distribution<GRPCKind> {
    init(_ wire: OutboundGRPCRouteMessage.Distribution) throws(WireError) {
        switch wire.kind {
        case .empty: self = .empty
        case .firstAvailable(let list):
            guard !list.backends.isEmpty else { throw .missing("first_available.backends") }
            self = .firstAvailable(
                try list.backends.converted { (backend) throws(WireError) in
                    try RouteBackend<GRPCKind>(backend, weight: 1)
                })
        case .randomAvailable(let list):
            guard !list.backends.isEmpty else { throw .missing("random_available.backends") }
            self = .random(
                try list.backends.converted { (backend) throws(WireError) in
                    guard backend.hasBackend else { throw .missing("random_available.backend") }
                    return try RouteBackend<GRPCKind>(backend.backend, weight: backend.weight)
                })
        case nil: throw .missing("backends.kind")
        }
    }

    var wire: OutboundGRPCRouteMessage.Distribution {
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

extension RouteBackend<GRPCKind> {
    init(_ wire: OutboundGRPCRouteMessage.RouteBackend, weight: UInt32) throws(WireError) {
        guard wire.hasBackend else { throw .missing("backend") }
        self.init(
            try Backend(wire.backend),
            filters: try wire.filters.converted { (filter) throws(WireError) in try GRPCFilter(filter) }, weight: weight
        )
    }

    var wire: OutboundGRPCRouteMessage.RouteBackend {
        .with {
            $0.backend = self.backend.wire
            $0.filters = self.filters.map(\.wireOutbound)
        }
    }
}

extension Retry<GRPCCodes> {
    init(_ wire: OutboundGRPCRouteMessage.Retry) throws(WireError) {
        guard wire.hasConditions else { throw .missing("retry.conditions") }
        guard let maxRetries = UInt16(exactly: wire.maxRetries) else {
            throw .invalid("retry.max_retries", value: "\(wire.maxRetries)")
        }
        self.init(
            maxRetries: maxRetries, maxRequestBytes: wire.maxRequestBytes,
            conditions: GRPCCodes(wire.conditions),
            timeout: wire.hasTimeout ? try Duration(wire.timeout, "retry.timeout") : nil,
            backoff: wire.hasBackoff ? try Backoff(wire.backoff) : nil)
    }

    var wire: OutboundGRPCRouteMessage.Retry {
        .with {
            $0.maxRetries = UInt32(self.maxRetries)
            $0.maxRequestBytes = self.maxRequestBytes
            $0.conditions = self.conditions.wire
            if let timeout { $0.timeout = timeout.wire }
            if let backoff { $0.backoff = backoff.wire }
        }
    }
}

extension GRPCCodes {
    init(_ wire: OutboundGRPCRouteMessage.Retry.Conditions) {
        self = []
        if wire.cancelled { self.insert(.cancelled) }
        if wire.deadineExceeded { self.insert(.deadlineExceeded) }
        if wire.resourceExhausted { self.insert(.resourceExhausted) }
        if wire.internal { self.insert(.internal) }
        if wire.unavailable { self.insert(.unavailable) }
    }

    var wire: OutboundGRPCRouteMessage.Retry.Conditions {
        .with {
            $0.cancelled = self.contains(.cancelled)
            $0.deadineExceeded = self.contains(.deadlineExceeded)
            $0.resourceExhausted = self.contains(.resourceExhausted)
            $0.internal = self.contains(.internal)
            $0.unavailable = self.contains(.unavailable)
        }
    }
}
