/// A Kubernetes quantity, read for checks and comparisons; documents keep the text that was sent.
struct Quantity: Hashable, Sendable {
    /// The value, rounded as a floating-point number.
    let value: Double

    /// Reads decimal digits with an optional sign, fraction, and a decimal, binary or exponent suffix.
    init?(_ text: String) {
        let end = text.firstIndex { !("0123456789.+-".contains($0)) } ?? text.endIndex
        guard let number = Double(text[..<end]), number.isFinite, !text[..<end].isEmpty else { return nil }
        guard let factor = Self.factor(text[end...]) else { return nil }
        self.value = number * factor
    }

    private static func factor(_ suffix: Substring) -> Double? {
        switch suffix {
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
        case "Ki": return 1_024
        case "Mi": return 1_048_576
        case "Gi": return 1_073_741_824
        case "Ti": return 1_099_511_627_776
        case "Pi": return 1_125_899_906_842_624
        case "Ei": return 1_152_921_504_606_846_976
        default:
            guard let first = suffix.first, first == "e" || first == "E" else { return nil }
            return Double("1e" + suffix.dropFirst())
        }
    }
}
