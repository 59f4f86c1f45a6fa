import MeshModel
import MeshPolicy
import MeshReactor
import Testing

@testable import MeshProxy

@Suite(.timeLimit(.minutes(2))) struct TunnelTests {
    private static let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 12) }

    @Test(
        "bytes that are not HTTP pass in both directions, large amounts too",
        arguments: HTTP1ForwardingTests.Side.allCases)
    func passesBytes(side: HTTP1ForwardingTests.Side) throws {
        let bytes = Self.bytes
        let server = try ScriptedServer { wire in
            let received = try wire.read(count: bytes.count + 20)
            try wire.write(Array(received.dropFirst(20)))
            wire.finish()
        }
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: side.address(of: proxy))
        try client.write([UInt8](repeating: 0, count: 20))
        try client.write(bytes)
        let same = try client.readToEnd() == bytes
        #expect(same)
    }

    @Test("one side may end while the other goes on", arguments: HTTP1ForwardingTests.Side.allCases)
    func halfCloses(side: HTTP1ForwardingTests.Side) throws {
        let server = try ScriptedServer { wire in
            let question = try wire.readToEnd()
            try wire.write("heard \(question.count)")
            wire.finish()
        }
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: side.address(of: proxy))
        try client.write([UInt8](repeating: 0, count: 100_000))
        client.finish()
        #expect(String(decoding: try client.readToEnd(), as: UTF8.self) == "heard 100000")
    }

    @Test("a few bytes and an end are passed on, though they tell no protocol")
    func passesShortMessages() throws {
        let server = try ScriptedServer { wire in
            let question = try wire.readToEnd()
            try wire.write(question)
            wire.finish()
        }
        let proxy = try TestProxy(to: server.address)
        for text in ["G", "GET", "\u{1}\u{2}"] {
            let client = try Wire.connect(to: proxy.inbound)
            try client.write(text)
            client.finish()
            #expect(String(decoding: try client.readToEnd(), as: UTF8.self) == text)
        }
    }

    @Test("a reset of either side reaches the other as a reset")
    func propagatesResets() throws {
        let server = try ScriptedServer { wire in
            _ = try wire.read(count: 20)
            try wire.write("ok")
            _ = try wire.read(count: 1)
            wire.reset()
        }
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: proxy.inbound)
        try client.write([UInt8](repeating: 0, count: 20))
        #expect(try client.read(count: 2) == Array("ok".utf8))
        try client.write([1])
        #expect(throws: Wire.Failure.self) { _ = try client.readToEnd() }
    }
}
