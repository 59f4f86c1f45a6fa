/// One aspect of an object's state.
public struct Condition: Codable, Hashable, Sendable {
    /// The aspect, such as `Accepted`.
    public var type: String
    /// Whether it holds.
    public var status: ConditionStatus
    /// The generation of the spec that was looked at.
    public var observedGeneration: Int64?
    /// When `status` last changed.
    public var lastTransitionTime: Timestamp?
    /// One word for programs.
    public var reason: String?
    /// A sentence for people.
    public var message: String?

    /// A value with these fields.
    public init(
        type: String, status: ConditionStatus, observedGeneration: Int64? = nil, lastTransitionTime: Timestamp? = nil,
        reason: String? = nil, message: String? = nil
    ) {
        self.type = type
        self.status = status
        self.observedGeneration = observedGeneration
        self.lastTransitionTime = lastTransitionTime
        self.reason = reason
        self.message = message
    }
}

/// Whether a condition holds.
public enum ConditionStatus: String, Hashable, Sendable, Codable, CaseIterable {
    /// It holds.
    case `true` = "True"
    /// It does not hold.
    case `false` = "False"
    /// Nobody can tell.
    case unknown = "Unknown"
}
