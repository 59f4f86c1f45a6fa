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
    /// A line that is almost HTTP/1 (ended by a bare line feed, with tabs or several spaces, behind empty lines, of a
    /// version that we do not speak, or of none) counts as HTTP/1, so that it is refused: as opaque bytes it would pass
    /// by the rules for requests to a server that is less strict.
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
        while index < end, self.isLineEnd(bytes[index]) { index += 1 }
        let method = index
        while index < end, ASCII.isToken(bytes[index]) { index += 1 }
        guard index - method <= 32 else { return .opaque }
        guard index < end else { return end == self.bytesMax ? .opaque : .undecided }
        guard index > method, self.isBlank(bytes[index]) else { return .opaque }
        let isGet = index - method == 3 && bytes.has("GET".utf8Span.span, at: method)
        while index < end, self.isBlank(bytes[index]) { index += 1 }
        let target = index
        while index < end, bytes[index] > ASCII.space, bytes[index] != 0x7F { index += 1 }
        guard index < end else { return end == self.bytesMax ? .http1 : .undecided }
        guard index > target else { return .opaque }
        // HTTP/0.9 had nothing behind the target.
        if isGet, bytes[target] == UInt8(ascii: "/"), self.isLineEnd(bytes[index]) { return .http1 }
        guard self.isBlank(bytes[index]) else { return .opaque }
        while index < end, self.isBlank(bytes[index]) { index += 1 }
        for expected in "http/".utf8 {
            guard index < end else { return end == self.bytesMax ? .http1 : .undecided }
            let byte = bytes[index]
            guard (byte &- 0x41 < 26 ? byte | 0x20 : byte) == expected else { return .opaque }
            index += 1
        }
        return .http1
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == ASCII.newline || byte == ASCII.carriageReturn }

    /// White space that some servers take for a space (RFC 9112 §3).
    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == ASCII.space || byte == ASCII.tab || byte == 0x0B || byte == 0x0C
    }
}
