/// The messages inside the content of a gRPC stream: a flag, a length of four bytes, the message.
///
/// Compressed messages are refused, since we never announce a coding.
public struct GRPCFrames: Sendable {
    /// Why content is not a sequence of messages.
    public enum Failure: Error, Hashable, Sendable {
        case compressed
        case tooLarge(limit: Int)
    }

    private static let prefixCount = 5

    private let messageBytesMax: Int
    private var bytes: [UInt8] = []
    private var offset = 0

    /// Makes a reader that accepts messages of at most `messageBytesMax` bytes.
    public init(messageBytesMax: Int = 4 << 20) {
        self.messageBytesMax = messageBytesMax
    }

    /// The content that carries one message.
    public static func framed(_ message: [UInt8]) -> [UInt8] {
        var framed: [UInt8] = [0]
        framed.reserveCapacity(self.prefixCount + message.count)
        HTTP2FrameWriter.number(UInt32(truncatingIfNeeded: message.count), into: &framed)
        return framed + message
    }

    /// Whether received content ends with a whole message.
    public var isAtBoundary: Bool { self.offset == self.bytes.count }

    /// Takes received content.
    public mutating func append(_ content: Span<UInt8>) {
        if self.offset == self.bytes.count {
            self.bytes.removeAll(keepingCapacity: self.bytes.count <= 16_384)
            self.offset = 0
        }
        self.bytes.append(content)
    }

    /// The next whole message, or nil until more content has come.
    ///
    /// - Throws: ``Failure``; the stream is then of no more use.
    public mutating func next() throws(Failure) -> [UInt8]? {
        let start = self.offset + Self.prefixCount
        guard start <= self.bytes.count else { return nil }
        guard self.bytes[self.offset] == 0 else { throw .compressed }
        var length = 0
        for index in (self.offset + 1)..<start { length = length << 8 | Int(self.bytes[index]) }
        guard length <= self.messageBytesMax else { throw .tooLarge(limit: self.messageBytesMax) }
        guard self.bytes.count - start >= length else { return nil }
        self.offset = start + length
        return Array(self.bytes[start..<self.offset])
    }
}
