/// Limits the requests that each proxy lets in.
public struct HTTPLocalRateLimitPolicy: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "policy.linkerd.io", version: "v1alpha1", kind: "HTTPLocalRateLimitPolicy",
        plural: "httplocalratelimitpolicies")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// The limits.
    public var spec: HTTPLocalRateLimitPolicySpec
    /// What the controller made of it.
    public var status: HTTPLocalRateLimitPolicyStatus

    /// A value with these fields.
    public init(
        metadata: ObjectMeta, spec: HTTPLocalRateLimitPolicySpec,
        status: HTTPLocalRateLimitPolicyStatus = HTTPLocalRateLimitPolicyStatus()
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// The limits of one Server.
public struct HTTPLocalRateLimitPolicySpec: Codable, Hashable, Sendable {
    /// The Server.
    public var targetRef: LocalTargetReference
    /// For all clients together.
    public var total: RateLimit?
    /// For each client identity.
    public var identity: RateLimit?
    /// For some identities instead.
    public var overrides: [RateLimitOverride]

    /// A value with these fields.
    public init(
        targetRef: LocalTargetReference, total: RateLimit? = nil, identity: RateLimit? = nil,
        overrides: [RateLimitOverride] = []
    ) {
        self.targetRef = targetRef
        self.total = total
        self.identity = identity
        self.overrides = overrides
    }
}

/// A number of requests in a second.
public struct RateLimit: Codable, Hashable, Sendable {
    /// More than 0.
    public var requestsPerSecond: UInt32

    /// A value with these fields.
    public init(requestsPerSecond: UInt32) {
        self.requestsPerSecond = requestsPerSecond
    }
}

/// A limit for some identities.
public struct RateLimitOverride: Codable, Hashable, Sendable {
    /// More than 0.
    public var requestsPerSecond: UInt32
    /// The ServiceAccounts.
    public var clientRefs: [NamespacedTargetReference]

    /// A value with these fields.
    public init(requestsPerSecond: UInt32, clientRefs: [NamespacedTargetReference] = []) {
        self.requestsPerSecond = requestsPerSecond
        self.clientRefs = clientRefs
    }
}

/// What the controller made of a rate limit.
public struct HTTPLocalRateLimitPolicyStatus: Codable, Hashable, Sendable {
    /// `Accepted`.
    public var conditions: [Condition]
    /// The Server that was found.
    public var targetRef: LocalTargetReference?

    /// A value with these fields.
    public init(conditions: [Condition] = [], targetRef: LocalTargetReference? = nil) {
        self.conditions = conditions
        self.targetRef = targetRef
    }
}

extension HTTPLocalRateLimitPolicyStatus: Omissible {
    static let omitted = HTTPLocalRateLimitPolicyStatus()
}
