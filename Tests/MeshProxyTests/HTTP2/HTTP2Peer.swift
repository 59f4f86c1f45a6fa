import MeshCodec
import MeshModel
import MeshReactor

@testable import MeshProxy

/// One end of an HTTP/2 connection, for tests: blocking, and with owned values.
final class HTTP2Peer {
    /// What came on a stream.
    struct Message: Equatable {
        var fields: [String] = []
        var content: [UInt8] = []
        var trailers: [String]?
        var isWhole = false
        var reset: UInt32?

        func value(_ name: String) -> String? {
            let all = self.fields + (self.trailers ?? [])
            return all.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
        }
    }

    private let wire: Wire
    private var codec: HTTP2Connection
    private var list = HTTP2HeaderList()
    private var spare: [UInt8] = []
    private(set) var messages: [UInt32: Message] = [:]
    /// Streams in the order in which they became whole.
    private(set) var whole: [UInt32] = []
    private(set) var isGoingAway = false
    private(set) var pongs = 0
    /// Whether content is credited as it comes.
    var credits = true
    private var owed: [(UInt32, Int)] = []

    init(_ wire: Wire, _ role: HTTP2Role) throws {
        self.wire = wire
        self.codec = HTTP2Connection(role: role, now: Clock.now())
        try self.flush()
    }

    convenience init(connectingTo address: SocketAddress) throws {
        try self.init(Wire.connect(to: address), .client)
    }

    /// Sends a request and returns its stream.
    func request(
        _ fields: [(String, String)] = [], path: String = "/", method: String = "POST", content: [UInt8] = [],
        end: Bool = true
    ) throws -> UInt32 {
        guard let stream = self.codec.open(user: 0) else { throw Wire.Failure(description: "no stream") }
        var head = HTTP2HeaderList()
        head.append(":method", method)
        head.append(":scheme", "http")
        head.append(":path", path)
        head.append(":authority", "web.example")
        for (name, value) in fields { head.append(name, value) }
        self.codec.sendHead(stream, head, end: end && content.isEmpty)
        if !content.isEmpty { _ = self.codec.sendData(stream, content.span, end: end) }
        try self.flush()
        return stream
    }

    func send(_ stream: UInt32, _ content: [UInt8], end: Bool) throws {
        _ = self.codec.sendData(stream, content.span, end: end)
        try self.flush()
    }

    func sendHead(_ stream: UInt32, _ fields: [(String, String)], end: Bool) throws {
        var head = HTTP2HeaderList()
        for (name, value) in fields { head.append(name, value) }
        self.codec.sendHead(stream, head, end: end)
        try self.flush()
    }

    func reset(_ stream: UInt32, _ code: HTTP2ErrorCode) throws {
        self.codec.reset(stream, code)
        try self.flush()
    }

    func goAway() throws {
        self.codec.goAway()
        try self.flush()
    }

    /// Says that no stream above `last` was looked at.
    func goAway(last: UInt8) throws {
        try self.flush()
        try self.wire.write([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, last, 0, 0, 0, 0])
    }

    /// Gives credit for all content that has come.
    func credit() throws {
        for (stream, count) in self.owed { self.codec.consumed(stream, count) }
        self.owed = []
        try self.flush()
    }

    /// Content that could not be sent yet.
    func held(_ stream: UInt32) -> Int { self.codec.heldCount(stream) }

    /// Returns once the other end has taken everything that was sent so far.
    func settle() throws {
        let before = self.pongs
        self.codec.ping(1)
        try self.flush()
        try self.read { $0.pongs > before }
    }

    func close() { self.wire.close() }

    /// Reads until `condition` holds; fails when the connection ends first.
    func read(until condition: (HTTP2Peer) -> Bool) throws {
        while !condition(self) {
            guard try self.step() else { throw Wire.Failure(description: "ended: \(self.messages)") }
        }
    }

    /// The answer on `stream`, whole or reset.
    func answer(_ stream: UInt32) throws -> Message {
        try self.read { $0.messages[stream].map { $0.isWhole || $0.reset != nil } ?? false }
        return self.messages[stream] ?? Message()
    }

    /// Reads what is there; false at the end of the connection.
    func step() throws -> Bool {
        guard let bytes = try self.wire.readSome() else { return false }
        var offset = 0
        while let event = try self.codec.receive(bytes.span, at: &offset, into: &self.list, now: Clock.now()) {
            self.note(event, bytes)
        }
        try self.flush()
        return true
    }

    private func note(_ event: HTTP2Event, _ bytes: [UInt8]) {
        switch event {
        case .head(let stream, _, let end):
            self.messages[stream, default: Message()].fields = self.fields()
            if end { self.end(stream) }
        case .trailers(let stream, _):
            self.messages[stream, default: Message()].trailers = self.fields()
            self.end(stream)
        case .data(let stream, _, let range, let end):
            self.messages[stream, default: Message()].content += bytes[range]
            if self.credits {
                self.codec.consumed(stream, range.count)
            } else {
                self.owed.append((stream, range.count))
            }
            if end { self.end(stream) }
        case .reset(let stream, _, let code, _):
            self.messages[stream, default: Message()].reset = code.rawValue
        case .goAway: self.isGoingAway = true
        case .pong: self.pongs += 1
        case .resumed, .settings: return
        }
    }

    private func end(_ stream: UInt32) {
        self.messages[stream]?.isWhole = true
        self.whole.append(stream)
    }

    private func fields() -> [String] {
        (0..<self.list.count).map { index in
            let field = self.list[index]
            let name = String(decoding: self.list.bytes[field.nameRange], as: UTF8.self)
            return "\(name)=\(String(decoding: self.list.bytes[field.valueRange], as: UTF8.self))"
        }
    }

    private func flush() throws {
        self.codec.takeOutput(&self.spare)
        if !self.spare.isEmpty { try self.wire.write(self.spare) }
    }
}

extension ScriptedServer {
    /// An HTTP/2 server that answers every whole request with its fields, its content, and trailers.
    static func echoingHTTP2() throws -> ScriptedServer {
        try ScriptedServer { wire in
            let peer = try HTTP2Peer(wire, .server)
            var answered = 0
            while try peer.step() {
                while answered < peer.whole.count {
                    let stream = peer.whole[answered]
                    answered += 1
                    let request = peer.messages[stream] ?? HTTP2Peer.Message()
                    try peer.sendHead(
                        stream, [(":status", "200")] + request.fields.map { ("x-got", $0) } + [("l5d-x", "y")],
                        end: false)
                    try peer.send(stream, request.content, end: false)
                    try peer.sendHead(stream, [("grpc-status", "0")], end: true)
                }
            }
        }
    }
}
