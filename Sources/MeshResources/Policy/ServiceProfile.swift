/// Routes, retries and splits of a service, by its full DNS name.
public struct ServiceProfile: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "linkerd.io", version: "v1alpha2", kind: "ServiceProfile", plural: "serviceprofiles")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// The routes and the rest.
    public var spec: ServiceProfileSpec

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: ServiceProfileSpec = ServiceProfileSpec()) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// Routes, retries and splits of a service.
public struct ServiceProfileSpec: Codable, Hashable, Sendable {
    /// First match wins.
    public var routes: [ProfileRoute]
    /// How much retries may add.
    public var retryBudget: RetryBudget?
    /// Where traffic goes instead.
    public var dstOverrides: [WeightedDestination]

    /// A value with these fields.
    public init(
        routes: [ProfileRoute] = [], retryBudget: RetryBudget? = nil, dstOverrides: [WeightedDestination] = []
    ) {
        self.routes = routes
        self.retryBudget = retryBudget
        self.dstOverrides = dstOverrides
    }
}

extension ServiceProfileSpec: Omissible {
    static let omitted = ServiceProfileSpec()
}

/// A class of requests.
public struct ProfileRoute: Codable, Hashable, Sendable {
    /// Shown in metrics.
    public var name: String
    /// Which requests.
    public var condition: RequestMatch
    /// True allows retries.
    public var isRetryable: Bool
    /// A Go duration.
    public var timeout: String?
    /// What counts as a failure.
    public var responseClasses: [ResponseClass]

    /// A value with these fields.
    public init(
        name: String, condition: RequestMatch = RequestMatch(), isRetryable: Bool = false, timeout: String? = nil,
        responseClasses: [ResponseClass] = []
    ) {
        self.name = name
        self.condition = condition
        self.isRetryable = isRetryable
        self.timeout = timeout
        self.responseClasses = responseClasses
    }
}

/// Which requests; at least one field is present, and all that are must hold.
public struct RequestMatch: Codable, Hashable, Sendable {
    /// All of these.
    public var all: [RequestMatch]
    /// Any of these.
    public var any: [RequestMatch]
    /// Not this.
    public var not: Indirect<RequestMatch>?
    /// The whole path.
    public var pathRegex: String?
    /// The method.
    public var method: String?

    /// A value with these fields.
    public init(
        all: [RequestMatch] = [], any: [RequestMatch] = [], not: Indirect<RequestMatch>? = nil,
        pathRegex: String? = nil, method: String? = nil
    ) {
        self.all = all
        self.any = any
        self.not = not
        self.pathRegex = pathRegex
        self.method = method
    }
}

extension RequestMatch: Omissible {
    static let omitted = RequestMatch()
}

/// What counts as a failure.
public struct ResponseClass: Codable, Hashable, Sendable {
    /// Which responses.
    public var condition: ResponseMatch
    /// True for a failure.
    public var isFailure: Bool

    /// A value with these fields.
    public init(condition: ResponseMatch = ResponseMatch(), isFailure: Bool = false) {
        self.condition = condition
        self.isFailure = isFailure
    }
}

extension ResponseClass: Omissible {
    static let omitted = ResponseClass()
}

/// Which responses; at least one field is present, and all that are must hold.
public struct ResponseMatch: Codable, Hashable, Sendable {
    /// All of these.
    public var all: [ResponseMatch]
    /// Any of these.
    public var any: [ResponseMatch]
    /// Not this.
    public var not: Indirect<ResponseMatch>?
    /// The status.
    public var status: StatusRange?

    /// A value with these fields.
    public init(
        all: [ResponseMatch] = [], any: [ResponseMatch] = [], not: Indirect<ResponseMatch>? = nil,
        status: StatusRange? = nil
    ) {
        self.all = all
        self.any = any
        self.not = not
        self.status = status
    }
}

extension ResponseMatch: Omissible {
    static let omitted = ResponseMatch()
}

/// Statuses of HTTP; an absent or zero bound is open.
public struct StatusRange: Codable, Hashable, Sendable {
    /// The smallest.
    public var min: UInt32?
    /// The largest.
    public var max: UInt32?

    /// A value with these fields.
    public init(min: UInt32? = nil, max: UInt32? = nil) {
        self.min = min
        self.max = max
    }
}

extension StatusRange: Omissible {
    static let omitted = StatusRange()
}

/// How much retries may add.
public struct RetryBudget: Codable, Hashable, Sendable {
    /// Always allowed.
    public var minRetriesPerSecond: UInt32
    /// Share of requests that may be retries.
    public var retryRatio: Double
    /// How long requests count, a Go duration.
    public var ttl: String

    /// A value with these fields.
    public init(minRetriesPerSecond: UInt32, retryRatio: Double, ttl: String) {
        self.minRetriesPerSecond = minRetriesPerSecond
        self.retryRatio = retryRatio
        self.ttl = ttl
    }
}

/// Where a part of the traffic goes.
public struct WeightedDestination: Codable, Hashable, Sendable {
    /// Name and port.
    public var authority: String
    /// Its share.
    public var weight: Quantity

    /// A value with these fields.
    public init(authority: String, weight: Quantity) {
        self.authority = authority
        self.weight = weight
    }
}
