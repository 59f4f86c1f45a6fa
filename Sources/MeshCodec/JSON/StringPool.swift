/// Lets equal strings of a document share one copy.
///
/// A table of fixed size in which a newer string pushes out an older one of the same slot: the memory is bounded
/// whatever is read. Short strings are not kept, they need no memory of their own.
public final class StringPool {
    /// Strings up to this length lie within the value.
    private static let inlineMax = 15
    /// Longer ones seldom repeat.
    private static let pooledMax = 128

    private var slots: [String]
    private let mask: UInt64

    /// A pool with 2^`bits` slots.
    public init(bits: Int = 12) {
        self.slots = Array(repeating: "", count: 1 << bits)
        self.mask = (1 << bits) - 1
    }

    /// The text of `span`; nil when it is not UTF-8.
    func string(_ span: Span<UInt8>) -> String? {
        guard span.count > Self.inlineMax, span.count <= Self.pooledMax else { return String(checking: span) }
        let slot = Int(Self.hash(span) & self.mask)
        if Self.equals(self.slots[slot], span) { return self.slots[slot] }
        guard let text = String(checking: span) else { return nil }
        self.slots[slot] = text
        return text
    }

    private static func equals(_ text: String, _ span: Span<UInt8>) -> Bool {
        text.utf8.count == span.count && span.has(text.utf8.span, at: 0)
    }

    private static func hash(_ span: Span<UInt8>) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: span.count)
        var index = 0
        while index < span.count {
            hash = (hash ^ span.partialWord(at: index, count: span.count &- index)) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash &>> 29
            index &+= 8
        }
        return hash
    }
}
