extension LabelSelector {
    /// True when every pair and every expression holds for `labels`; a selector without any selects all.
    public func matches(_ labels: [String: String]) -> Bool {
        self.matchLabels.allSatisfy { labels[$0.key] == $0.value }
            && self.matchExpressions.allSatisfy { $0.matches(labels) }
    }

    /// True when the selector has no condition, and so selects all.
    public var isEmpty: Bool { self.matchLabels.isEmpty && self.matchExpressions.isEmpty }

    /// The selector as a query parameter: `app=web,tier in (a,b),!legacy`.
    public var queryText: String {
        let pairs = self.matchLabels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let expressions = self.matchExpressions.map { expression in
            let values = expression.values.joined(separator: ",")
            return switch expression.operator {
            case .in: "\(expression.key) in (\(values))"
            case .notIn: "\(expression.key) notin (\(values))"
            case .exists: expression.key
            case .doesNotExist: "!\(expression.key)"
            }
        }
        return (pairs + expressions).joined(separator: ",")
    }
}

extension LabelSelectorRequirement {
    /// True when the requirement holds for `labels`.
    ///
    /// A malformed requirement never holds: `In` and `NotIn` without values, `Exists` and `DoesNotExist` with some.
    public func matches(_ labels: [String: String]) -> Bool {
        let value = labels[self.key]
        switch self.operator {
        case .in: return !self.values.isEmpty && value.map(self.values.contains) ?? false
        case .notIn: return !self.values.isEmpty && !(value.map(self.values.contains) ?? false)
        case .exists: return self.values.isEmpty && value != nil
        case .doesNotExist: return self.values.isEmpty && value == nil
        }
    }
}
