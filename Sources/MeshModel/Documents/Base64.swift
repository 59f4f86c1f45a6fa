/// Base64 text (RFC 4648 §4), as in Secrets and CA bundles.
public enum Base64 {
    /// The text of `bytes`, padded, on one line.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var output: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 1
            if count == 3 {
                for shift in [18, 12, 6, 0] { output.append(self.letter(bits >> UInt32(shift) & 63)) }
                (bits, count) = (0, 0)
            }
        }
        if count > 0 {
            let padded = bits << UInt32(8 * (3 - count))
            for index in 0..<4 {
                output.append(index <= count ? self.letter(padded >> UInt32(18 - 6 * index) & 63) : UInt8(ascii: "="))
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The bytes of padded text, with line breaks skipped; nil when it is anything else.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        var padding = 0
        for byte in text.utf8 where byte != 0x0A && byte != 0x0D {
            if byte == UInt8(ascii: "=") {
                padding += 1
            } else {
                guard padding == 0, let value = self.value(of: byte) else { return nil }
                bits = bits << 6 | value
            }
            count += 1
            guard count == 4 else { continue }
            guard padding <= 2 else { return nil }
            bits <<= UInt32(6 * padding)
            for index in 0..<(3 - padding) { output.append(UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * index))) }
            (bits, count) = (0, 0)
        }
        return count == 0 ? output : nil
    }

    private static func letter(_ value: UInt32) -> UInt8 {
        switch UInt8(value) {
        case let value where value < 26: UInt8(ascii: "A") + value
        case let value where value < 52: UInt8(ascii: "a") + value - 26
        case let value where value < 62: UInt8(ascii: "0") + value - 52
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
