import MeshModel
import Testing

@testable import MeshCodec

/// A client and a server that exchange their output, in pieces of `step` bytes, and write down what happens.
struct HTTP2Pair: ~Copyable {
    var client: HTTP2Connection
    var server: HTTP2Connection
    var clientLog: [String] = []
    var serverLog: [String] = []
    var clientList = HTTP2HeaderList()
    var serverList = HTTP2HeaderList()
    /// Whether each side gives credit for content as soon as it comes.
    var credits = true
    var step = Int.max
    static let now = MonotonicTime(nanoseconds: 0)

    init(client: HTTP2Settings = HTTP2Settings(), server: HTTP2Settings = HTTP2Settings()) {
        self.client = HTTP2Connection(role: .client, settings: client, now: Self.now)
        self.server = HTTP2Connection(role: .server, settings: server, now: Self.now)
    }

    /// How many streams client and server have.
    var streamCounts: [Int] { [self.client.streamCount, self.server.streamCount] }
    /// Whether client and server have nothing left to do.
    var finished: [Bool] { [self.client.isFinished, self.server.isFinished] }

    /// Opens a stream of the client.
    mutating func open(user: UInt64) throws -> UInt32 {
        let stream = self.client.open(user: user)
        return try #require(stream)
    }

    /// Ends a stream of the client.
    mutating func finish(_ stream: UInt32) {
        let nothing: [UInt8] = []
        _ = self.client.sendData(stream, nothing.span, end: true)
    }

    /// Exchanges bytes until nobody has any.
    mutating func run() {
        var isQuiet = false
        while !isQuiet {
            var bytes: [UInt8] = []
            self.client.takeOutput(&bytes)
            isQuiet = bytes.isEmpty
            Self.deliver(bytes, self.step, &self.server, &self.serverList, self.credits, &self.serverLog)
            self.server.takeOutput(&bytes)
            isQuiet = isQuiet && bytes.isEmpty
            Self.deliver(bytes, self.step, &self.client, &self.clientList, self.credits, &self.clientLog)
        }
    }

    static func deliver(
        _ bytes: [UInt8], _ step: Int, _ connection: inout HTTP2Connection, _ list: inout HTTP2HeaderList,
        _ credits: Bool, _ log: inout [String]
    ) {
        var start = 0
        while start < bytes.count {
            let piece = Array(bytes[start..<min(bytes.count, step == .max ? bytes.count : start + step)])
            start += piece.count
            var offset = 0
            do {
                while let event = try connection.receive(piece.span, at: &offset, into: &list, now: Self.now) {
                    self.note(event, piece, list, &log)
                    if credits, case .data(let stream, _, let range, _) = event {
                        connection.consumed(stream, range.count)
                    }
                }
            } catch {
                log.append("error \(error.code.rawValue)")
            }
        }
    }

    private static func note(
        _ event: HTTP2Event, _ bytes: [UInt8], _ list: borrowing HTTP2HeaderList, _ log: inout [String]
    ) {
        switch event {
        case .head(let stream, _, let end): log.append("\(stream) head\(end ? " end" : "") \(self.text(list))")
        case .trailers(let stream, _): log.append("\(stream) trailers \(self.text(list))")
        case .data(let stream, _, let range, let end):
            // Content may come in any number of pieces.
            let text = String(decoding: bytes[range], as: UTF8.self)
            if let last = log.last, last.hasPrefix("\(stream) data ") {
                log[log.count - 1] += text
            } else {
                log.append("\(stream) data \(text)")
            }
            if end { log.append("\(stream) end") }
        case .reset(let stream, _, let code, let byPeer):
            log.append("\(stream) \(byPeer ? "was reset" : "failed") \(code.rawValue)")
        case .resumed(let stream, _): log.append("\(stream) resumed")
        case .goAway(let code): log.append("goaway \(code.rawValue)")
        case .settings: log.append("settings")
        case .pong(let value): log.append("pong \(value)")
        }
    }

    static func text(_ list: borrowing HTTP2HeaderList) -> String {
        var parts: [String] = []
        for index in 0..<list.count {
            let field = list[index]
            parts.append("\(list.bytes.text(field.nameRange))=\(list.bytes.text(field.valueRange))")
        }
        return parts.joined(separator: "&")
    }

    static func list(_ fields: [(String, String)]) -> HTTP2HeaderList {
        var list = HTTP2HeaderList()
        for (name, value) in fields { list.append(name, value) }
        return list
    }

    static let request = [(":method", "POST"), (":scheme", "http"), (":path", "/a"), (":authority", "h")]
}
