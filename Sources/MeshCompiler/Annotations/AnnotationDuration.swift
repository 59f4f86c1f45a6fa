/// Durations as annotations write them: a whole number and one unit of `ms`, `s`, `m`, `h` or `d`, or `0`.
public enum AnnotationDuration {
    /// Why a text is no such duration.
    public enum Failure: Error, Hashable, Sendable {
        /// It begins with a minus.
        case negative
        /// It has a fraction.
        case fraction
        /// It has no unit; carries the number.
        case missingUnit(String)
        /// It is anything else.
        case malformed
        /// It is longer than what fits.
        case tooLong
    }

    /// Reads a duration.
    public static func parse(_ text: some StringProtocol) throws(Failure) -> Duration {
        guard !text.isEmpty else { throw .malformed }
        guard !text.hasPrefix("-") else { throw .negative }
        guard !text.contains(".") else { throw .fraction }
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard !digits.isEmpty else { throw .malformed }
        guard let amount = UInt64(digits) else { throw .tooLong }
        let milliseconds: UInt64
        switch text[digits.endIndex...] {
        case "ms": milliseconds = 1
        case "s": milliseconds = 1000
        case "m": milliseconds = 60_000
        case "h": milliseconds = 3_600_000
        case "d": milliseconds = 86_400_000
        case "":
            guard amount == 0 else { throw .missingUnit(String(digits)) }
            return .zero
        default: throw .malformed
        }
        let (total, overflow) = amount.multipliedReportingOverflow(by: milliseconds)
        guard !overflow, total <= UInt64(Int64.max / 1_000_000) else { throw .tooLong }
        return .milliseconds(Int64(total))
    }
}

extension AnnotationDuration.Failure: CustomStringConvertible {
    /// What would be valid instead.
    public var description: String {
        switch self {
        case .negative: "durations cannot be negative"
        case .fraction: "fractions are not supported, use a smaller unit"
        case .missingUnit(let number): "a unit is missing, such as \(number)s or \(number)ms"
        case .malformed: "expected a number and a unit of ms, s, m, h or d"
        case .tooLong: "the duration is too long"
        }
    }
}
