/// The head of an HTTP/2 request, as places in the bytes of its ``HTTP2HeaderList``.
public struct HTTP2RequestHead: Sendable {
    /// The method, if it is one of the usual.
    public internal(set) var method = HTTP1Method.other
    /// What the fields say; there are none about the connection.
    public internal(set) var flags: HTTP1Flags = []
    /// The value of `content-length`.
    public internal(set) var contentLength: Int?
    /// How many pseudo-header fields precede the fields.
    public internal(set) var pseudoCount = 0
    /// The bytes of the method.
    public internal(set) var methodRange = 0..<0
    /// The bytes of the scheme; empty for `CONNECT`.
    public internal(set) var schemeRange = 0..<0
    /// The bytes of path and query; empty for `CONNECT`.
    public internal(set) var pathRange = 0..<0
    /// The bytes of the authority: of `:authority`, else of `host`; empty if neither is there.
    public internal(set) var authorityRange = 0..<0

    init() {}
}

/// The head of an HTTP/2 response.
public struct HTTP2ResponseHead: Sendable {
    /// The status code, 100 … 999.
    public internal(set) var status = 0
    /// What the fields say; there are none about the connection.
    public internal(set) var flags: HTTP1Flags = []
    /// The value of `content-length`.
    public internal(set) var contentLength: Int?
    /// How many pseudo-header fields precede the fields.
    public internal(set) var pseudoCount = 0

    /// Whether more responses precede the final one.
    public var isInterim: Bool { self.status < 200 }

    init() {}
}

/// A head that breaks the rules of RFC 9113 §8; its stream is reset.
struct HTTP2Malformed: Error {}

extension HTTP2HeaderList {
    /// Checks the list as the head of a request and fills in `request`.
    mutating func readRequest() throws(HTTP2Malformed) {
        self.request = HTTP2RequestHead()
        var head = HTTP2RequestHead()
        var seen: UInt8 = 0
        for index in 0..<self.count {
            let field = self[index]
            guard field.nameCount > 0, self.bytes[Int(field.start)] == ASCII.colon else { break }
            head.pseudoCount += 1
            try self.readPseudo(field, &head, &seen)
        }
        try self.checkPseudo(head, seen)
        let summary = try self.readFields(from: head.pseudoCount)
        head.flags = summary.flags
        head.contentLength = summary.contentLength
        if let host = summary.host {
            try self.checkHost(host, &head, hasAuthority: seen & 4 != 0)
        }
        self.request = head
    }

    /// Checks the list as the head of a response and fills in `response`.
    mutating func readResponse() throws(HTTP2Malformed) {
        self.response = HTTP2ResponseHead()
        var head = HTTP2ResponseHead()
        guard self.count > 0, self[0].staticName == 8 || self.isNamed(self[0], ":status") else {
            throw HTTP2Malformed()
        }
        let value = self[0].valueRange
        guard value.count == 3 else { throw HTTP2Malformed() }
        for offset in value {
            let digit = ASCII.digit(self.bytes[offset])
            guard digit <= 9 else { throw HTTP2Malformed() }
            head.status = head.status * 10 + Int(digit)
        }
        // 101 has no meaning in HTTP/2 (RFC 9113 §8.6).
        guard head.status >= 100, head.status != 101 else { throw HTTP2Malformed() }
        head.pseudoCount = 1
        let summary = try self.readFields(from: 1)
        head.flags = summary.flags
        head.contentLength = summary.contentLength
        self.response = head
    }

    /// Checks the list as trailers, which have no pseudo-header fields.
    func checkTrailers() throws(HTTP2Malformed) {
        _ = try self.readFields(from: 0)
    }

    private func isNamed(_ field: HTTP2Field, _ name: String) -> Bool {
        Int(field.nameCount) == name.utf8.count && self.bytes.span.has(name.utf8Span.span, at: Int(field.start))
    }

    private func readPseudo(
        _ field: HTTP2Field, _ head: inout HTTP2RequestHead, _ seen: inout UInt8
    ) throws(HTTP2Malformed) {
        let value = field.valueRange
        let bit: UInt8
        if field.staticName == 2 || self.isNamed(field, ":method") {
            bit = 1
            head.methodRange = value
            head.method = HTTP1Method(
                word: self.bytes.span.partialWord(at: value.lowerBound, count: value.count), count: value.count)
            guard value.count > 0, value.count <= 32 else { throw HTTP2Malformed() }
            for offset in value where !ASCII.isToken(self.bytes[offset]) { throw HTTP2Malformed() }
        } else if field.staticName == 4 || self.isNamed(field, ":path") {
            bit = 2
            head.pathRange = value
        } else if field.staticName == 1 || self.isNamed(field, ":authority") {
            bit = 4
            head.authorityRange = value
        } else if field.staticName == 6 || self.isNamed(field, ":scheme") {
            bit = 8
            head.schemeRange = value
        } else {
            throw HTTP2Malformed()
        }
        guard seen & bit == 0 else { throw HTTP2Malformed() }
        seen |= bit
    }

    /// RFC 9113 §8.3.1 and, for `CONNECT`, §8.5.
    private func checkPseudo(_ head: HTTP2RequestHead, _ seen: UInt8) throws(HTTP2Malformed) {
        if !head.authorityRange.isEmpty || head.method == .connect {
            guard Authority.isValid(self.bytes.span.extracting(head.authorityRange)) else { throw HTTP2Malformed() }
        }
        if head.method == .connect {
            guard seen == 1 | 4 else { throw HTTP2Malformed() }
            return
        }
        guard seen & 0b1011 == 0b1011, !head.pathRange.isEmpty, !head.schemeRange.isEmpty else {
            throw HTTP2Malformed()
        }
        for offset in head.schemeRange {
            // A scheme goes nowhere in HTTP/1, but must not be a place to hide things.
            let byte = self.bytes[offset]
            guard byte &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x2B || byte == 0x2D || byte == 0x2E else {
                throw HTTP2Malformed()
            }
        }
        let first = self.bytes[head.pathRange.lowerBound]
        let isAsterisk = first == UInt8(ascii: "*") && head.pathRange.count == 1 && head.method == .options
        guard first == UInt8(ascii: "/") || isAsterisk else { throw HTTP2Malformed() }
        for offset in head.pathRange {
            // In the request line of HTTP/1 any of these would end the target.
            let byte = self.bytes[offset]
            guard byte > ASCII.space, byte != 0x7F, byte != UInt8(ascii: "#") else { throw HTTP2Malformed() }
        }
    }

    private func checkHost(
        _ host: HTTP2Field, _ head: inout HTTP2RequestHead, hasAuthority: Bool
    ) throws(HTTP2Malformed) {
        let value = self.bytes.span.extracting(host.valueRange)
        if hasAuthority {
            // A recipient may look at either, so both must say the same (RFC 9113 §8.3.1). To the byte: some take
            // another case for another host, and end the connection that others share.
            guard value.count == head.authorityRange.count,
                value.isEmpty || self.bytes.span.has(value, at: head.authorityRange.lowerBound)
            else { throw HTTP2Malformed() }
            return
        }
        guard value.isEmpty || Authority.isValid(value) else { throw HTTP2Malformed() }
        head.authorityRange = host.valueRange
    }

    private struct Summary {
        var flags: HTTP1Flags = []
        var contentLength: Int?
        var host: HTTP2Field?
    }

    /// Checks the fields behind the pseudo-header fields (RFC 9113 §8.2).
    private func readFields(from first: Int) throws(HTTP2Malformed) -> Summary {
        var summary = Summary()
        for index in first..<self.count {
            let field = self[index]
            // Names from the static table are sound.
            if field.staticName == 0 {
                try self.checkName(field)
            } else if field.staticName < 15 {
                throw HTTP2Malformed()  // A pseudo-header field behind others.
            }
            try self.checkValue(field)
            if field.name != .other { try self.note(field, &summary) }
        }
        return summary
    }

    @inline(__always)
    private func checkName(_ field: HTTP2Field) throws(HTTP2Malformed) {
        guard field.nameCount > 0 else { throw HTTP2Malformed() }
        for offset in field.nameRange {
            let byte = self.bytes[offset]
            guard ASCII.isToken(byte), byte &- 0x41 >= 26 else { throw HTTP2Malformed() }
        }
    }

    @inline(__always)
    private func checkValue(_ field: HTTP2Field) throws(HTTP2Malformed) {
        let value = self.bytes.span.extracting(field.valueRange)
        guard value.count > 0 else { return }
        guard value.firstControl(from: 0) == value.count else { throw HTTP2Malformed() }
        let first = value[0]
        let last = value[value.count &- 1]
        guard first != ASCII.space, first != ASCII.tab, last != ASCII.space, last != ASCII.tab else {
            throw HTTP2Malformed()
        }
    }

    private func note(_ field: HTTP2Field, _ summary: inout Summary) throws(HTTP2Malformed) {
        let value = self.bytes.span.extracting(field.valueRange)
        switch field.name {
        case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade, .http2Settings:
            throw HTTP2Malformed()
        case .te:
            guard value.equalsIgnoringCase("trailers") else { throw HTTP2Malformed() }
        case .host:
            guard summary.host == nil else { throw HTTP2Malformed() }
            summary.host = field
            summary.flags.insert(.hostField)
        case .contentLength:
            guard summary.contentLength == nil, value.count > 0, value.count <= 18 else { throw HTTP2Malformed() }
            var length = 0
            for index in value.indices {
                let digit = ASCII.digit(value[index])
                guard digit <= 9 else { throw HTTP2Malformed() }
                length = length &* 10 &+ Int(digit)
            }
            summary.contentLength = length
        case .contentType:
            if value.count >= 16, value.extracting(first: 16).equalsIgnoringCase("application/grpc") {
                summary.flags.insert(.grpc)
            }
        case .expect where value.equalsIgnoringCase("100-continue"): summary.flags.insert(.expectContinue)
        case .meshClientID, .meshOriginalProtocol, .meshDestinationOverride, .meshDestinationCanonical, .meshRequireID,
            .meshProxyError, .meshProxyConnection, .meshOther:
            summary.flags.insert(.meshFields)
        case .other, .expect, .trailer, .userAgent, .grpcStatus: break
        }
    }
}
