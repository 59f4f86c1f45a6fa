/// An amount of a resource as Kubernetes writes it: `100m`, `1.5Gi`, `2e3`.
public struct Quantity: Hashable, Sendable {
    /// As written.
    public let text: String
    /// In units of the resource: cores, bytes, pieces.
    public let value: Double

    /// Parses a decimal number with an optional exponent or suffix; nil for anything else.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 64 else { return nil }
        let number = text.prefix { ("0"..."9").contains($0) || $0 == "." || $0 == "+" || $0 == "-" }
        guard number.contains(where: { ("0"..."9").contains($0) }),
            !number.dropFirst().contains(where: { $0 == "+" || $0 == "-" }),
            let amount = Double(Self.padded(number)), let scale = Self.scale(of: text[number.endIndex...])
        else { return nil }
        self.text = String(text)
        self.value = amount * scale
        guard self.value.isFinite else { return nil }
    }

    /// Thousandths, rounded up: the unit of CPU shares.
    public var milliValue: Int64 { Int64(clamping: (self.value * 1000).rounded(.up)) }

    /// Whole units, rounded up.
    public var integerValue: Int64 { Int64(clamping: self.value.rounded(.up)) }

    /// `.5` and `5.` are quantities, but not Swift numbers.
    private static func padded(_ number: some StringProtocol) -> String {
        var digits = String(number)
        var sign = ""
        if let first = digits.first, first == "+" || first == "-" { sign = String(digits.removeFirst()) }
        return "\(sign)0\(digits)\(digits.hasSuffix(".") ? "0" : "")"
    }

    private static func scale(of suffix: some StringProtocol) -> Double? {
        switch String(suffix) {
        case "": return 1
        case "n": return 1e-9
        case "u": return 1e-6
        case "m": return 1e-3
        case "k": return 1e3
        case "M": return 1e6
        case "G": return 1e9
        case "T": return 1e12
        case "P": return 1e15
        case "E": return 1e18
        case "Ki": return 0x1p10
        case "Mi": return 0x1p20
        case "Gi": return 0x1p30
        case "Ti": return 0x1p40
        case "Pi": return 0x1p50
        case "Ei": return 0x1p60
        default:
            guard let first = suffix.first, first == "e" || first == "E", let scale = Double("1\(suffix)") else {
                return nil
            }
            return scale
        }
    }
}

extension Int64 {
    fileprivate init(clamping value: Double) {
        self = value >= 9.2e18 ? .max : value <= -9.2e18 ? .min : Int64(value)
    }
}

extension Quantity: Codable {
    /// Reads text or a number.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text: String
        do {
            text = try container.decode(String.self)
        } catch DecodingError.typeMismatch {
            text = try container.decode(Double.self).description
        }
        guard let value = Quantity(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a quantity: \(text)")
        }
        self = value
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.text)
    }
}
