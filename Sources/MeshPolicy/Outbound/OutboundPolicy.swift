public import MeshModel

/// The policy of one target that a workload calls.
public struct OutboundPolicy: Hashable, Sendable {
    /// The target: a Service, an EgressNetwork or an implicit one.
    public var metadata: PolicyMetadata
    /// How connections are read and routed.
    public var `protocol`: OutboundProtocol

    /// A policy for one target.
    public init(metadata: PolicyMetadata, protocol: OutboundProtocol) {
        self.metadata = metadata
        self.protocol = `protocol`
    }
}

/// How connections to a target are read and routed.
public enum OutboundProtocol: Hashable, Sendable {
    /// By looking at the first bytes for at most `timeout`.
    case detect(timeout: Duration, opaque: [OutboundRoute<OpaqueKind>], http1: OutboundHTTP, http2: OutboundHTTP)
    /// Not at all.
    case opaque([OutboundRoute<OpaqueKind>])
    /// HTTP/1.
    case http1(OutboundHTTP)
    /// HTTP/2.
    case http2(OutboundHTTP)
    /// gRPC.
    case grpc(OutboundGRPC)
    /// By server name, passed through.
    case tls([OutboundRoute<TLSKind>])
}

/// Routes of an HTTP target.
public typealias OutboundHTTP = OutboundRoutes<HTTPKind>
/// Routes of a gRPC target.
public typealias OutboundGRPC = OutboundRoutes<GRPCKind>

/// Routes of a target and when its endpoints are taken out.
public struct OutboundRoutes<Kind: RouteKind>: Hashable, Sendable {
    /// In order of precedence among equals.
    public var routes: [OutboundRoute<Kind>]
    /// Nil when endpoints are never taken out.
    public var failureAccrual: FailureAccrual?

    /// Routes, without failure accrual unless given.
    public init(routes: [OutboundRoute<Kind>], failureAccrual: FailureAccrual? = nil) {
        self.routes = routes
        self.failureAccrual = failureAccrual
    }
}

/// A route to a target.
public struct OutboundRoute<Kind: RouteKind>: Hashable, Sendable {
    /// What the route stems from.
    public var metadata: PolicyMetadata
    /// Hosts, or server names of TLS routes; empty for all.
    public var hosts: [HostMatch]
    /// What it matches and does.
    public var rules: [Rule]

    /// A rule of a route.
    public struct Rule: Hashable, Sendable {
        /// One of them must match; empty for all requests.
        public var matches: [Kind.Match]
        /// Applied in order, before a backend is chosen.
        public var filters: [Kind.Filter]
        /// Where requests go.
        public var distribution: Distribution<Kind>
        /// How long requests may take.
        public var timeouts: Timeouts
        /// Nil when nothing is retried.
        public var retry: Retry<Kind.RetryConditions>?
        /// True when `l5d-retry-*` and `l5d-timeout` of a request count.
        public var allowsRequestOverrides: Bool

        /// A rule that only forwards, unless more is given.
        public init(
            matches: [Kind.Match] = [], filters: [Kind.Filter] = [], distribution: Distribution<Kind>,
            timeouts: Timeouts = Timeouts(), retry: Retry<Kind.RetryConditions>? = nil,
            allowsRequestOverrides: Bool = false
        ) {
            self.matches = matches
            self.filters = filters
            self.distribution = distribution
            self.timeouts = timeouts
            self.retry = retry
            self.allowsRequestOverrides = allowsRequestOverrides
        }
    }

    /// A route for every host unless given.
    public init(metadata: PolicyMetadata, hosts: [HostMatch] = [], rules: [Rule]) {
        self.metadata = metadata
        self.hosts = hosts
        self.rules = rules
    }
}

/// How long a request may take; nil for no limit.
public struct Timeouts: Hashable, Sendable {
    /// From its first byte to the end of the answer.
    public var request: Duration?
    /// From its last byte to the end of the answer.
    public var response: Duration?
    /// Without any byte in either direction.
    public var idle: Duration?

    /// The given limits.
    public init(request: Duration? = nil, response: Duration? = nil, idle: Duration? = nil) {
        self.request = request
        self.response = response
        self.idle = idle
    }
}

/// How requests are retried.
public struct Retry<Conditions: Hashable & Sendable>: Hashable, Sendable {
    /// Attempts after the first.
    public var maxRetries: UInt16
    /// Larger bodies are not kept and so not retried.
    public var maxRequestBytes: UInt32
    /// Which answers are retried.
    public var conditions: Conditions
    /// Until the header of the answer, per attempt.
    public var timeout: Duration?
    /// Between attempts; nil for none.
    public var backoff: Backoff?

    /// Retries `conditions`.
    public init(
        maxRetries: UInt16, maxRequestBytes: UInt32 = 65536, conditions: Conditions, timeout: Duration? = nil,
        backoff: Backoff? = nil
    ) {
        self.maxRetries = maxRetries
        self.maxRequestBytes = maxRequestBytes
        self.conditions = conditions
        self.timeout = timeout
        self.backoff = backoff
    }
}
