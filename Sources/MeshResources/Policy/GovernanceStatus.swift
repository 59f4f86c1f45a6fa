/// What a policy object says of itself: whether it is used, and how much it governs.
public struct GovernanceStatus: Codable, Hashable, Sendable {
    /// `Accepted` and `ResolvedRefs`.
    public var conditions: [Condition]
    /// How many workloads the object has a say in.
    public var workloads: Int?
    /// How many ports of those workloads.
    public var ports: Int?

    /// A value with these fields.
    public init(conditions: [Condition] = [], workloads: Int? = nil, ports: Int? = nil) {
        self.conditions = conditions
        self.workloads = workloads
        self.ports = ports
    }
}

extension GovernanceStatus: Omissible {
    static let omitted = GovernanceStatus()
}
