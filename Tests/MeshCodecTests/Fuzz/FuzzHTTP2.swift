import MeshModel

@testable import MeshCodec

extension FuzzTarget {
    static let http2Server = FuzzTarget(
        name: "http2-server", lengthMax: 8192, seeds: HTTP2Seeds.requests, words: HTTP2Seeds.words,
        check: { bytes throws(Finding) in try HTTP2Properties.check(.server, bytes) })

    static let http2Client = FuzzTarget(
        name: "http2-client", lengthMax: 8192, seeds: HTTP2Seeds.responses, words: HTTP2Seeds.words,
        check: { bytes throws(Finding) in try HTTP2Properties.check(.client, bytes) })
}

/// Frames behind the preface and the first SETTINGS, which every input gets in front.
private enum HTTP2Seeds {
    static let words: [String] = [
        "\u{0}\u{0}\u{4}\u{8}\u{0}\u{0}\u{0}\u{0}\u{0}", "\u{0}\u{0}\u{4}\u{3}\u{0}\u{0}\u{0}\u{0}\u{1}",
        "\u{0}\u{0}\u{0}\u{1}\u{5}\u{0}\u{0}\u{0}\u{3}", "\u{0}\u{0}\u{0}\u{9}\u{4}\u{0}\u{0}\u{0}\u{1}",
        "\u{0}\u{0}\u{5}\u{0}\u{9}\u{0}\u{0}\u{0}\u{1}", "\u{0}\u{0}\u{6}\u{4}\u{0}\u{0}\u{0}\u{0}\u{0}",
        "\u{0}\u{0}\u{8}\u{6}\u{0}\u{0}\u{0}\u{0}\u{0}", "\u{0}\u{0}\u{5}\u{2}\u{0}\u{0}\u{0}\u{0}\u{1}",
        ":path", ":method", "content-length", "te", "connection", "host", "\u{7F}\u{7F}\u{7F}\u{7F}",
    ]

    static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
        [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF), type, flags, 0, 0, 0, stream] + payload
    }

    static func block(_ fields: [(String, String)]) -> [UInt8] {
        var block: [UInt8] = []
        for (name, value) in fields {
            block += [0, UInt8(name.utf8.count)]
            block += name.utf8
            block.append(UInt8(value.utf8.count))
            block += value.utf8
        }
        return block
    }

    static let request = Self.block([
        (":method", "POST"), (":scheme", "http"), (":path", "/a?b"), (":authority", "web.ns:80"), ("te", "trailers"),
    ])
    static let sized = Self.block([
        (":method", "PUT"), (":scheme", "http"), (":path", "/"), ("host", "h"), ("content-length", "5"),
    ])
    static let hello = Array("hello".utf8)

    static let requests: [[UInt8]] = [
        frame(1, 5, 1, request) + frame(1, 4, 3, request) + frame(0, 0, 3, hello) + frame(0, 1, 3),
        frame(1, 4, 1, sized) + frame(0, 9, 1, [3] + hello + [0, 0, 0])
            + frame(1, 0x2D, 3, [1, 0, 0, 0, 0, 9] + request + [0]),
        frame(1, 0, 1, Array(request.prefix(9))) + frame(9, 0, 1, Array(request[9..<20]))
            + frame(9, 4, 1, Array(request.dropFirst(20))) + frame(0, 0, 1, hello)
            + frame(1, 5, 1, block([("grpc-status", "0")])),
        frame(4, 0, 0, [0, 4, 0, 0, 0, 9, 0, 1, 0, 0, 0, 0]) + frame(1, 5, 1, request) + frame(8, 0, 1, [0, 0, 0, 20])
            + frame(8, 0, 0, [0, 1, 0, 0]) + frame(1, 5, 5, request) + frame(3, 0, 5, [0, 0, 0, 8]),
        frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]) + frame(2, 0, 1, [0, 0, 0, 0, 1]) + frame(99, 7, 1, hello)
            + frame(1, 5, 7, [0x82, 0x86, 0x84, 0x41, 1, 0x68]) + frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]),
    ]

    static let answer = Self.block([(":status", "200"), ("content-type", "application/grpc")])
    static let responses: [[UInt8]] = [
        frame(1, 4, 1, answer) + frame(0, 0, 1, hello) + frame(1, 5, 1, block([("grpc-status", "0")])),
        frame(1, 4, 3, block([(":status", "100")])) + frame(1, 4, 3, answer) + frame(0, 1, 3, hello)
            + frame(1, 5, 5, block([(":status", "204")])),
        frame(8, 0, 5, [0, 0, 1, 0]) + frame(1, 4, 1, block([(":status", "200"), ("content-length", "5")]))
            + frame(0, 9, 1, [2] + hello + [0, 0]) + frame(3, 0, 3, [0, 0, 0, 7]),
        frame(7, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0]) + frame(6, 1, 0, [1, 2, 3, 4, 5, 6, 7, 8]) + frame(1, 5, 1, [0x89]),
        frame(4, 0, 0, [0, 4, 0, 0, 0, 0]) + frame(4, 0, 0, [0, 4, 0, 1, 0, 0]) + frame(4, 1, 0)
            + frame(5, 4, 1, hello),
    ]
}

enum HTTP2Properties {
    static func check(_ role: HTTP2Role, _ bytes: [UInt8]) throws(Finding) {
        // Without these no input gets anywhere; one that brings its own is left as it is.
        let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        let isRaw = bytes.starts(with: [0x50]) || bytes.starts(with: [0xFF])
        let wire = isRaw ? bytes : (role == .server ? preface : []) + settings + bytes
        var whole = HTTP2Script(role)
        try whole.run(wire, [wire.count])
        for ends in Cuts.of(wire) {
            var cut = HTTP2Script(role)
            try cut.run(wire, ends)
            guard cut.story != whole.story else { continue }
            throw Finding("another story when cut at \(ends):\n\(whole.story)\n--\n\(cut.story)")
        }
    }
}

/// An owner of a connection that does about what a proxy does, and writes down what happens.
struct HTTP2Script: ~Copyable {
    struct Stream: Equatable {
        var heads: [String] = []
        var content: [UInt8] = []
        var trailers: String?
        var reset: UInt32?
        var isByPeer = false
        /// Whether both directions are over, or the stream was reset.
        var isReceived = false
        var lost = false
    }

    private static let now = MonotonicTime(nanoseconds: 0)
    private static let settings = HTTP2Settings(concurrentStreams: 6, headerListSize: 4096)
    private let role: HTTP2Role
    private var connection: HTTP2Connection
    private var list = HTTP2HeaderList(sizeMax: 4096)
    private var streams: [UInt32: Stream] = [:]
    private var events: [String] = []
    private var output: [UInt8] = []

    init(_ role: HTTP2Role) {
        self.role = role
        self.connection = HTTP2Connection(role: role, settings: Self.settings, now: Self.now)
        guard role == .client else { return }
        for isHead in [false, false, true] {
            guard let stream = self.connection.open(user: 0, isHead: isHead) else { return }
            self.connection.setUser(stream, UInt64(stream))
            self.streams[stream] = Stream()
            var head = HTTP2HeaderList()
            head.append(":method", isHead ? "HEAD" : "POST")
            self.connection.sendHead(stream, head, end: stream == 3)
            if stream == 1 { _ = self.connection.sendData(1, [UInt8](repeating: 1, count: 300).span, end: false) }
        }
    }

    /// What happened, as far as it may not depend on how bytes were cut into reads.
    var story: String {
        let streams = self.streams.sorted { $0.key < $1.key }.map { id, stream in
            // Of content that turns out to be too long, more or less may have been passed on before.
            "\(id): \(stream.heads) \(stream.reset == nil ? "\(stream.content)" : "") \(stream.trailers ?? "-") "
                + "\(stream.reset.map { "reset \($0) \(stream.isByPeer)" } ?? "\(stream.isReceived)")"
        }
        return (streams + self.events).joined(separator: "\n")
    }

    mutating func run(_ wire: [UInt8], _ ends: [Int]) throws(Finding) {
        var start = 0
        for end in ends {
            let piece = Array(wire[start..<end])
            start = end
            var offset = 0
            var steps = 0
            do {
                while let event = try self.connection.receive(piece.span, at: &offset, into: &self.list, now: Self.now)
                {
                    steps += 1
                    try self.note(event, piece)
                    try require(steps <= 8 * wire.count + 64, "events without end")
                }
            } catch let error as HTTP2Error {
                self.events.append("error \(error.code.rawValue)")
            } catch let error as Finding {
                throw error
            } catch {
                throw Finding("\(error)")
            }
            try require(offset == piece.count || self.connection.hasFailed, "\(piece.count - offset) bytes left")
            self.take()
            try self.checkLimits()
        }
        try self.checkOutput()
        self.events.append("failed \(self.connection.hasFailed), draining \(self.connection.isDraining)")
        try self.lose()
    }

    private mutating func take() {
        var bytes: [UInt8] = []
        self.connection.takeOutput(&bytes)
        self.output += bytes
    }

    // MARK: - The owner

    private mutating func note(_ event: HTTP2Event, _ bytes: [UInt8]) throws(Finding) {
        switch event {
        case .head(let id, _, let end): try self.head(id, end)
        case .data(let id, let user, let range, let end):
            try self.expectOpen(id, user)
            self.streams[id]?.content += bytes[range]
            if end { self.received(id) }
        case .trailers(let id, let user):
            try self.expectOpen(id, user)
            let text = self.text()
            self.streams[id]?.trailers = text
            self.received(id)
        case .reset(let id, let user, let code, let byPeer):
            try require(self.streams[id]?.reset == nil && user == UInt64(id), "reset of \(id) twice")
            self.streams[id]?.reset = code.rawValue
            self.streams[id]?.isByPeer = byPeer
            self.connection.consumed(id, self.streams[id]?.content.count ?? 0)
        case .resumed(let id, _): self.events.append("resumed \(id)")
        case .goAway(let code): self.events.append("goaway \(code.rawValue)")
        case .settings: self.events.append("settings")
        case .pong(let value): self.events.append("pong \(value)")
        }
    }

    private mutating func head(_ id: UInt32, _ end: Bool) throws(Finding) {
        let text = self.text()
        if self.role == .server {
            try require(self.streams[id] == nil, "two requests on \(id)")
            self.streams[id] = Stream()
            self.connection.setUser(id, UInt64(id))
            try self.checkAsHTTP1()
        } else {
            try self.expectOpen(id, UInt64(id))
            try require((100...999).contains(self.list.response.status), "status \(self.list.response.status)")
        }
        self.streams[id]?.heads.append(text)
        if self.role == .server { self.answer(id) }
        if end { self.received(id) }
    }

    private mutating func answer(_ id: UInt32) {
        var head = HTTP2HeaderList()
        head.append(":status", "200")
        switch id & 7 {
        case 1:
            self.connection.sendHead(id, head, end: false)
            _ = self.connection.sendData(id, [UInt8](repeating: 2, count: 3000).span, end: false)
        case 3: self.connection.sendHead(id, head, end: true)
        case 5:
            self.connection.sendHead(id, head, end: false)
            _ = self.connection.sendData(id, [UInt8](repeating: 2, count: 70_000).span, end: true)
        default:
            self.streams[id]?.reset = 8
            self.connection.reset(id, .cancel)
        }
    }

    private mutating func received(_ id: UInt32) {
        self.streams[id]?.isReceived = true
        self.connection.consumed(id, self.streams[id]?.content.count ?? 0)
        var trailers = HTTP2HeaderList()
        trailers.append("grpc-status", "0")
        if self.role == .server, id & 7 == 1 { self.connection.sendHead(id, trailers, end: true) }
    }

    private func expectOpen(_ id: UInt32, _ user: UInt64) throws(Finding) {
        guard let stream = self.streams[id] else { throw Finding("an event of unknown stream \(id)") }
        try require(!stream.isReceived && stream.reset == nil, "an event of \(id) after its end")
        try require(user == UInt64(id), "\(id) belongs to \(user)")
    }

    private func text() -> String {
        (0..<self.list.count).map { index in
            let field = self.list[index]
            return "\(self.list.bytes[field.nameRange])=\(self.list.bytes[field.valueRange])"
        }.joined(separator: "&")
    }

    // MARK: - Properties

    /// A request that is accepted is one in HTTP/1, too, with the same meaning: nothing hides in it.
    private func checkAsHTTP1() throws(Finding) {
        let head = self.list.request
        let bytes = self.list.bytes
        var text = bytes[head.methodRange] + [0x20]
        text += head.method == .connect ? bytes[head.authorityRange] : bytes[head.pathRange]
        text += Array(" HTTP/1.1\r\nhost: ".utf8) + bytes[head.authorityRange] + Array("\r\n".utf8)
        for index in head.pseudoCount..<self.list.count where ![.host, .te].contains(self.list[index].name) {
            let field = self.list[index]
            text += bytes[field.nameRange] + [0x3A, 0x20] + bytes[field.valueRange] + [0x0D, 0x0A]
        }
        text += [0x0D, 0x0A]
        let line = Array(text)
        var progress = HTTP1ScanProgress()
        let reading: HTTP1Reading?
        do {
            reading = try HTTP1Properties.request(line.span, &progress, HTTP1Limits(headBytes: 65_535, fields: 128))
        } catch {
            if case .tooManyFields = error { return }
            throw Finding("as HTTP/1 refused for \(error): \(String(decoding: line, as: UTF8.self))")
        }
        try require(
            reading?.length == line.count && reading?.contentLength == head.contentLength
                && reading?.line[0] == Array(bytes[head.methodRange])
                && reading?.line[3] == Array(bytes[head.authorityRange])
                && reading?.flags.isDisjoint(with: [.chunked, .connectionField, .hopByHop]) == true,
            "another meaning as HTTP/1: \(String(decoding: line, as: UTF8.self))")
    }

    private func checkLimits() throws(Finding) {
        let connection = self.connection.streamCount
        try require(connection <= (self.role == .server ? Self.settings.concurrentStreams : 3), "\(connection) streams")
        try require(self.connection.carry.count <= HTTP2Connection.frameBytesMax + 9, "a frame too large is kept")
        try require(self.connection.block.count <= HTTP2Connection.blockBytesMax, "a block too large is kept")
        try require(self.connection.pending.count <= 64, "\(self.connection.pending.count) events are kept")
    }

    /// What we send are whole frames of types and sizes that any peer takes.
    private func checkOutput() throws(Finding) {
        var rest = self.output[...]
        if self.role == .client { rest = rest.dropFirst(24) }
        var decoder = HPACKDecoder()
        var list = HTTP2HeaderList(sizeMax: 1 << 20)
        while !rest.isEmpty {
            guard rest.count >= 9 else { throw Finding("a broken frame is sent") }
            let header = HTTP2FrameHeader(Array(rest.prefix(9)).span, at: 0)
            try require(header.length <= 16_384 && rest.count >= 9 + header.length, "a broken frame is sent")
            try require(header.type <= 9 && ![2, 5].contains(header.type), "a frame of type \(header.type) is sent")
            let payload = Array(rest.dropFirst(9).prefix(header.length))
            rest = rest.dropFirst(9 + header.length)
            guard header.type == HTTP2FrameType.headers else { continue }
            do { try decoder.decode(payload.span, into: &list) } catch {
                throw Finding("a broken block is sent: \(error)")
            }
        }
    }

    /// When the transport goes, every stream that had neither ended nor been reset is reported once.
    private mutating func lose() throws(Finding) {
        self.connection.lost()
        while let event = self.connection.nextEvent() {
            guard case .reset(let id, _, _, _) = event else { continue }
            try require(self.streams[id]?.lost == false && self.streams[id]?.reset == nil, "\(id) ends twice")
            self.streams[id]?.lost = true
        }
        try require(self.connection.streamCount == 0, "streams outlive the connection")
        for (id, stream) in self.streams where stream.reset == nil && !stream.lost {
            try require(stream.isReceived, "\(id) never ended")
        }
    }
}
