/// Why a message cannot be taken over into the model.
///
/// Nothing invalid is skipped in a policy: the whole policy is refused, and the proxy denies until a good one comes.
public enum WireError: Error, Hashable, Sendable {
    /// A required field, or the variant of a required choice, is not set.
    case missing(String)
    /// A field has a value that the model does not admit.
    case invalid(String, value: String)
}

extension WireError: CustomStringConvertible {
    /// Names the field.
    public var description: String {
        switch self {
        case .missing(let field): "\(field) is missing"
        case .invalid(let field, let value): "\(field) is invalid: \(value)"
        }
    }
}

extension Sequence {
    /// `map` that keeps the type of what is thrown.
    func converted<Result, Failure: Error>(
        _ transform: (Element) throws(Failure) -> Result
    ) throws(Failure) -> [Result] {
        var results: [Result] = []
        results.reserveCapacity(self.underestimatedCount)
        for element in self { results.append(try transform(element)) }
        return results
    }
}
