/// Why an object is refused: which field, and what it must be.
public struct Rejection: Error, Hashable, Sendable {
    /// Where, as in `spec.rules[0].matches[1].path.value`.
    public let field: String
    /// What is wrong and what would be valid.
    public let reason: String

    /// Names a field and what it must be.
    public init(_ field: String, _ reason: String) {
        self.field = field
        self.reason = reason
    }
}

extension Rejection: CustomStringConvertible {
    /// `field: reason`.
    public var description: String { "\(self.field): \(self.reason)" }
}
