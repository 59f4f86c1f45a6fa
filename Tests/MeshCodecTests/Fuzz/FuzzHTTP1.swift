@testable import MeshCodec

extension FuzzTarget {
    static let http1Head = FuzzTarget(
        name: "http1-head", lengthMax: 4096, seeds: HTTP1Seeds.heads.map { Array($0.utf8) },
        words: [
            "\r\n", "\r\n\r\n", "\n", "\r", ":", " ", "\t", "HTTP/1.1", "HTTP/1.0", "GET ", "CONNECT ", "OPTIONS * ",
            "http://", "Host: ", "Content-Length: ", "Transfer-Encoding: chunked", "Connection: ", "close",
            "keep-alive", "upgrade", "Upgrade: websocket", "h2c", "HTTP2-Settings: ", "Expect: 100-continue", "l5d-",
            "TE: ", "Content-Type: application/grpc", "[::1]:80", "18446744073709551617",
        ],
        check: { bytes throws(Finding) in
            for limits in [HTTP1Limits(), HTTP1Limits(headBytes: 200, fields: 4)] {
                try HTTP1Properties.check(bytes, limits, HTTP1Properties.request)
                try HTTP1Properties.check(bytes, limits, HTTP1Properties.response)
            }
        })

    static let http1Body = FuzzTarget(
        name: "http1-body", lengthMax: 4096, seeds: HTTP1Seeds.bodies.map { Array($0.utf8) },
        words: ["\r\n", "0\r\n\r\n", "5\r\nhello\r\n", ";a=b", "FFFFFFFFFFFFFFF", "A: b\r\n", "\n", "\r", "0x", "-1"],
        check: HTTP1BodyProperties.check)
}

private enum HTTP1Seeds {
    static let heads: [String] = [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "\r\nPOST /a?b=c HTTP/1.1\r\nHost: Web.ns:80\r\nContent-Length: 42\r\nX-Y:  z \t\r\nE:\r\n\r\nbody",
        "GET http://a.b/c HTTP/1.1\r\nHost: A.B\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nTE: trailers\r\n\r\n",
        "OPTIONS * HTTP/1.0\r\n\r\n",
        "CONNECT x:443 HTTP/1.1\r\nHost: y\r\nl5d-client-id: me\r\nL5D-x: y\r\nA: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1]:80\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: application/grpc\r\n\r\nhello",
        "HTTP/1.1 204\r\nDate: x\r\nConnection: keep-alive\r\nKeep-Alive: 5\r\n\r\n",
        "HTTP/1.0 503 No\r\nl5d-proxy-error: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ]

    static let bodies: [String] = [
        "0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n",
        "5;a=b;c=\"d\"\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\nB:\r\n\r\n",
        "000a\r\n0123456789\r\n00\r\n\r\n", "3\r\n\r\n\r\r\n1;\r\nx\r\n0;z\r\nA:b\r\n\r\n",
    ]
}

/// What one scan said, as values.
struct HTTP1Reading: Equatable {
    struct Field: Equatable {
        var name: FieldName
        var nameBytes: [UInt8]
        var value: [UInt8]
        var lowercased: String { String(decoding: self.nameBytes, as: UTF8.self).lowercased() }
    }

    enum Outcome: Equatable {
        case incomplete
        case refused
        case head(HTTP1Reading)
    }

    var length: Int
    var version: HTTP1Version
    var flags: HTTP1Flags
    var contentLength: Int?
    /// Method, target and authority, or the status line.
    var line: [[UInt8]]
    var isUpgrade = false
    var fields: [Field] = []
    /// What would be passed on with nothing dropped, and with everything that may not pass.
    var copies: [[UInt8]] = []

    /// What has to be the same when the head is written again: all but offsets.
    var meaning: HTTP1Reading {
        var copy = self
        copy.length = 0
        copy.copies = []
        return copy
    }
}

enum HTTP1Properties {
    typealias Scan = (Span<UInt8>, inout HTTP1ScanProgress, HTTP1Limits) throws(HTTP1Error) -> HTTP1Reading?

    static let dropped: HTTP1Drop = [.hopByHop, .mesh, .expect]

    static func request(
        _ bytes: Span<UInt8>, _ progress: inout HTTP1ScanProgress, _ limits: HTTP1Limits
    ) throws(HTTP1Error) -> HTTP1Reading? {
        var table = HTTP1FieldTable()
        guard
            let head = try HTTP1RequestHead.scan(bytes, fields: &table, progress: &progress, limits: limits)
        else { return nil }
        var reading = HTTP1Reading(
            length: head.length, version: head.version, flags: head.flags, contentLength: head.contentLength,
            line: [head.methodRange, head.targetRange, head.pathRange, head.authorityRange].map { bytes.array($0) })
        reading.isUpgrade = head.isUpgrade
        self.read(table, bytes, &reading)
        for dropping in [[], self.dropped] {
            var edit = HTTP1Edit()
            edit.plan(head, fields: table, bytes: bytes, dropping: dropping)
            reading.copies.append(self.copy(edit, bytes))
        }
        return reading
    }

    static func response(
        _ bytes: Span<UInt8>, _ progress: inout HTTP1ScanProgress, _ limits: HTTP1Limits
    ) throws(HTTP1Error) -> HTTP1Reading? {
        var table = HTTP1FieldTable()
        guard
            let head = try HTTP1ResponseHead.scan(bytes, fields: &table, progress: &progress, limits: limits)
        else { return nil }
        var reading = HTTP1Reading(
            length: head.length, version: head.version, flags: head.flags, contentLength: head.contentLength,
            line: [bytes.array(head.lineRange)])
        reading.isUpgrade = head.status == 101
        self.read(table, bytes, &reading)
        for dropping in [[], self.dropped] {
            var edit = HTTP1Edit()
            edit.plan(head, fields: table, bytes: bytes, dropping: dropping)
            reading.copies.append(self.copy(edit, bytes))
        }
        return reading
    }

    private static func read(_ table: borrowing HTTP1FieldTable, _ bytes: Span<UInt8>, _ reading: inout HTTP1Reading) {
        for index in 0..<table.count {
            let field = table[index]
            reading.fields.append(
                .init(name: field.name, nameBytes: bytes.array(field.nameRange), value: bytes.array(field.valueRange)))
        }
    }

    private static func copy(_ edit: borrowing HTTP1Edit, _ bytes: Span<UInt8>) -> [UInt8] {
        var copy: [UInt8] = []
        for index in 0..<edit.count { copy += bytes.array(edit[index]) }
        return copy + "\r\n".utf8
    }

    // MARK: - Properties

    static func check(_ bytes: [UInt8], _ limits: HTTP1Limits, _ scan: Scan) throws(Finding) {
        let whole = self.outcome(bytes, [bytes.count], limits, scan)
        for ends in Cuts.of(bytes) {
            let cut = self.outcome(bytes, ends, limits, scan)
            // Of an unfinished head more may be known at once than by and by, but never the other way round.
            guard cut != whole, !(whole == .refused && cut == .incomplete) else { continue }
            throw Finding("whole: \(whole), cut at \(ends): \(cut)")
        }
        guard case .head(let reading) = whole else { return }
        try require(reading.length <= min(limits.headBytes, bytes.count), "a head of \(reading.length) bytes")
        try require(reading.fields.count <= limits.fields, "\(reading.fields.count) fields")
        try self.checkFraming(reading, Array(bytes[..<reading.length]))
        try self.checkCopies(reading, scan)
    }

    private static func outcome(
        _ bytes: [UInt8], _ ends: [Int], _ limits: HTTP1Limits, _ scan: Scan
    ) -> HTTP1Reading.Outcome {
        var progress = HTTP1ScanProgress()
        for end in ends {
            do {
                if let reading = try scan(bytes.span.extracting(first: end), &progress, limits) {
                    return .head(reading)
                }
            } catch {
                return .refused
            }
        }
        return .incomplete
    }

    /// Reads an accepted head again in the plainest way: what that finds must be what the scan said, and unambiguous.
    private static func checkFraming(_ reading: HTTP1Reading, _ head: [UInt8]) throws(Finding) {
        var lines: [[UInt8]] = [[]]
        var index = 0
        while index < head.count {
            if head[index] == 0x0D, index + 1 < head.count, head[index + 1] == 0x0A {
                lines.append([])
                index += 2
                continue
            }
            let byte = head[index]
            try require(byte >= 0x20 && byte != 0x7F || byte == 0x09, "control character \(byte) in an accepted head")
            lines[lines.count - 1].append(byte)
            index += 1
        }
        if lines.first?.isEmpty == true { lines.removeFirst() }
        try require(lines.suffix(2) == [[], []], "an accepted head does not end with an empty line")
        let fields = lines.dropFirst().dropLast(2)
        try require(fields.count == reading.fields.count, "\(fields.count) lines, \(reading.fields.count) fields")
        for (line, field) in zip(fields, reading.fields) {
            guard let colon = line.firstIndex(of: 0x3A) else { throw Finding("a field without a colon") }
            let value = line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
            let trimmed = value.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed()
            try require(Array(line[..<colon]) == field.nameBytes && Array(trimmed) == field.value, "another field")
        }
        let lengths = reading.fields.filter { $0.lowercased == "content-length" }
        let codings = reading.fields.filter { $0.lowercased == "transfer-encoding" }
        let hosts = reading.fields.filter { $0.lowercased == "host" }
        try require(lengths.count + codings.count <= 1, "framed twice")
        try require(hosts.count <= 1, "\(hosts.count) hosts")
        try require(
            lengths.first.map { Int(String(decoding: $0.value, as: UTF8.self)) } ?? nil == reading.contentLength,
            "another length")
        try require(
            codings.allSatisfy { String(decoding: $0.value, as: UTF8.self).lowercased() == "chunked" }
                && codings.isEmpty != reading.flags.contains(.chunked), "another coding")
    }

    /// What is passed on says the same, and says nothing that may not pass.
    private static func checkCopies(_ reading: HTTP1Reading, _ scan: Scan) throws(Finding) {
        let limits = HTTP1Limits(headBytes: 65_535, fields: 128)
        for (index, copy) in reading.copies.enumerated() {
            guard case .head(let again) = self.outcome(copy, [copy.count], limits, scan) else {
                throw Finding("refused when passed on: \(String(decoding: copy, as: UTF8.self))")
            }
            try require(again.length == copy.count, "passed on with a rest")
            if index == 0 {
                try require(again.meaning == reading.meaning, "another meaning when passed on")
                continue
            }
            try require(
                again.line == reading.line && again.contentLength == reading.contentLength
                    && again.version == reading.version && again.isUpgrade == reading.isUpgrade
                    && again.flags.contains(.chunked) == reading.flags.contains(.chunked),
                "another meaning when passed on without what concerns one hop")
            for field in again.fields {
                try require(!field.lowercased.hasPrefix("l5d-"), "\(field.lowercased) passes")
                switch field.name {
                case .keepAlive, .proxyConnection, .te, .http2Settings: throw Finding("\(field.name) passes")
                case .connection, .upgrade: try require(reading.isUpgrade, "\(field.name) passes")
                default: break
                }
            }
        }
    }
}

enum HTTP1BodyProperties {
    struct Result: Equatable {
        var used = 0
        var content: [UInt8] = []
        var trailers: [UInt8] = []
        var isComplete = false
        var isRefused = false
    }

    static func check(_ bytes: [UInt8]) throws(Finding) {
        let whole = self.read(bytes, [bytes.count])
        for ends in Cuts.of(bytes) {
            let cut = self.read(bytes, ends)
            try require(cut.isRefused == whole.isRefused, "refused or not, cut at \(ends)")
            try require(cut == whole, "another body, cut at \(ends)")
        }
        var body = HTTP1Body.chunked
        do {
            let used = try body.consume(bytes.span)
            try require(
                !whole.isRefused && used == whole.used && body.isComplete == whole.isComplete, "consume differs")
        } catch let error as HTTP1Error {
            try require(whole.isRefused, "consume refuses: \(error)")
        } catch let error as Finding {
            throw error
        } catch {
            throw Finding("\(error)")
        }
        guard whole.isComplete, !whole.isRefused else { return }
        try require(whole.content == self.reference(Array(bytes[..<whole.used])), "another content")
    }

    private static func read(_ bytes: [UInt8], _ ends: [Int]) -> Result {
        var body = HTTP1Body.chunked
        var result = Result()
        for end in ends {
            reading: while true {
                do {
                    switch try body.next(bytes.span.extracting(result.used..<end)) {
                    case .data(let count):
                        result.content += bytes[result.used..<(result.used + count)]
                        result.used += count
                    case .framing(let count): result.used += count
                    case .trailers(let count):
                        result.trailers += bytes[result.used..<(result.used + count)]
                        result.used += count
                    case .needsMore: break reading
                    case .end:
                        result.isComplete = true
                        return result
                    }
                } catch {
                    // How much of a refused body was looked at depends on the cuts; that it is refused does not.
                    return Result(isRefused: true)
                }
            }
        }
        result.isComplete = body.isComplete
        return result
    }

    /// The content of a complete chunked body, read in the plainest way; nil if it does not look like one.
    private static func reference(_ bytes: [UInt8]) -> [UInt8]? {
        var content: [UInt8] = []
        var rest = bytes[...]
        while true {
            guard let end = rest.firstIndex(of: 0x0D), rest.dropFirst(end + 1 - rest.startIndex).first == 0x0A else {
                return nil
            }
            let digits = String(decoding: rest[..<end].prefix { $0 != 0x3B }, as: UTF8.self)
            guard let size = Int(digits, radix: 16), size >= 0 else { return nil }
            rest = rest[(end + 2)...]
            if size == 0 { return rest.suffix(2) == [0x0D, 0x0A] ? content : nil }
            guard rest.count >= size + 2 else { return nil }
            content += rest.prefix(size)
            guard rest.dropFirst(size).prefix(2) == [0x0D, 0x0A] else { return nil }
            rest = rest.dropFirst(size + 2)
        }
    }
}

extension Span<UInt8> {
    /// A copy of the bytes of `range`.
    func array(_ range: Range<Int>) -> [UInt8] { range.map { self[$0] } }
}
