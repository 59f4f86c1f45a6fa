/// A number or a name, as in ports of probes and Services.
public enum IntOrString: Hashable, Sendable {
    /// A number.
    case int(Int)
    /// A name, a percentage or a quantity.
    case string(String)

    /// The number, also when written as digits in a string.
    public var number: Int? {
        switch self {
        case .int(let value): value
        case .string(let text): Int(text)
        }
    }
}

extension IntOrString: Codable {
    /// Reads a number or a string.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            self = .int(try container.decode(Int.self))
        } catch DecodingError.typeMismatch {
            self = .string(try container.decode(String.self))
        }
    }

    /// Writes a number or a string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .int(let value): try container.encode(value)
        case .string(let text): try container.encode(text)
        }
    }
}

extension IntOrString: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, CustomStringConvertible {
    /// A number.
    public init(integerLiteral value: Int) { self = .int(value) }
    /// A name.
    public init(stringLiteral value: String) { self = .string(value) }
    /// The number or the name.
    public var description: String {
        switch self {
        case .int(let value): String(value)
        case .string(let text): text
        }
    }
}
