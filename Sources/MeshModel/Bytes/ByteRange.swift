/// A run of bytes in a buffer that is known from the context.
///
/// Parsers hand out ranges instead of copies; whoever holds the buffer reads through them.
/// - Size: 8 bytes.
public struct ByteRange: Hashable, Sendable {
    /// Offset of the first byte.
    public var start: UInt32
    /// Length in bytes.
    public var count: UInt32

    /// The `count` bytes from `start` on.
    @inlinable
    public init(start: UInt32, count: UInt32) {
        self.start = start
        self.count = count
    }

    /// The bytes of `range`.
    @inlinable
    public init(_ range: Range<Int>) {
        self.init(start: UInt32(range.lowerBound), count: UInt32(range.count))
    }

    /// No bytes.
    @inlinable
    public static var empty: Self { Self(start: 0, count: 0) }

    /// True when there are no bytes.
    @inlinable
    public var isEmpty: Bool { self.count == 0 }

    /// The same bytes as offsets for a `Span` or an array.
    @inlinable
    public var indices: Range<Int> { Int(self.start)..<Int(self.start) + Int(self.count) }
}

/// Where one header field lies in a buffer.
///
/// - Size: 16 bytes.
public struct FieldRange: Hashable, Sendable {
    /// The field name; its case is the sender's.
    public var name: ByteRange
    /// The value without surrounding blanks.
    public var value: ByteRange

    /// Pairs a name with a value.
    @inlinable
    public init(name: ByteRange, value: ByteRange) {
        self.name = name
        self.value = value
    }
}
