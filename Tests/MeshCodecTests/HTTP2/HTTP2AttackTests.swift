import MeshModel
import Testing

@testable import MeshCodec

/// What a peer may ask for without end, and where it ends.
@Suite struct HTTP2AttackTests {
    private static let now = MonotonicTime(nanoseconds: 0)
    private static let start = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + Self.frame(4, 0, 0)

    static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8] = []) -> [UInt8] {
        var bytes: [UInt8] = []
        HTTP2FrameWriter.header(length: payload.count, type: type, flags: flags, stream: stream, into: &bytes)
        return bytes + payload
    }

    static func block(_ fields: [(String, String)]) -> [UInt8] {
        var encoder = HPACKEncoder()
        var block: [UInt8] = []
        for (name, value) in fields {
            encoder.encode(
                name: Array(name.utf8).span, value: Array(value.utf8).span, field: .other, staticName: 0,
                isSensitive: true, into: &block)
        }
        return block
    }

    static let request = Self.block([(":method", "POST"), (":scheme", "http"), (":path", "/")])

    /// Feeds frames to a server until it gives up; returns the code, or nil if it never does.
    private func outcome(
        settings: HTTP2Settings = HTTP2Settings(), _ frames: (Int) -> [UInt8], times: Int
    ) -> HTTP2ErrorCode? {
        var server = HTTP2Connection(role: .server, settings: settings, now: Self.now)
        var list = HTTP2HeaderList()
        for number in -1..<times {
            let bytes = number < 0 ? Self.start : frames(number)
            var offset = 0
            do {
                while try server.receive(bytes.span, at: &offset, into: &list, now: Self.now) != nil {}
            } catch {
                return error.code
            }
            var output: [UInt8] = []
            server.takeOutput(&output)
        }
        return nil
    }

    @Test(
        "work without progress ends the connection",
        arguments: [
            "reset by the client", "reset for a window of nothing", "reset for a broken head",
            "reset for too much content",
            "settings", "pings", "empty content", "unknown frames", "late content",
        ])
    func calms(kind: String) {
        let code = self.outcome(
            { number in
                let stream = UInt32(2 * number + 1)
                let open = Self.frame(1, 4, stream, Self.request)
                switch kind {
                case "reset by the client": return open + Self.frame(3, 0, stream, [0, 0, 0, 8])
                case "reset for a window of nothing": return open + Self.frame(8, 0, stream, [0, 0, 0, 0])
                case "reset for a broken head": return Self.frame(1, 5, stream, Self.block([(":method", "GET")]))
                case "reset for too much content":
                    return Self.frame(1, 4, stream, Self.request + Self.block([("content-length", "1")]))
                        + Self.frame(0, 0, stream, [1, 2])
                case "settings": return Self.frame(4, 0, 0)
                case "pings": return Self.frame(6, 0, 0, [UInt8](repeating: 0, count: 8))
                case "empty content": return number == 0 ? open : Self.frame(0, 0, 1)
                case "unknown frames": return Self.frame(99, 0, 0)
                default:
                    return number == 0 ? Self.frame(1, 4, 1, Self.request) : Self.frame(0, number == 1 ? 1 : 0, 1, [1])
                }
            }, times: 20_000)
        #expect(code == .enhanceYourCalm)
    }

    @Test("a peer that takes its time is not told to calm down")
    func allowsSlowNuisances() throws {
        var server = HTTP2Connection(role: .server, now: Self.now)
        var list = HTTP2HeaderList()
        for second in 0..<60 {
            let pings = (0..<900).flatMap { _ in Self.frame(6, 0, 0, [UInt8](repeating: 0, count: 8)) }
            let bytes = second == 0 ? Self.start : pings
            var offset = 0
            let now = MonotonicTime(nanoseconds: Int64(second) * 1_000_000_000)
            while try server.receive(bytes.span, at: &offset, into: &list, now: now) != nil {}
            var output: [UInt8] = []
            server.takeOutput(&output)
        }
    }

    @Test("a block that names a long entry over and over ends the connection before it is written out")
    func refusesNameBombs() {
        let name = [UInt8](repeating: 0x6E, count: 4000)
        let bomb = [0x40, 0x7F] + [0xA1, 0x1E] + name + [0]
        let code = self.outcome(
            { _ in
                let block = Self.request + bomb + (0..<4000).flatMap { _ in [0x0F, 0x2F, 0] as [UInt8] }
                return Self.frame(1, 5, 1, Array(block.prefix(16_384)))
            }, times: 1)
        #expect(code == .enhanceYourCalm)
    }

    @Test("streams take turns when the connection's window opens byte by byte")
    func sharesSmallWindows() throws {
        var pair = HTTP2Pair(server: HTTP2Settings(streamWindow: 1 << 20, connectionWindow: 65_535))
        pair.credits = false
        pair.run()
        var streams: [UInt32] = []
        for _ in 0..<8 {
            let stream = try pair.open(user: 0)
            pair.client.sendHead(stream, HTTP2Pair.list(HTTP2Pair.request), end: false)
            _ = pair.client.sendData(stream, [UInt8](repeating: 0x61, count: 65_535).span, end: false)
            streams.append(stream)
        }
        pair.run()
        var list = HTTP2HeaderList()
        var updates: [UInt8] = []
        for _ in 0..<80 { updates += Self.frame(8, 0, 0, [0, 0, 0, 1]) }
        var offset = 0
        while try pair.client.receive(updates.span, at: &offset, into: &list, now: Self.now) != nil {}
        // The window is a pretence, so what it admitted is looked at before a server would refuse it.
        var output: [UInt8] = []
        pair.client.takeOutput(&output)
        var sent: [UInt32: Int] = [:]
        var rest = output[...]
        while rest.count >= HTTP2FrameHeader.byteCount {
            let header = HTTP2FrameHeader(Array(rest.prefix(HTTP2FrameHeader.byteCount)).span, at: 0)
            sent[header.stream, default: 0] += header.type == HTTP2FrameType.data ? header.length : 0
            rest = rest.dropFirst(HTTP2FrameHeader.byteCount + header.length)
        }
        #expect(sent.values.reduce(0, +) == 80)
        for stream in streams.dropFirst() { #expect(sent[stream, default: 0] >= 10) }
    }

    @Test("many mentions of the window in one SETTINGS count once, and each is checked")
    func settlesWindows() {
        let small: [UInt8] = [0, 4, 0, 0, 0, 9]
        let code = self.outcome({ _ in Self.frame(4, 0, 0, (0..<2000).flatMap { _ in small }) }, times: 1)
        #expect(code == nil)
        let wrong = self.outcome({ _ in Self.frame(4, 0, 0, [0, 4, 0x80, 0, 0, 0] + small) }, times: 1)
        #expect(wrong == .flowControlError)
    }
}
