/// Where the requests of a rule go.
public enum Distribution<Kind: RouteKind>: Hashable, Sendable {
    /// Nowhere: they fail.
    case empty
    /// To the first backend that is ready.
    case firstAvailable([RouteBackend<Kind>])
    /// To a random ready backend, by weight.
    case random([RouteBackend<Kind>])

    /// The backends in order.
    public var backends: [RouteBackend<Kind>] {
        switch self {
        case .empty: []
        case .firstAvailable(let backends), .random(let backends): backends
        }
    }
}

/// A backend as one rule uses it.
public struct RouteBackend<Kind: RouteKind>: Hashable, Sendable {
    /// Where requests go.
    public var backend: Backend
    /// Applied in order, after this backend was chosen.
    public var filters: [Kind.Filter]
    /// Relative; only for random distributions.
    public var weight: UInt32

    /// A backend of weight 1 without filters unless given.
    public init(_ backend: Backend, filters: [Kind.Filter] = [], weight: UInt32 = 1) {
        self.backend = backend
        self.filters = filters
        self.weight = weight
    }
}

/// A place that requests are sent to.
public struct Backend: Hashable, Sendable {
    /// How a backend is reached.
    public enum Target: Hashable, Sendable {
        /// Load is balanced over the endpoints that discovery finds under `path` (`<svc>.<ns>.svc.<domain>:<port>`).
        case balance(path: String, load: LoadEstimate)
        /// One endpoint.
        case forward(Endpoint)
        /// Nowhere: requests fail.
        case fail
    }

    /// The Service or EgressNetwork behind it.
    public var metadata: PolicyMetadata
    /// How it is reached.
    public var target: Target
    /// Requests that wait for a ready endpoint.
    public var queue: Queue
    /// Index of the endpoint set in the snapshot of the proxy that uses the policy; -1 in compiled policies.
    public var slot: Int32

    /// A backend with the default queue unless given.
    public init(metadata: PolicyMetadata, target: Target, queue: Queue = Queue(), slot: Int32 = -1) {
        self.metadata = metadata
        self.target = target
        self.queue = queue
        self.slot = slot
    }
}

/// Requests that wait for a ready endpoint.
public struct Queue: Hashable, Sendable {
    /// How many may wait.
    public var capacity: UInt32
    /// How long the first may wait before all fail.
    public var failfastTimeout: Duration

    /// 100 requests and 3 s unless given.
    public init(capacity: UInt32 = 100, failfastTimeout: Duration = .seconds(3)) {
        self.capacity = capacity
        self.failfastTimeout = failfastTimeout
    }
}

/// How the load of an endpoint is estimated.
public struct LoadEstimate: Hashable, Sendable {
    /// How failures count.
    public struct Penalty: Hashable, Sendable {
        /// The latency that a failure counts as.
        public var latency: Duration
        /// No longer hint to wait is believed.
        public var maxRetryAfter: Duration
        /// How fast the penalty is forgotten.
        public var decay: Duration

        /// 5 s, 300 s and 10 s unless given.
        public init(
            latency: Duration = .seconds(5), maxRetryAfter: Duration = .seconds(300), decay: Duration = .seconds(10)
        ) {
            self.latency = latency
            self.maxRetryAfter = maxRetryAfter
            self.decay = decay
        }
    }

    /// Latency of an endpoint that has not answered yet.
    public var defaultRTT: Duration
    /// How fast past latency is forgotten.
    public var decay: Duration
    /// Nil when failures do not count.
    public var penalty: Penalty?

    /// 30 ms, 10 s and no penalty unless given.
    public init(
        defaultRTT: Duration = .milliseconds(30), decay: Duration = .seconds(10), penalty: Penalty? = nil
    ) {
        self.defaultRTT = defaultRTT
        self.decay = decay
        self.penalty = penalty
    }
}
