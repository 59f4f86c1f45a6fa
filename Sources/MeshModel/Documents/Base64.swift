/// Base64 text (RFC 4648): padded as in Secrets and CA bundles (§4), or for URLs as in tokens (§5).
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

    /// The text of `bytes` in the alphabet for URLs, without padding.
    public static func encodeURL(_ bytes: some Sequence<UInt8>) -> String {
        String(
            decoding: self.encode(bytes).utf8.lazy.filter { $0 != UInt8(ascii: "=") }.map { byte in
                switch byte {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                default: byte
                }
            }, as: UTF8.self)
    }

    /// The bytes of unpadded text in the alphabet for URLs; nil when it is anything else.
    public static func decodeURL(_ text: some StringProtocol) -> [UInt8]? {
        var standard: [UInt8] = []
        standard.reserveCapacity(text.utf8.count + 3)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"): standard.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): standard.append(UInt8(ascii: "/"))
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="), 0x0A, 0x0D: return nil
            default: standard.append(byte)
            }
        }
        while standard.count % 4 != 0 { standard.append(UInt8(ascii: "=")) }
        return self.decode(String(decoding: standard, as: UTF8.self))
    }

    /// The offset of the first byte that padded text cannot have; nil for text that can be decoded.
    public static func firstInvalid(_ text: some StringProtocol) -> Int? {
        var count = 0
        var padding = 0
        for (offset, byte) in text.utf8.enumerated() where byte != 0x0A && byte != 0x0D {
            if byte == UInt8(ascii: "=") {
                padding += 1
                guard count % 4 >= 2, count % 4 + padding <= 4 else { return offset }
            } else {
                guard padding == 0, self.value(of: byte) != nil else { return offset }
                count += 1
            }
        }
        return (count + padding) % 4 == 0 ? nil : text.utf8.count
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
