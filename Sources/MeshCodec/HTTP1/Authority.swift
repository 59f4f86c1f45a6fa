/// Rules for `host` values and authorities, which route requests.
public enum Authority {
    /// Whether `bytes` are a host with an optional port (RFC 3986 §3.2.2), without user information.
    ///
    /// Narrower than the grammar: no percent-encoding and no sub-delimiters, which no name in a cluster has.
    public static func isValid(_ bytes: Span<UInt8>) -> Bool {
        guard !bytes.isEmpty, bytes.count <= 261 else { return false }
        if bytes[0] == UInt8(ascii: "[") { return self.isBracketed(bytes) }
        var index = 0
        while index < bytes.count, bytes[index] != ASCII.colon {
            guard self.isName(bytes[index]) else { return false }
            index &+= 1
        }
        return index > 0 && self.isPort(bytes, from: index)
    }

    /// Whether two authorities are the same, ignoring the case of letters.
    static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in left.indices where self.lower(left[index]) != self.lower(right[index]) { return false }
        return true
    }

    private static func lower(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    @inline(__always)
    private static func isName(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "~")
    }

    private static func isBracketed(_ bytes: Span<UInt8>) -> Bool {
        var index = 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "]") {
            let byte = bytes[index]
            guard ASCII.hexDigit(byte) != nil || byte == ASCII.colon || byte == UInt8(ascii: ".") else { return false }
            index += 1
        }
        return index > 2 && index < bytes.count && self.isPort(bytes, from: index + 1)
    }

    /// Whether what follows the host is nothing, or a colon and at most five digits.
    private static func isPort(_ bytes: Span<UInt8>, from start: Int) -> Bool {
        if start == bytes.count { return true }
        guard bytes[start] == ASCII.colon, bytes.count - start <= 6 else { return false }
        for index in (start + 1)..<bytes.count where ASCII.digit(bytes[index]) > 9 { return false }
        return true
    }
}
