/// Chooses objects by their labels.
public struct LabelSelector: Codable, Hashable, Sendable {
    /// Labels that must have exactly these values.
    public var matchLabels: [String: String]
    /// Further conditions; all must hold.
    public var matchExpressions: [LabelSelectorRequirement]

    /// A value with these fields.
    public init(matchLabels: [String: String] = [:], matchExpressions: [LabelSelectorRequirement] = []) {
        self.matchLabels = matchLabels
        self.matchExpressions = matchExpressions
    }
}

extension LabelSelector: Omissible {
    static let omitted = LabelSelector()
}

/// One condition on a label.
public struct LabelSelectorRequirement: Codable, Hashable, Sendable {
    /// The label.
    public var key: String
    /// How the label is compared.
    public var `operator`: LabelSelectorOperator
    /// What it is compared with.
    public var values: [String]

    /// A value with these fields.
    public init(key: String, operator: LabelSelectorOperator, values: [String] = []) {
        self.key = key
        self.operator = `operator`
        self.values = values
    }
}

/// How a label is compared.
public enum LabelSelectorOperator: String, Hashable, Sendable, Codable, CaseIterable {
    /// The label is one of the values.
    case `in` = "In"
    /// The label is absent or none of the values.
    case notIn = "NotIn"
    /// The label is present.
    case exists = "Exists"
    /// The label is absent.
    case doesNotExist = "DoesNotExist"
}
