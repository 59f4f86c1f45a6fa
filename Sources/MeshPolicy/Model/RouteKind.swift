/// What distinguishes the routes of one protocol: their matches, filters and retry conditions.
public protocol RouteKind: Sendable {
    /// What a rule matches.
    associatedtype Match: Hashable, Sendable
    /// What a rule or backend does to a request.
    associatedtype Filter: Hashable, Sendable
    /// Which answers are retried.
    associatedtype RetryConditions: Hashable, Sendable
}

/// HTTP/1 and HTTP/2 routes.
public enum HTTPKind: RouteKind {
    /// Path, headers, query and method.
    public typealias Match = HTTPRouteMatch
    /// Headers, redirects, injected failures.
    public typealias Filter = HTTPFilter
    /// Ranges of status codes.
    public typealias RetryConditions = [ClosedRange<UInt16>]
}

/// gRPC routes.
public enum GRPCKind: RouteKind {
    /// Service, method and headers.
    public typealias Match = GRPCRouteMatch
    /// Headers and injected failures.
    public typealias Filter = GRPCFilter
    /// Sets of gRPC codes.
    public typealias RetryConditions = GRPCCodes
}

/// Routes of connections whose bytes are not looked at.
public enum OpaqueKind: RouteKind {
    /// Nothing to match.
    public typealias Match = Never
    /// Refusals.
    public typealias Filter = ConnectionFilter
    /// Connections are not retried.
    public typealias RetryConditions = Never
}

/// Routes of TLS connections that pass through; their hosts are server names.
public enum TLSKind: RouteKind {
    /// Nothing but the server name.
    public typealias Match = Never
    /// Refusals.
    public typealias Filter = ConnectionFilter
    /// Connections are not retried.
    public typealias RetryConditions = Never
}

/// A set of gRPC status codes 0…63.
public struct GRPCCodes: OptionSet, Hashable, Sendable {
    /// Bit n stands for code n.
    public let rawValue: UInt64

    /// Makes a set from its bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The set of one code below 64.
    public init(code: UInt8) { self.init(rawValue: code < 64 ? 1 << UInt64(code) : 0) }

    /// CANCELLED.
    public static let cancelled = Self(code: 1)
    /// DEADLINE_EXCEEDED.
    public static let deadlineExceeded = Self(code: 4)
    /// RESOURCE_EXHAUSTED.
    public static let resourceExhausted = Self(code: 8)
    /// INTERNAL.
    public static let `internal` = Self(code: 13)
    /// UNAVAILABLE.
    public static let unavailable = Self(code: 14)
}
