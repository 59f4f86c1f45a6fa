import MeshModel
import Testing

@testable import MeshCodec

@Suite struct HTTP2ConnectionTests {
    @Test(arguments: [Int.max, 1, 2, 7, 100])
    func `a call with trailers goes both ways, however the bytes are cut`(step: Int) throws {
        var pair = HTTP2Pair()
        pair.step = step
        pair.run()
        let stream = try pair.open(user: 7)
        pair.client.sendHead(
            stream,
            HTTP2Pair.list(
                HTTP2Pair.request + [("te", "trailers"), ("x-long", String(repeating: "y", count: 20_000))]),
            end: false)
        _ = pair.client.sendData(stream, Array("hello".utf8).span, end: false)
        _ = pair.client.sendData(stream, Array(" world".utf8).span, end: true)
        pair.run()
        pair.server.sendHead(1, HTTP2Pair.list([(":status", "200"), ("a", "b")]), end: false)
        _ = pair.server.sendData(1, Array("answer".utf8).span, end: false)
        pair.server.sendHead(1, HTTP2Pair.list([("grpc-status", "0")]), end: true)
        pair.run()
        let log = pair.serverLog.map { $0.replacing(/y{100,}/, with: "Y") }
        #expect(
            log == [
                "settings", "1 head :method=POST&:scheme=http&:path=/a&:authority=h&te=trailers&x-long=Y",
                "1 data hello world", "1 end",
            ])
        #expect(
            pair.clientLog == ["settings", "1 head :status=200&a=b", "1 data answer", "1 trailers grpc-status=0"])
        #expect(pair.streamCounts == [0, 0])
    }

    @Test func `repeated heads shrink to indices`() throws {
        var pair = HTTP2Pair()
        pair.run()
        var sizes: [Int] = []
        for _ in 0..<5 {
            let stream = try pair.open(user: 0)
            pair.client.sendHead(
                stream, HTTP2Pair.list(HTTP2Pair.request + [("x-a", "some value"), ("user-agent", "tests/1.0")]),
                end: true)
            sizes.append(pair.client.output.count)
            pair.run()
            pair.server.sendHead(stream, HTTP2Pair.list([(":status", "200")]), end: true)
            pair.run()
        }
        #expect(sizes[0] > 40)
        #expect(sizes[4] == 9 + 6)
        #expect(Set(pair.serverLog.filter { $0.contains("head") }.map { $0.drop { $0 != " " } }).count == 1)
    }

    @Test func `content waits for the peer's window and goes on with it`() throws {
        var pair = HTTP2Pair()
        pair.credits = false
        pair.run()
        let stream = try pair.open(user: 0)
        pair.client.sendHead(stream, HTTP2Pair.list(HTTP2Pair.request), end: false)
        let first = pair.client.sendData(stream, [UInt8](repeating: 0x61, count: 65_535).span, end: false)
        #expect(first)
        let second = pair.client.sendData(stream, Array("rest".utf8).span, end: false)
        #expect(!second)
        pair.client.sendHead(stream, HTTP2Pair.list([("t", "1")]), end: true)
        pair.run()
        #expect(pair.serverLog.last?.count == "1 data ".count + 65_535)
        pair.server.consumed(1, 65_535)
        pair.run()
        #expect(pair.serverLog.last == "1 trailers t=1")
        #expect(pair.serverLog.dropLast().last?.hasSuffix("rest") == true)
    }

    @Test func `the window of the connection is shared and given back`() throws {
        var pair = HTTP2Pair(server: HTTP2Settings(streamWindow: 1 << 20, connectionWindow: 65_535))
        pair.credits = false
        pair.run()
        var blocked = 0
        for _ in 0..<3 {
            let stream = try pair.open(user: 0)
            pair.client.sendHead(stream, HTTP2Pair.list(HTTP2Pair.request), end: false)
            if !pair.client.sendData(stream, [UInt8](repeating: 0x61, count: 30_000).span, end: false) { blocked += 1 }
        }
        #expect(blocked == 1)
        pair.run()
        for stream: UInt32 in [1, 3, 5] { pair.server.consumed(stream, 15_000) }
        pair.run()
        #expect(pair.clientLog.last == "5 resumed")
    }

    @Test func `either side may end a stream early`() throws {
        var pair = HTTP2Pair()
        pair.run()
        for _ in 0..<2 {
            let stream = try pair.open(user: 0)
            pair.client.sendHead(stream, HTTP2Pair.list(HTTP2Pair.request), end: false)
        }
        pair.run()
        pair.client.reset(1, .cancel)
        pair.server.reset(3, .refusedStream)
        _ = pair.client.sendData(3, Array("late".utf8).span, end: true)
        pair.run()
        #expect(pair.serverLog.last == "1 was reset 8")
        #expect(pair.clientLog.last == "3 was reset 7")
        #expect(pair.streamCounts == [0, 0])
    }

    @Test func `a going server finishes what it began and nothing else`() throws {
        var pair = HTTP2Pair()
        pair.run()
        let first = try pair.open(user: 0)
        pair.client.sendHead(first, HTTP2Pair.list(HTTP2Pair.request), end: true)
        pair.run()
        pair.server.goAway()
        let second = try pair.open(user: 0)
        pair.client.sendHead(second, HTTP2Pair.list(HTTP2Pair.request), end: false)
        _ = pair.client.sendData(second, Array("x".utf8).span, end: true)
        pair.run()
        #expect(pair.clientLog.suffix(2) == ["3 was reset 7", "goaway 0"])
        let third = pair.client.open(user: 0)
        #expect(third == nil)
        #expect(pair.finished == [false, false])
        pair.server.sendHead(first, HTTP2Pair.list([(":status", "204")]), end: true)
        pair.run()
        #expect(pair.clientLog.last == "1 head end :status=204")
        #expect(pair.finished == [true, true])
    }

    @Test func `the peer's limit on streams is kept`() throws {
        var pair = HTTP2Pair(server: HTTP2Settings(concurrentStreams: 2))
        pair.run()
        var opened = 0
        while pair.client.open(user: 0) != nil { opened += 1 }
        #expect(opened == 2)
    }

    @Test func `interim responses come before the final one`() throws {
        var pair = HTTP2Pair()
        pair.run()
        let stream = try pair.open(user: 0)
        pair.client.sendHead(stream, HTTP2Pair.list(HTTP2Pair.request), end: false)
        pair.run()
        pair.server.sendHead(1, HTTP2Pair.list([(":status", "100")]), end: false)
        pair.server.sendHead(1, HTTP2Pair.list([(":status", "200")]), end: true)
        pair.run()
        #expect(pair.clientLog.suffix(2) == ["1 head :status=100", "1 head end :status=200"])
    }

    @Test func `a congested owner holds content and goes on later`() throws {
        var pair = HTTP2Pair()
        pair.run()
        let stream = try pair.open(user: 9)
        pair.client.sendHead(stream, HTTP2Pair.list(HTTP2Pair.request), end: false)
        pair.client.setCongested(true)
        let sent = pair.client.sendData(stream, Array("abc".utf8).span, end: false)
        #expect(!sent)
        pair.client.setCongested(false)
        let event = pair.client.nextEvent()
        #expect(event == .resumed(stream: 1, user: 9))
        pair.run()
        #expect(pair.serverLog.last == "1 data abc")
    }

    @Test(arguments: 0..<UInt64(60))
    func `many streams in any order lose no byte`(seed: UInt64) throws {
        var random = TestRandom(seed: seed)
        var pair = HTTP2Pair()
        pair.step = Int.random(in: 1...5000, using: &random)
        pair.run()
        var sent: [UInt32: String] = [:]
        var open: [UInt32] = []
        for _ in 0..<120 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                guard let stream = pair.client.open(user: 0) else { continue }
                let length = Int.random(in: 0...300, using: &random)
                pair.client.sendHead(
                    stream, HTTP2Pair.list(HTTP2Pair.request + [("n", String(repeating: "v", count: length))]),
                    end: false)
                sent[stream] = ""
                open.append(stream)
            case 1, 2:
                guard let stream = open.randomElement(using: &random) else { continue }
                let text = String(repeating: "\(stream)", count: Int.random(in: 0...9000, using: &random))
                let isLast = Bool.random(using: &random)
                _ = pair.client.sendData(stream, Array(text.utf8).span, end: isLast)
                sent[stream, default: ""] += text
                if isLast { open.removeAll { $0 == stream } }
            default: pair.run()
            }
        }
        for stream in open { pair.finish(stream) }
        pair.run()
        var received: [UInt32: String] = [:]
        var ended = 0
        for line in pair.serverLog {
            let parts = line.split(separator: " ", maxSplits: 2)
            guard let stream = UInt32(parts[0]) else { continue }
            if parts[1] == "data", parts.count > 2 { received[stream, default: ""] += parts[2] }
            if parts[1] == "end" { ended += 1 }
        }
        #expect(received == sent.filter { !$0.value.isEmpty })
        #expect(ended == sent.count)
    }
}

/// A repeatable source of random numbers.
struct TestRandom: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { self.state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
