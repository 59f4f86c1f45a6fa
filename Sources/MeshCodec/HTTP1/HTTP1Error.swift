/// Why bytes are not an HTTP/1 message that may be forwarded.
///
/// None is repairable: after any of them the connection cannot be read further.
public enum HTTP1Error: Error, Hashable, Sendable {
    case malformedStartLine
    case unsupportedVersion
    case malformedField
    /// A carriage return or line feed alone, or another control character.
    case controlCharacter
    /// A line that continues the field before it (RFC 9112 §5.2).
    case foldedLine
    case headTooLarge(limit: Int)
    case tooManyFields(limit: Int)
    case invalidContentLength
    /// More than one `content-length`, or one beside `transfer-encoding` (RFC 9112 §6.3).
    case ambiguousLength
    /// A transfer coding other than exactly one `chunked`.
    case unsupportedTransferCoding
    /// None or several `host` fields, a malformed one, or one that differs from an absolute target.
    case invalidHost
    /// `connection` names a field that frames or routes the message.
    case protectedFieldNamed
    case invalidChunk
    case chunkExtensionTooLong(limit: Int)
    case trailersTooLarge(limit: Int)

    /// The status that answers a request refused for this reason.
    public var status: Int {
        switch self {
        case .headTooLarge, .tooManyFields, .trailersTooLarge: 431
        case .unsupportedTransferCoding: 501
        case .unsupportedVersion: 505
        case .malformedStartLine, .malformedField, .controlCharacter, .foldedLine, .invalidContentLength,
            .ambiguousLength, .invalidHost, .protectedFieldNamed, .invalidChunk, .chunkExtensionTooLong:
            400
        }
    }
}

/// How large an HTTP/1 head may be.
public struct HTTP1Limits: Sendable, Hashable {
    /// Bytes of start line and fields, at most 65,535; more than that is refused with 431.
    public var headBytes: Int
    /// Fields in one head, at most ``HTTP1FieldTable/capacity``.
    public var fields: Int

    /// Makes limits; values above the hard maxima are lowered to them.
    public init(headBytes: Int = 32_768, fields: Int = 100) {
        self.headBytes = min(max(headBytes, 16), Int(UInt16.max))
        self.fields = min(max(fields, 1), HTTP1FieldTable.capacity)
    }
}
