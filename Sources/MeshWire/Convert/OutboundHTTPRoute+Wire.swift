internal import MeshModel
internal import MeshPolicy
internal import SwiftProtobuf

extension OutboundRoute<HTTPKind> {
    init(_ wire: OutboundHTTPRouteMessage) throws(WireError) {
        guard wire.hasMetadata else { throw .missing("route.metadata") }
        self.init(
            metadata: try PolicyMetadata(wire.metadata, "route.metadata"),
            hosts: try wire.hosts.converted { (host) throws(WireError) in try HostMatch(host) },
            rules: try wire.rules.converted { (rule) throws(WireError) in try Rule(rule) })
    }

    var wire: OutboundHTTPRouteMessage {
        .with {
            $0.metadata = self.metadata.wire
            $0.hosts = self.hosts.map(\.wireHost)
            $0.rules = self.rules.map(\.wire)
        }
    }
}

extension OutboundRoute<HTTPKind>.Rule {
    init(_ wire: OutboundHTTPRouteMessage.Rule) throws(WireError) {
        guard wire.hasBackends else { throw .missing("rule.backends") }
        var timeouts = Timeouts()
        if wire.hasTimeouts {
            timeouts = try Timeouts(wire.timeouts)
        } else if wire.hasRequestTimeout {
            timeouts.request = try Duration(wire.requestTimeout, "rule.requestTimeout")
        }
        self.init(
            matches: try wire.matches.converted { (match) throws(WireError) in try HTTPRouteMatch(match) },
            filters: try wire.filters.converted { (filter) throws(WireError) in try HTTPFilter(filter) },
            distribution: try Distribution<HTTPKind>(wire.backends), timeouts: timeouts,
            retry: wire.hasRetry ? try Retry(wire.retry) : nil,
            allowsRequestOverrides: wire.allowL5DRequestHeaders)
    }

    var wire: OutboundHTTPRouteMessage.Rule {
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

extension Distribution<HTTPKind> {
    init(_ wire: OutboundHTTPRouteMessage.Distribution) throws(WireError) {
        switch wire.kind {
        case .empty: self = .empty
        case .firstAvailable(let list):
            guard !list.backends.isEmpty else { throw .missing("first_available.backends") }
            self = .firstAvailable(
                try list.backends.converted { (backend) throws(WireError) in
                    try RouteBackend<HTTPKind>(backend, weight: 1)
                })
        case .randomAvailable(let list):
            guard !list.backends.isEmpty else { throw .missing("random_available.backends") }
            self = .random(
                try list.backends.converted { (backend) throws(WireError) in
                    guard backend.hasBackend else { throw .missing("random_available.backend") }
                    return try RouteBackend<HTTPKind>(backend.backend, weight: backend.weight)
                })
        case nil: throw .missing("backends.kind")
        }
    }

    var wire: OutboundHTTPRouteMessage.Distribution {
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

extension RouteBackend<HTTPKind> {
    init(_ wire: OutboundHTTPRouteMessage.RouteBackend, weight: UInt32) throws(WireError) {
        guard wire.hasBackend else { throw .missing("backend") }
        self.init(
            try Backend(wire.backend),
            filters: try wire.filters.converted { (filter) throws(WireError) in try HTTPFilter(filter) }, weight: weight
        )
    }

    var wire: OutboundHTTPRouteMessage.RouteBackend {
        .with {
            $0.backend = self.backend.wire
            $0.filters = self.filters.map(\.wireOutbound)
        }
    }
}

extension Retry<[ClosedRange<UInt16>]> {
    init(_ wire: OutboundHTTPRouteMessage.Retry) throws(WireError) {
        guard wire.hasConditions else { throw .missing("retry.conditions") }
        guard let maxRetries = UInt16(exactly: wire.maxRetries) else {
            throw .invalid("retry.max_retries", value: "\(wire.maxRetries)")
        }
        self.init(
            maxRetries: maxRetries, maxRequestBytes: wire.maxRequestBytes,
            conditions: try wire.conditions.statusRanges.converted { (range) throws(WireError) in
                guard 1 <= range.start, range.start <= range.end, range.end <= 599 else {
                    throw .invalid("retry.status_ranges", value: "\(range.start)-\(range.end)")
                }
                return UInt16(range.start)...UInt16(range.end)
            },
            timeout: wire.hasTimeout ? try Duration(wire.timeout, "retry.timeout") : nil,
            backoff: wire.hasBackoff ? try Backoff(wire.backoff) : nil)
    }

    var wire: OutboundHTTPRouteMessage.Retry {
        .with {
            $0.maxRetries = UInt32(self.maxRetries)
            $0.maxRequestBytes = self.maxRequestBytes
            $0.conditions = .with {
                $0.statusRanges = self.conditions.map { range in
                    .with {
                        $0.start = UInt32(range.lowerBound)
                        $0.end = UInt32(range.upperBound)
                    }
                }
            }
            if let timeout { $0.timeout = timeout.wire }
            if let backoff { $0.backoff = backoff.wire }
        }
    }
}
