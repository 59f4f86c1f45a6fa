/// What the first bytes of a connection in clear text say about its protocol.
public enum DetectedProtocol: UInt8, Sendable, Hashable {
    /// The bytes fit several protocols; more will tell.
    case undecided
    case http1
    case http2
    /// Neither version of HTTP.
    case opaque
}

/// Tells HTTP/1 and HTTP/2 from everything else.
public enum ProtocolDetection {
    /// The most bytes that are looked at; a request line longer than that is one.
    public static let bytesMax = 1024
    /// So many bytes of the preface cannot be anything else.
    private static let decisivePreface = 14

    /// Judges `bytes`, all that have been received so far.
    ///
    /// A line that is almost HTTP/1 (ended by a bare line feed, or of a version that we do not speak) counts as HTTP/1,
    /// so that it is refused: as opaque bytes it would pass by the rules for requests.
    public static func detect(_ bytes: Span<UInt8>) -> DetectedProtocol {
        let preface = Self.prefixLength(bytes)
        if preface >= self.decisivePreface { return .http2 }
        if preface == bytes.count { return .undecided }
        return self.requestLine(bytes)
    }

    /// How many of the first bytes are those of the preface.
    private static func prefixLength(_ bytes: Span<UInt8>) -> Int {
        let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8Span.span
        var index = 0
        while index < min(bytes.count, preface.count), bytes[index] == preface[index] { index += 1 }
        return index
    }

    private static func requestLine(_ bytes: Span<UInt8>) -> DetectedProtocol {
        let end = min(bytes.count, self.bytesMax)
        var index = 0
        // One empty line may come before a request.
        if bytes[0] == ASCII.carriageReturn {
            guard end > 1 else { return .undecided }
            guard bytes[1] == ASCII.newline else { return .opaque }
            index = 2
        }
        let method = index
        while index < end, ASCII.isToken(bytes[index]) { index += 1 }
        guard index - method <= 32 else { return .opaque }
        guard index < end else { return .undecided }
        guard index > method, bytes[index] == ASCII.space else { return .opaque }
        index += 1
        let target = index
        while index < end, bytes[index] > ASCII.space, bytes[index] != 0x7F { index += 1 }
        guard index < end else { return end == self.bytesMax ? .http1 : .undecided }
        guard index > target, bytes[index] == ASCII.space else { return .opaque }
        index += 1
        for expected in "HTTP/".utf8 {
            guard index < end else { return .undecided }
            guard bytes[index] == expected else { return .opaque }
            index += 1
        }
        return .http1
    }
}
