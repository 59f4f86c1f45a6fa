/// The part of a scan that requests and responses share: lines and fields.
struct HTTP1FieldScan {
    /// The start of the line being read.
    var offset: Int
    var flags: HTTP1Flags = []
    var contentLength: Int?

    init(offset: Int) { self.offset = offset }

    /// Finds the end of the line at `offset` and moves behind it; nil if it is not there yet.
    @inline(__always)
    mutating func line(_ bytes: Span<UInt8>) throws(HTTP1Error) -> Int? {
        let end = bytes.firstControl(from: self.offset)
        guard end &+ 1 < bytes.count else {
            guard end == bytes.count || bytes[end] == ASCII.carriageReturn else { throw .controlCharacter }
            return nil
        }
        guard bytes[end] == ASCII.carriageReturn, bytes[end &+ 1] == ASCII.newline else { throw .controlCharacter }
        self.offset = end &+ 2
        return end
    }

    /// Reads fields up to and including the empty line; false if more bytes are needed.
    @inline(__always)
    mutating func fields(
        _ bytes: Span<UInt8>, into table: inout HTTP1FieldTable, limits: HTTP1Limits
    ) throws(HTTP1Error) -> Bool {
        table.removeAll()
        while true {
            let start = self.offset
            guard start &+ 1 < bytes.count else {
                guard start == bytes.count || bytes[start] != ASCII.newline else { throw .controlCharacter }
                return false
            }
            if bytes[start] == ASCII.carriageReturn {
                guard bytes[start &+ 1] == ASCII.newline else { throw .controlCharacter }
                self.offset = start &+ 2
                guard self.offset <= limits.headBytes else { throw .headTooLarge(limit: limits.headBytes) }
                return true
            }
            let colon = bytes.firstNonToken(from: start)
            guard colon < bytes.count else { return false }
            guard bytes[colon] == ASCII.colon, colon > start else {
                throw self.refusal(bytes, start: start, stop: colon, isFirst: table.count == 0)
            }
            var value = colon &+ 1
            while value < bytes.count, bytes[value] == ASCII.space || bytes[value] == ASCII.tab { value &+= 1 }
            guard let end = try self.lineEnd(bytes, from: value) else { return false }
            guard end <= limits.headBytes else { throw .headTooLarge(limit: limits.headBytes) }
            guard table.count < limits.fields else { throw .tooManyFields(limit: limits.fields) }
            var valueEnd = end
            while valueEnd > value, bytes[valueEnd &- 1] == ASCII.space || bytes[valueEnd &- 1] == ASCII.tab {
                valueEnd &-= 1
            }
            let name = FieldName.recognise(bytes, at: start, count: colon &- start)
            table.append(
                HTTP1Field(
                    name: name, nameStart: UInt16(truncatingIfNeeded: start),
                    nameEnd: UInt16(truncatingIfNeeded: colon), valueStart: UInt16(truncatingIfNeeded: value),
                    valueEnd: UInt16(truncatingIfNeeded: valueEnd), lineEnd: UInt16(truncatingIfNeeded: end &+ 2)))
            if name != .other {
                try self.note(name, bytes, colon: colon, value: value..<valueEnd, lineEnd: end)
            }
            self.offset = end &+ 2
        }
    }

    /// The end of a field's line; nil if it is not there yet.
    @inline(__always)
    private func lineEnd(_ bytes: Span<UInt8>, from start: Int) throws(HTTP1Error) -> Int? {
        let end = bytes.firstControl(from: start)
        guard end &+ 1 < bytes.count else {
            guard end == bytes.count || bytes[end] == ASCII.carriageReturn else { throw .controlCharacter }
            return nil
        }
        guard bytes[end] == ASCII.carriageReturn, bytes[end &+ 1] == ASCII.newline else { throw .controlCharacter }
        return end
    }

    private func refusal(_ bytes: Span<UInt8>, start: Int, stop: Int, isFirst: Bool) -> HTTP1Error {
        let byte = bytes[stop]
        if stop == start, byte == ASCII.space || byte == ASCII.tab { return isFirst ? .malformedField : .foldedLine }
        return byte < ASCII.space && byte != ASCII.tab || byte == 0x7F ? .controlCharacter : .malformedField
    }

    /// Records what a known field says.
    private mutating func note(
        _ name: FieldName, _ bytes: Span<UInt8>, colon: Int, value: Range<Int>, lineEnd: Int
    ) throws(HTTP1Error) {
        switch name {
        case .host:
            guard !self.flags.contains(.hostField) else { throw .invalidHost }
            self.flags.insert(.hostField)
        case .contentLength:
            guard self.contentLength == nil else { throw .ambiguousLength }
            try Self.checkFramingSpace(bytes, colon: colon, value: value, lineEnd: lineEnd)
            self.contentLength = try Self.length(bytes, value)
        case .transferEncoding:
            try Self.checkFramingSpace(bytes, colon: colon, value: value, lineEnd: lineEnd)
            guard !self.flags.contains(.chunked), bytes.extracting(value).equalsIgnoringCase("chunked") else {
                throw .unsupportedTransferCoding
            }
            self.flags.insert(.chunked)
        case .connection: try self.noteConnection(bytes, value)
        case .expect where bytes.extracting(value).equalsIgnoringCase("100-continue"):
            self.flags.insert(.expectContinue)
        case .upgrade: self.noteUpgrade(bytes, value)
        case .keepAlive, .proxyConnection, .te, .http2Settings: self.flags.insert(.hopByHop)
        case .contentType:
            if value.count >= 16, bytes.extracting(value).extracting(first: 16).equalsIgnoringCase("application/grpc") {
                self.flags.insert(.grpc)
            }
        case .meshClientID, .meshOriginalProtocol, .meshDestinationOverride, .meshDestinationCanonical, .meshRequireID,
            .meshProxyError, .meshProxyConnection, .meshOther:
            self.flags.insert(.meshFields)
        case .other, .expect, .trailer, .userAgent, .grpcStatus: break
        }
    }

    /// Around values that frame a body only plain spaces before it are taken: others are read differently elsewhere.
    private static func checkFramingSpace(
        _ bytes: Span<UInt8>, colon: Int, value: Range<Int>, lineEnd: Int
    ) throws(HTTP1Error) {
        guard value.upperBound == lineEnd else { throw .malformedField }
        for offset in (colon + 1)..<max(value.lowerBound, colon + 1) where bytes[offset] != ASCII.space {
            throw .malformedField
        }
    }

    private static func length(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HTTP1Error) -> Int {
        guard !range.isEmpty, range.count <= 18 else { throw .invalidContentLength }
        var length = 0
        for offset in range {
            let digit = ASCII.digit(bytes[offset])
            guard digit <= 9 else { throw .invalidContentLength }
            length = length &* 10 &+ Int(digit)
        }
        return length
    }

    /// HTTP/2 in clear text starts with prior knowledge or not at all (RFC 9113 §3.1): an application that changed to it
    /// would be asked things that no policy has seen, so one mention anywhere makes the request no upgrade.
    private mutating func noteUpgrade(_ bytes: Span<UInt8>, _ value: Range<Int>) {
        self.flags.formUnion([.hopByHop, .upgradeField])
        var list = HTTP1TokenList(value)
        while let option = list.next(bytes) {
            var end = option.lowerBound
            while end < option.upperBound, ASCII.isToken(bytes[end]) { end += 1 }
            let name = bytes.extracting(option.lowerBound..<end)
            if name.equalsIgnoringCase("h2c") || name.equalsIgnoringCase("h2") || name.equalsIgnoringCase("http") {
                self.flags.insert(.upgradeToHTTP)
            }
        }
    }

    private mutating func noteConnection(_ bytes: Span<UInt8>, _ value: Range<Int>) throws(HTTP1Error) {
        self.flags.insert(.connectionField)
        var list = HTTP1TokenList(value)
        while let option = list.next(bytes) {
            let token = bytes.extracting(option)
            if token.equalsIgnoringCase("close") {
                self.flags.insert(.close)
            } else if token.equalsIgnoringCase("keep-alive") {
                self.flags.insert(.keepAlive)
            } else if token.equalsIgnoringCase("upgrade") {
                self.flags.insert(.upgradeOption)
            } else {
                try self.noteNamedField(bytes, option)
            }
        }
    }

    private mutating func noteNamedField(_ bytes: Span<UInt8>, _ option: Range<Int>) throws(HTTP1Error) {
        for offset in option where !ASCII.isToken(bytes[offset]) { throw .malformedField }
        switch FieldName.recognise(bytes, at: option.lowerBound, count: option.count) {
        case .host, .contentLength, .transferEncoding, .contentType: throw .protectedFieldNamed
        default: self.flags.insert(.namesFields)
        }
    }
}

/// The members of a comma-separated list (RFC 9110 §5.6.1), without white space around them.
struct HTTP1TokenList {
    private var offset: Int
    private let end: Int

    init(_ range: Range<Int>) {
        self.offset = range.lowerBound
        self.end = range.upperBound
    }

    /// The next member that is not empty.
    mutating func next(_ bytes: Span<UInt8>) -> Range<Int>? {
        while self.offset < self.end {
            var start = self.offset
            var stop = start
            while stop < self.end, bytes[stop] != UInt8(ascii: ",") { stop += 1 }
            self.offset = stop + 1
            while start < stop, bytes[start] == ASCII.space || bytes[start] == ASCII.tab { start += 1 }
            while stop > start, bytes[stop - 1] == ASCII.space || bytes[stop - 1] == ASCII.tab { stop -= 1 }
            if start < stop { return start..<stop }
        }
        return nil
    }
}
