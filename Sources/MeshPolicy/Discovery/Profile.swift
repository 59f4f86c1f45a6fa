public import MeshModel

/// What a name or address is, and its ServiceProfile.
public struct Profile: Hashable, Sendable {
    /// The Service's full name without port; empty for endpoints.
    public var fullyQualifiedName: String
    /// True when the protocol must not be detected.
    public var isOpaque: Bool
    /// Set when the target is one known endpoint.
    public var endpoint: Endpoint?
    /// First match wins.
    public var routes: [ProfileRoute]
    /// Nil when nothing is retried.
    public var retryBudget: RetryBudget?
    /// Where traffic goes instead of the name itself.
    public var overrides: [WeightedTarget]
    /// The Service.
    public var parent: PolicyMetadata?
    /// The ServiceProfile.
    public var profile: PolicyMetadata?

    /// An empty profile unless more is given.
    public init(
        fullyQualifiedName: String = "", isOpaque: Bool = false, endpoint: Endpoint? = nil,
        routes: [ProfileRoute] = [], retryBudget: RetryBudget? = nil, overrides: [WeightedTarget] = [],
        parent: PolicyMetadata? = nil, profile: PolicyMetadata? = nil
    ) {
        self.fullyQualifiedName = fullyQualifiedName
        self.isOpaque = isOpaque
        self.endpoint = endpoint
        self.routes = routes
        self.retryBudget = retryBudget
        self.overrides = overrides
        self.parent = parent
        self.profile = profile
    }
}

/// A destination with a share of the traffic.
public struct WeightedTarget: Hashable, Sendable {
    /// `host:port`, asked for in discovery.
    public var authority: String
    /// Relative.
    public var weight: UInt32
    /// The Service behind it.
    public var backend: PolicyMetadata?

    /// A target with a weight.
    public init(authority: String, weight: UInt32, backend: PolicyMetadata? = nil) {
        self.authority = authority
        self.weight = weight
        self.backend = backend
    }
}

/// How many retries are allowed relative to requests.
public struct RetryBudget: Hashable, Sendable {
    /// Retries per request, 0…1000.
    public var ratio: Float
    /// Allowed on top.
    public var minRetriesPerSecond: UInt32
    /// How long requests count, 1 s…60 s.
    public var ttl: Duration

    /// 0.2 retries per request, 10 per second and 10 s unless given.
    public init(ratio: Float = 0.2, minRetriesPerSecond: UInt32 = 10, ttl: Duration = .seconds(10)) {
        self.ratio = ratio
        self.minRetriesPerSecond = minRetriesPerSecond
        self.ttl = ttl
    }
}

/// A route of a ServiceProfile.
public struct ProfileRoute: Hashable, Sendable {
    /// Which requests it is for.
    public var condition: RequestCondition
    /// First match wins; without one, 5xx is a failure.
    public var responseClasses: [ResponseClass]
    /// Labels of its metrics, without the prefix `rt_`.
    public var labels: [String: String]
    /// True when failures may be retried.
    public var isRetryable: Bool
    /// Of all attempts together.
    public var timeout: Duration?

    /// A route that only counts unless more is given.
    public init(
        condition: RequestCondition, responseClasses: [ResponseClass] = [], labels: [String: String] = [:],
        isRetryable: Bool = false, timeout: Duration? = nil
    ) {
        self.condition = condition
        self.responseClasses = responseClasses
        self.labels = labels
        self.isRetryable = isRetryable
        self.timeout = timeout
    }
}

/// Which requests a ServiceProfile route is for.
public indirect enum RequestCondition: Hashable, Sendable {
    /// All of these hold.
    case all([RequestCondition])
    /// One of these holds.
    case any([RequestCondition])
    /// This does not hold.
    case not(RequestCondition)
    /// The whole path matches.
    case path(LinearRegex)
    /// The method is this token.
    case method(ByteString)
}

/// Whether some answers are failures.
public struct ResponseClass: Hashable, Sendable {
    /// Which answers.
    public var condition: ResponseCondition
    /// Failures or successes.
    public var isFailure: Bool

    /// Answers with `condition` are failures or successes.
    public init(condition: ResponseCondition, isFailure: Bool) {
        self.condition = condition
        self.isFailure = isFailure
    }
}

/// Which answers a class is for.
public indirect enum ResponseCondition: Hashable, Sendable {
    /// All of these hold.
    case all([ResponseCondition])
    /// One of these holds.
    case any([ResponseCondition])
    /// This does not hold.
    case not(ResponseCondition)
    /// The status lies in this range.
    case status(ClosedRange<UInt16>)
}
