import Testing

@testable import MeshCodec

@Suite struct ClientHelloTests {
    /// Puts `size` in front of `bytes` as a number of `width` bytes.
    static func sized(_ width: Int, _ bytes: [UInt8]) -> [UInt8] {
        (0..<width).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) } + bytes
    }

    static func nameExtension(_ name: String) -> [UInt8] {
        [0, 0] + self.sized(2, self.sized(2, [0] + self.sized(2, Array(name.utf8))))
    }

    static func protocolsExtension(_ names: [String]) -> [UInt8] {
        [0, 16] + self.sized(2, self.sized(2, names.flatMap { self.sized(1, Array($0.utf8)) }))
    }

    /// A ClientHello with `extensions`, cut into records of at most `recordSize` bytes.
    static func hello(_ extensions: [UInt8], recordSize: Int = 16_384) -> [UInt8] {
        let body =
            [3, 3] + Array(repeating: 7, count: 32) + self.sized(1, Array(repeating: 9, count: 32))
            + self.sized(2, [0x13, 1, 0x13, 2]) + self.sized(1, [0]) + self.sized(2, extensions)
        let message = [1] + self.sized(3, body)
        return stride(from: 0, to: message.count, by: recordSize).flatMap { start in
            [22, 3, 1] + self.sized(2, Array(message[start..<min(start + recordSize, message.count)]))
        }
    }

    static let padding: [UInt8] = [0, 51] + Self.sized(2, Array(repeating: 1, count: 1300))
    static let usual =
        Self.padding + Self.nameExtension("Web.NS.example") + Self.protocolsExtension(["h2", "transport.l5d.io/v1"])

    @Test(arguments: [16_384, 200, 3, 2])
    func `name and protocols are found however the hello is cut into records`(recordSize: Int) throws {
        guard case .hello(let hello) = ClientHello.read(Self.hello(Self.usual, recordSize: recordSize).span) else {
            Issue.record("no hello")
            return
        }
        let name = try #require(hello.serverName)
        #expect(name.text == "web.ns.example")
        #expect(name.isEqual(to: "web.ns.example."))
        #expect(!name.isEqual(to: "web.ns.exampl"))
        #expect(hello.protocols == [.http2, .meshTransport])
    }

    @Test func `every part of a hello needs more`() {
        let bytes = Self.hello(Self.usual, recordSize: 500)
        for count in 0..<bytes.count {
            guard case .needsMore = ClientHello.read(bytes.span.extracting(first: count)) else {
                Issue.record("decided after \(count) bytes")
                return
            }
        }
    }

    @Test func `a hello without a name is a hello`() {
        guard case .hello(let hello) = ClientHello.read(Self.hello([]).span) else {
            Issue.record("no hello")
            return
        }
        #expect(hello.serverName == nil)
    }

    @Test(
        arguments: [
            Array("GET / HTTP/1.1\r\n".utf8),
            [21, 3, 1],
            [22, 2],
            [22, 3, 1, 0, 0],
            [22, 3, 1, 0xFF, 0xFF],
            [22, 3, 1, 0, 4, 2, 0, 0, 0],
            [22, 3, 1, 0, 4, 1, 0x10, 0, 0],
            Self.hello(Self.nameExtension("")),
            Self.hello(Self.nameExtension("a b")),
            Self.hello(Self.nameExtension("a\u{0}")),
            Self.hello(Self.nameExtension(String(repeating: "a", count: 254))),
            Self.hello(Self.nameExtension("a") + Self.nameExtension("b")),
            Self.hello([0, 0, 0, 9, 0]),
            Self.hello([0, 16, 0, 4, 0, 2, 9, 9]),
            Self.hello([0, 16, 0, 4, 0, 2, 0, 0]),
            Self.hello([1, 2, 3]),
            Self.hello([0, 51] + Self.sized(2, Array(repeating: 1, count: 9000))),
        ] as [[UInt8]])
    func `what is no sound hello is none`(bytes: [UInt8]) {
        guard case .notHello = ClientHello.read(bytes.span) else {
            Issue.record("taken")
            return
        }
    }
}
