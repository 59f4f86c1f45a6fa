internal import MeshModel
public import MeshPolicy
internal import SwiftProtobuf

extension Profile {
    /// Takes over a profile.
    ///
    /// Profiles only refine how a target is called, so that a route, an override or a budget that makes no sense is
    /// left out and the rest holds.
    public init(_ wire: Io_Linkerd_Proxy_Destination_DestinationProfile) {
        self.init(
            fullyQualifiedName: wire.fullyQualifiedName, isOpaque: wire.opaqueProtocol,
            // Left out for the reason above; the outbound policy still says where the target is.
            endpoint: wire.hasEndpoint ? try? Endpoint(wire.endpoint) : nil,
            routes: wire.routes.compactMap { try? ProfileRoute($0) },
            retryBudget: wire.hasRetryBudget ? RetryBudget(wire.retryBudget) : nil,
            overrides: wire.dstOverrides.compactMap { WeightedTarget($0) },
            parent: wire.hasParentRef ? try? PolicyMetadata(wire.parentRef) : nil,
            profile: wire.hasProfileRef ? try? PolicyMetadata(wire.profileRef) : nil)
    }

    /// The message of this profile.
    public var wire: Io_Linkerd_Proxy_Destination_DestinationProfile {
        .with {
            $0.fullyQualifiedName = self.fullyQualifiedName
            $0.opaqueProtocol = self.isOpaque
            if let endpoint { $0.endpoint = endpoint.wire }
            $0.routes = self.routes.map(\.wire)
            if let retryBudget { $0.retryBudget = retryBudget.wire }
            $0.dstOverrides = self.overrides.map(\.wire)
            if let parent { $0.parentRef = parent.wire }
            if let profile { $0.profileRef = profile.wire }
        }
    }
}

extension WeightedTarget {
    fileprivate init?(_ wire: Io_Linkerd_Proxy_Destination_WeightedDst) {
        guard !wire.authority.isEmpty else { return nil }
        self.init(
            authority: wire.authority, weight: wire.weight,
            // Only for metrics.
            backend: wire.hasBackendRef ? try? PolicyMetadata(wire.backendRef) : nil)
    }

    fileprivate var wire: Io_Linkerd_Proxy_Destination_WeightedDst {
        .with {
            $0.authority = self.authority
            $0.weight = self.weight
            if let backend { $0.backendRef = backend.wire }
        }
    }
}

extension RetryBudget {
    /// Nil for a budget outside its limits: then nothing is retried.
    fileprivate init?(_ wire: Io_Linkerd_Proxy_Destination_RetryBudget) {
        guard wire.retryRatio.isFinite, (0...1000).contains(wire.retryRatio), wire.hasTtl,
            // Only its being in range matters.
            let ttl = try? Duration(wire.ttl, "retry_budget.ttl"), (.seconds(1) ... .seconds(60)).contains(ttl)
        else { return nil }
        self.init(ratio: wire.retryRatio, minRetriesPerSecond: wire.minRetriesPerSecond, ttl: ttl)
    }

    fileprivate var wire: Io_Linkerd_Proxy_Destination_RetryBudget {
        .with {
            $0.retryRatio = self.ratio
            $0.minRetriesPerSecond = self.minRetriesPerSecond
            $0.ttl = self.ttl.wire
        }
    }
}

extension ProfileRoute {
    fileprivate init(_ wire: Io_Linkerd_Proxy_Destination_Route) throws(WireError) {
        guard wire.hasCondition else { throw .missing("route.condition") }
        self.init(
            condition: try RequestCondition(wire.condition),
            responseClasses: try wire.responseClasses.converted { (item) throws(WireError) in
                guard item.hasCondition else { throw .missing("response_class.condition") }
                return ResponseClass(condition: try ResponseCondition(item.condition), isFailure: item.isFailure)
            },
            labels: wire.metricsLabels, isRetryable: wire.isRetryable,
            timeout: wire.hasTimeout ? try Duration(wire.timeout, "route.timeout") : nil)
    }

    fileprivate var wire: Io_Linkerd_Proxy_Destination_Route {
        .with {
            $0.condition = self.condition.wire
            $0.responseClasses = self.responseClasses.map { item in
                .with {
                    $0.condition = item.condition.wire
                    $0.isFailure = item.isFailure
                }
            }
            $0.metricsLabels = self.labels
            $0.isRetryable = self.isRetryable
            if let timeout { $0.timeout = timeout.wire }
        }
    }
}

extension RequestCondition {
    // Depth is bounded by the decoder of messages, which refuses more than 100 levels.
    fileprivate init(_ wire: Io_Linkerd_Proxy_Destination_RequestMatch) throws(WireError) {
        switch wire.match {
        case .all(let sequence):
            self = .all(try sequence.matches.converted { (match) throws(WireError) in try RequestCondition(match) })
        case .any(let sequence):
            self = .any(try sequence.matches.converted { (match) throws(WireError) in try RequestCondition(match) })
        case .not(let match): self = .not(try RequestCondition(match))
        case .path(let path): self = .path(try LinearRegex(wire: path.regex, "path.regex"))
        case .method(let method): self = .method(try method.token())
        case nil: throw .missing("match")
        }
    }

    fileprivate var wire: Io_Linkerd_Proxy_Destination_RequestMatch {
        .with {
            switch self {
            case .all(let conditions): $0.all = .with { $0.matches = conditions.map(\.wire) }
            case .any(let conditions): $0.any = .with { $0.matches = conditions.map(\.wire) }
            case .not(let condition): $0.not = condition.wire
            case .path(let regex): $0.path = .with { $0.regex = regex.pattern }
            case .method(let token): $0.method = WireMethod(token: token)
            }
        }
    }
}

extension ResponseCondition {
    fileprivate init(_ wire: Io_Linkerd_Proxy_Destination_ResponseMatch) throws(WireError) {
        switch wire.match {
        case .all(let sequence):
            self = .all(try sequence.matches.converted { (match) throws(WireError) in try ResponseCondition(match) })
        case .any(let sequence):
            self = .any(try sequence.matches.converted { (match) throws(WireError) in try ResponseCondition(match) })
        case .not(let match): self = .not(try ResponseCondition(match))
        case .status(let range):
            guard 100 <= range.min, range.min <= range.max, range.max <= 599 else {
                throw .invalid("response_class.status", value: "\(range.min)-\(range.max)")
            }
            self = .status(UInt16(range.min)...UInt16(range.max))
        case nil: throw .missing("match")
        }
    }

    fileprivate var wire: Io_Linkerd_Proxy_Destination_ResponseMatch {
        .with {
            switch self {
            case .all(let conditions): $0.all = .with { $0.matches = conditions.map(\.wire) }
            case .any(let conditions): $0.any = .with { $0.matches = conditions.map(\.wire) }
            case .not(let condition): $0.not = condition.wire
            case .status(let range):
                $0.status = .with {
                    $0.min = UInt32(range.lowerBound)
                    $0.max = UInt32(range.upperBound)
                }
            }
        }
    }
}
