/// The grammar of the names that we put into certificates: lower-case DNS-1123, nothing else.
///
/// Wildcards, NUL, upper case, underscores and final dots are all refused by the same few rules.
enum DNSSyntax {
    /// RFC 1035 §2.3.4.
    static let labelLengthMax = 63
    /// RFC 1035 §2.3.4, without the root's dot.
    static let nameLengthMax = 253

    static func isLabel(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        guard (1...Self.labelLengthMax).contains(bytes.count), bytes.first != UInt8(ascii: "-"),
            bytes.reversed().first != UInt8(ascii: "-")
        else { return false }
        return bytes.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
    }

    static func isSubdomain(_ text: some StringProtocol) -> Bool {
        guard (1...Self.nameLengthMax).contains(text.utf8.count) else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { Self.isLabel($0) }
    }
}
