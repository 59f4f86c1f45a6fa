/// Base 64 of RFC 4648, padded standard alphabet for documents and unpadded URL alphabet for tokens.
enum Base64 {
    private static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let url = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The padded standard form.
    static func encode(_ bytes: some Collection<UInt8>) -> String {
        let text = Self.encode(bytes, Self.standard)
        return text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    }

    /// The unpadded URL form.
    static func encodeURL(_ bytes: some Collection<UInt8>) -> String { Self.encode(bytes, Self.url) }

    /// The bytes of the padded standard form; nil when it is not that.
    static func decode(_ text: String) -> [UInt8]? {
        guard Self.firstInvalid(text) == nil else { return nil }
        return Self.decode(text.utf8.filter { $0 != UInt8(ascii: "=") && $0 != 0x0A && $0 != 0x0D }, Self.standard)
    }

    /// The bytes of the unpadded URL form; nil when it is not that.
    static func decodeURL(_ text: some StringProtocol) -> [UInt8]? { Self.decode(Array(text.utf8), Self.url) }

    /// The offset of the first byte that the padded standard form cannot have; nil when there is none.
    static func firstInvalid(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        var count = 0
        var padding = 0
        for (offset, byte) in bytes.enumerated() where byte != 0x0A && byte != 0x0D {
            if byte == UInt8(ascii: "=") {
                padding += 1
                guard count % 4 >= 2, count % 4 + padding <= 4 else { return offset }
            } else {
                guard padding == 0, Self.standard.contains(byte) else { return offset }
                count += 1
            }
        }
        return (count + padding) % 4 == 0 ? nil : bytes.count
    }

    private static func encode(_ bytes: some Collection<UInt8>, _ alphabet: [UInt8]) -> String {
        var output: [UInt8] = []
        var bits: UInt32 = 0
        var held = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            held += 8
            while held >= 6 {
                held -= 6
                output.append(alphabet[Int(bits >> UInt32(held) & 63)])
            }
            bits &= 0xFF
        }
        if held > 0 { output.append(alphabet[Int(bits << UInt32(6 - held) & 63)]) }
        return String(decoding: output, as: UTF8.self)
    }

    private static func decode(_ bytes: [UInt8], _ alphabet: [UInt8]) -> [UInt8]? {
        guard bytes.count % 4 != 1 else { return nil }
        var output: [UInt8] = []
        var bits: UInt32 = 0
        var held = 0
        for byte in bytes {
            guard let value = alphabet.firstIndex(of: byte) else { return nil }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                output.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
                bits &= 0xFF
            }
        }
        return output
    }
}
