/// Bytes that are compared with what arrives from the network, mostly text in ASCII or UTF-8.
///
/// Comparing a `Span` with it allocates nothing and needs no Unicode rules.
public struct ByteString: Hashable, Sendable {
    /// The bytes.
    public let bytes: [UInt8]

    /// Wraps bytes as they are.
    public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    /// The UTF-8 of `text`.
    public init(_ text: some StringProtocol) { self.bytes = Array(text.utf8) }

    /// The UTF-8 of `text` with ASCII letters in lower case, as header names and hosts are kept.
    public init(lowercasing text: some StringProtocol) { self.bytes = text.utf8.map(\.asciiLowercased) }

    /// Length in bytes.
    public var count: Int { self.bytes.count }

    /// True when there are no bytes.
    public var isEmpty: Bool { self.bytes.isEmpty }

    /// The bytes read as UTF-8; what is not UTF-8 becomes U+FFFD.
    public var string: String { String(decoding: self.bytes, as: UTF8.self) }

    /// True when `candidate` holds the same bytes.
    public func equals(_ candidate: Span<UInt8>) -> Bool {
        candidate.count == self.bytes.count && self.isPrefix(of: candidate)
    }

    /// True when `candidate` holds the same bytes after its ASCII letters are lowered; for lower-case values.
    public func equalsLowercased(_ candidate: Span<UInt8>) -> Bool {
        guard candidate.count == self.bytes.count else { return false }
        let own = self.bytes.span
        for index in candidate.indices where candidate[index].asciiLowercased != own[index] { return false }
        return true
    }

    /// True when `candidate` starts with these bytes.
    public func isPrefix(of candidate: Span<UInt8>) -> Bool {
        let own = self.bytes.span
        guard candidate.count >= own.count else { return false }
        for index in own.indices where candidate[index] != own[index] { return false }
        return true
    }

    /// True when `candidate`, its ASCII letters lowered, ends with these bytes; for lower-case values.
    public func isSuffixLowercased(of candidate: Span<UInt8>) -> Bool {
        let own = self.bytes.span
        let offset = candidate.count - own.count
        guard offset >= 0 else { return false }
        for index in own.indices where candidate[offset + index].asciiLowercased != own[index] { return false }
        return true
    }
}

extension ByteString: ExpressibleByStringLiteral, CustomStringConvertible {
    /// The UTF-8 of a literal.
    public init(stringLiteral value: String) { self.init(value) }
    /// The bytes read as UTF-8.
    public var description: String { self.string }
}

extension UInt8 {
    /// The byte with `A`…`Z` turned into `a`…`z`.
    @inlinable
    public var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}
