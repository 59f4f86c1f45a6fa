import Testing

@testable import MeshCodec

@Suite struct TransportHeaderTests {
    static let preface = Array("transport.l5d.io/v1\r\n\r\n".utf8)

    @Test(arguments: [
        TransportHeader(port: 1), TransportHeader(port: 8080, session: .http1),
        TransportHeader(port: 65535, name: "web.ns.svc.cluster.local:80", session: .http2),
    ])
    func `a header survives encoding and decoding, however it is cut`(header: TransportHeader) throws {
        let bytes = header.encoded() + Array("rest".utf8)
        for count in 0..<(bytes.count - 4) {
            #expect(try TransportHeader.read(bytes.span.extracting(first: count)) == .needsMore)
        }
        #expect(try TransportHeader.read(bytes.span) == .header(header, length: bytes.count - 4))
    }

    @Test func `the wire form is what peers send`() {
        #expect(
            TransportHeader(port: 4143, name: "a.b:1", session: .http2).encoded() == Self.preface + [
                0, 0, 0, 14, 0x08, 0xAF, 0x20, 0x12, 5, 0x61, 0x2E, 0x62, 0x3A, 0x31, 0x1A, 2, 0x12, 0,
            ])
    }

    @Test func `unknown fields are passed over`() throws {
        let message: [UInt8] = [0x08, 80, 0x20, 1, 0x29, 1, 2, 3, 4, 5, 6, 7, 8, 0x32, 1, 0, 0x3D, 1, 2, 3, 4]
        let bytes = Self.preface + [0, 0, 0, UInt8(message.count)] + message
        #expect(try TransportHeader.read(bytes.span) == .header(TransportHeader(port: 80), length: bytes.count))
    }

    static let unsound: [([UInt8], TransportHeader.Failure)] = [
        (Array("GET".utf8), .wrongPreface),
        (after([0, 0, 4, 1]), .tooLarge(limit: 1024)),
        (after([0xFF, 0xFF, 0xFF, 0xFF]), .tooLarge(limit: 1024)),
        (after([0, 0, 0, 0]), .invalidPort),
        (after([0, 0, 0, 2, 0x08, 0]), .invalidPort),
        (after([0, 0, 0, 4, 0x08, 0x80, 0x80, 0x04]), .invalidPort),
        (after([0, 0, 0, 2, 0x08, 0x80]), .malformed),
        (after([0, 0, 0, 2, 0x12, 5]), .malformed),
        (after([0, 0, 0, 5, 0x08, 1, 0x12, 1, 0x20]), .malformed),
        (after([0, 0, 0, 1, 0x0B]), .malformed),
        (after([0, 0, 0, 1, 0x00]), .malformed),
    ]

    private static func after(_ bytes: [UInt8]) -> [UInt8] { Self.preface + bytes }

    @Test(arguments: Self.unsound)
    func `a header that is not sound is refused`(bytes: [UInt8], failure: TransportHeader.Failure) {
        #expect(throws: failure) { try TransportHeader.read(bytes.span) }
    }
}
