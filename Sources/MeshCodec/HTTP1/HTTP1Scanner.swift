// The scan of a head: start line, then fields, in one pass over the bytes. Strict on purpose: whatever two
// implementations might read differently is refused (RFC 9112 §2.2, §5, §6, §11.2).

extension HTTP1RequestHead {
    /// Scans a request head at the start of `bytes`.
    ///
    /// One empty line before the request is skipped (RFC 9112 §2.2). `progress` starts fresh for each head and is passed
    /// again, with the same bytes and more, after `nil`.
    /// - Returns: nil if the head is not complete; `fields` is then of no meaning.
    /// - Throws: ``HTTP1Error`` as soon as the bytes cannot become an acceptable head.
    public static func scan(
        _ bytes: Span<UInt8>, fields: inout HTTP1FieldTable, progress: inout HTTP1ScanProgress,
        limits: HTTP1Limits = HTTP1Limits()
    ) throws(HTTP1Error) -> HTTP1RequestHead? {
        guard try progress.mayBeComplete(bytes, limits: limits) else { return nil }
        var head = HTTP1RequestHead()
        if bytes.count >= 2, bytes[0] == ASCII.carriageReturn, bytes[1] == ASCII.newline { head.lineStart = 2 }
        var scan = HTTP1FieldScan(offset: Int(head.lineStart))
        guard let lineEnd = try scan.line(bytes) else { return try progress.stop(scan, bytes, limits) }
        try head.readLine(bytes, end: lineEnd)
        guard try scan.fields(bytes, into: &fields, limits: limits) else {
            return try progress.stop(scan, bytes, limits)
        }
        head.flags = scan.flags
        head.contentLength = scan.contentLength
        head.length = scan.offset
        try head.checkFraming()
        try head.readAuthority(bytes, fields: fields)
        return head
    }

    private mutating func readLine(_ bytes: Span<UInt8>, end: Int) throws(HTTP1Error) {
        let start = Int(self.lineStart)
        // "M / HTTP/1.1" is the shortest.
        guard end - start >= 12, end <= Int(UInt16.max) else { throw .malformedStartLine }
        let version = end &- 9
        guard bytes[version] == ASCII.space else { throw .malformedStartLine }
        self.version = try HTTP1Version.read(bytes.word(at: version &+ 1))
        var index = start
        while ASCII.isToken(bytes[index]) { index &+= 1 }  // Ends at the space before the version at the latest.
        guard bytes[index] == ASCII.space, index > start, index &- start <= 32, index &+ 1 < version else {
            throw .malformedStartLine
        }
        self.method = HTTP1Method(word: bytes.partialWord(at: start, count: index &- start), count: index &- start)
        self.methodEnd = UInt16(truncatingIfNeeded: index)
        self.targetStart = UInt16(truncatingIfNeeded: index &+ 1)
        self.targetEnd = UInt16(truncatingIfNeeded: version)
        for offset in (index &+ 1)..<version {
            // White space ends the target, and a fragment is never sent.
            guard bytes[offset] > ASCII.space, bytes[offset] != UInt8(ascii: "#") else { throw .malformedStartLine }
        }
        try self.readTarget(bytes)
    }

    private mutating func readTarget(_ bytes: Span<UInt8>) throws(HTTP1Error) {
        let start = Int(self.targetStart)
        let end = Int(self.targetEnd)
        self.pathStart = self.targetStart
        if self.method == .connect {
            self.targetForm = .authority
            self.pathStart = self.targetEnd
            self.authorityStart = self.targetStart
            self.authorityEnd = self.targetEnd
            guard Authority.isValid(bytes.extracting(start..<end)) else { throw .malformedStartLine }
            return
        }
        if bytes[start] == UInt8(ascii: "/") { return }
        if end - start == 1, bytes[start] == UInt8(ascii: "*"), self.method == .options {
            self.targetForm = .asterisk
            return
        }
        try self.readAbsoluteTarget(bytes)
    }

    private mutating func readAbsoluteTarget(_ bytes: Span<UInt8>) throws(HTTP1Error) {
        let start = Int(self.targetStart)
        let end = Int(self.targetEnd)
        var authority = start
        if end - start > 7, bytes.extracting(start..<(start + 7)).equalsIgnoringCase("http://") {
            authority = start + 7
        } else if end - start > 8, bytes.extracting(start..<(start + 8)).equalsIgnoringCase("https://") {
            authority = start + 8
        } else {
            throw .malformedStartLine
        }
        var path = authority
        while path < end, bytes[path] != UInt8(ascii: "/"), bytes[path] != UInt8(ascii: "?") { path += 1 }
        guard path > authority, Authority.isValid(bytes.extracting(authority..<path)) else { throw .malformedStartLine }
        self.targetForm = .absolute
        self.authorityStart = UInt16(truncatingIfNeeded: authority)
        self.authorityEnd = UInt16(truncatingIfNeeded: path)
        self.pathStart = UInt16(truncatingIfNeeded: path)
    }

    @inline(__always)
    private func checkFraming() throws(HTTP1Error) {
        guard self.flags.contains(.chunked) else { return }
        // A chunked HTTP/1.0 request has passed something that did not understand it (RFC 9112 §6.1).
        guard self.version == .http11 else { throw .unsupportedTransferCoding }
        guard self.contentLength == nil else { throw .ambiguousLength }
    }

    /// Settles which authority the request is for; HTTP/1.1 must name it exactly once (RFC 9112 §3.2).
    @inline(__always)
    private mutating func readAuthority(
        _ bytes: Span<UInt8>, fields: borrowing HTTP1FieldTable
    ) throws(HTTP1Error) {
        guard self.flags.contains(.hostField), let host = fields.first(.host) else {
            guard self.version == .http10 else { throw .invalidHost }
            return
        }
        let value = bytes.extracting(host.valueRange)
        guard value.isEmpty || Authority.isValid(value) else { throw .invalidHost }
        switch self.targetForm {
        case .origin, .asterisk:
            self.authorityStart = host.valueStart
            self.authorityEnd = host.valueEnd
        case .absolute:
            // A recipient may look at either, so both must say the same.
            guard Authority.areEqual(value, bytes.extracting(self.authorityRange)) else { throw .invalidHost }
        case .authority:
            break
        }
    }
}

extension HTTP1ResponseHead {
    /// Scans a response head at the start of `bytes`.
    ///
    /// - Returns: nil if the head is not complete; `fields` is then of no meaning.
    /// - Throws: ``HTTP1Error`` as soon as the bytes cannot become an acceptable head.
    public static func scan(
        _ bytes: Span<UInt8>, fields: inout HTTP1FieldTable, progress: inout HTTP1ScanProgress,
        limits: HTTP1Limits = HTTP1Limits()
    ) throws(HTTP1Error) -> HTTP1ResponseHead? {
        guard try progress.mayBeComplete(bytes, limits: limits) else { return nil }
        var head = HTTP1ResponseHead()
        var scan = HTTP1FieldScan(offset: 0)
        guard let lineEnd = try scan.line(bytes) else { return try progress.stop(scan, bytes, limits) }
        try head.readLine(bytes, end: lineEnd)
        guard try scan.fields(bytes, into: &fields, limits: limits) else {
            return try progress.stop(scan, bytes, limits)
        }
        head.flags = scan.flags
        head.contentLength = scan.contentLength
        head.length = scan.offset
        guard head.flags.contains(.chunked) else { return head }
        guard head.version == .http11 else { throw .unsupportedTransferCoding }
        guard head.contentLength == nil else { throw .ambiguousLength }
        // These never have a body; one that claims chunks would desynchronise us (RFC 9112 §6.1).
        guard head.status >= 200, head.status != 204 else { throw .ambiguousLength }
        return head
    }

    private mutating func readLine(_ bytes: Span<UInt8>, end: Int) throws(HTTP1Error) {
        // "HTTP/1.1 200"; the reason and the space before it may be absent.
        guard end >= 12, end <= Int(UInt16.max), bytes[8] == ASCII.space else { throw .malformedStartLine }
        self.version = try HTTP1Version.read(bytes.word(at: 0))
        let hundreds = ASCII.digit(bytes[9])
        let tens = ASCII.digit(bytes[10])
        let ones = ASCII.digit(bytes[11])
        guard hundreds >= 1, hundreds <= 9, tens <= 9, ones <= 9 else { throw .malformedStartLine }
        guard end == 12 || bytes[12] == ASCII.space else { throw .malformedStartLine }
        self.status = Int(hundreds) * 100 + Int(tens) * 10 + Int(ones)
        self.lineEnd = UInt16(truncatingIfNeeded: end)
    }
}

extension HTTP1Version {
    /// Reads `HTTP/1.0` or `HTTP/1.1` from its eight bytes.
    @inline(__always)
    static func read(_ word: UInt64) throws(HTTP1Error) -> Self {
        switch word {
        case 0x312E_312F_5054_5448: return .http11
        case 0x302E_312F_5054_5448: return .http10
        // "HTTP/" with another number.
        case let other where other & 0xFF_FFFF_FFFF == 0x2F_5054_5448: throw .unsupportedVersion
        default: throw .malformedStartLine
        }
    }
}

extension HTTP1Method {
    /// Recognises a method, which is case-sensitive, from its bytes as a word.
    @inline(__always)
    init(word: UInt64, count: Int) {
        switch (count, word) {
        case (3, 0x0054_4547): self = .get
        case (4, 0x4441_4548): self = .head
        case (4, 0x5453_4F50): self = .post
        case (3, 0x0054_5550): self = .put
        case (6, 0x4554_454C_4544): self = .delete
        case (7, 0x0054_4345_4E4E_4F43): self = .connect
        case (7, 0x0053_4E4F_4954_504F): self = .options
        case (5, 0x45_4341_5254): self = .trace
        case (5, 0x48_4354_4150): self = .patch
        default: self = .other
        }
    }
}

extension HTTP1ScanProgress {
    /// Whether the end of the head is in `bytes`, as far as new bytes alone tell.
    @inline(__always)
    mutating func mayBeComplete(_ bytes: Span<UInt8>, limits: HTTP1Limits) throws(HTTP1Error) -> Bool {
        if self.scanned == 0 { return true }
        return try self.resume(bytes, limits: limits)
    }

    private mutating func resume(_ bytes: Span<UInt8>, limits: HTTP1Limits) throws(HTTP1Error) -> Bool {
        var line = Int(self.lineStart)
        var from = Int(self.scanned)
        while true {
            let end = bytes.firstControl(from: from)
            guard end &+ 1 < bytes.count else {
                guard end == bytes.count || bytes[end] == ASCII.carriageReturn else { throw .controlCharacter }
                try self.remember(line: line, scanned: min(end, bytes.count), bytes, limits)
                return false
            }
            guard bytes[end] == ASCII.carriageReturn, bytes[end &+ 1] == ASCII.newline else { throw .controlCharacter }
            if end == line, line > 0 { return true }
            line = end &+ 2
            from = line
        }
    }

    private mutating func remember(
        line: Int, scanned: Int, _ bytes: Span<UInt8>, _ limits: HTTP1Limits
    ) throws(HTTP1Error) {
        guard bytes.count < limits.headBytes else { throw .headTooLarge(limit: limits.headBytes) }
        self.lineStart = UInt16(truncatingIfNeeded: line)
        self.scanned = UInt16(truncatingIfNeeded: scanned)
    }

    /// Records where an unfinished scan stopped.
    mutating func stop<Head>(
        _ scan: HTTP1FieldScan, _ bytes: Span<UInt8>, _ limits: HTTP1Limits
    ) throws(HTTP1Error) -> Head? {
        // A carriage return at the very end is looked at again.
        let scanned = bytes.isEmpty ? 0 : bytes.count - (bytes[bytes.count - 1] == ASCII.carriageReturn ? 1 : 0)
        try self.remember(line: scan.offset, scanned: max(scanned, scan.offset), bytes, limits)
        return nil
    }
}
