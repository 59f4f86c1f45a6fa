import Testing

@testable import MeshCodec

@Suite struct ProtocolDetectionTests {
    @Test(arguments: [
        ("", DetectedProtocol.undecided),
        ("G", .undecided),
        ("GET /", .undecided),
        ("GET / HTTP", .undecided),
        ("GET / HTTP/", .http1),
        ("GET / HTTP/1.1\r\n", .http1),
        ("GET / HTTP/1.1\n", .http1),
        ("GET / HTTP/1.7\r\n", .http1),
        ("\r", .undecided),
        ("\r\nGET / HTTP/1.1\r\n", .http1),
        ("PRI", .undecided),
        ("PRI * HTTP/2.0", .http2),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .http2),
        ("PRI * HTTP/1.1\r\n", .http1),
        ("PRIX / HTTP/1.1\r\n", .http1),
        ("EHLO example.com\r\n", .opaque),
        ("get key\r\n", .opaque),
        ("GET / FTP/1.1", .opaque),
        ("GET  / HTTP/1.1", .http1),
        ("GET\t/ \u{0B}HTTP/1.1", .http1),
        ("GET / http/1.1", .http1),
        ("\n\r\n\nGET / HTTP/1.1", .http1),
        ("GET /old\r\n", .http1),
        ("GET /old\n", .http1),
        ("GET key\r\n", .opaque),
        ("\n\n\u{1}", .opaque),
        ("*1\r\n$4\r\nPING\r\n", .opaque),
        ("\u{16}\u{3}\u{1}", .opaque),
        ("\r\r", .undecided),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG", .opaque),
    ])
    func `first bytes tell the protocol`(text: String, expected: DetectedProtocol) {
        #expect(ProtocolDetection.detect(Array(text.utf8).span) == expected)
    }

    @Test func `a request line longer than what is looked at is HTTP 1`() {
        let bytes = Array("GET /\(String(repeating: "x", count: 2000))".utf8)
        #expect(ProtocolDetection.detect(bytes.span) == .http1)
    }

    @Test(arguments: ["GET /a HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n", "EHLO me you\r\n", "\r\nPUT http://a HTTP/1.0\r\n"])
    func `once decided, more bytes change nothing`(text: String) {
        let bytes = Array(text.utf8)
        var decided = DetectedProtocol.undecided
        for count in 0...bytes.count {
            let now = ProtocolDetection.detect(bytes.span.extracting(first: count))
            #expect(decided == .undecided || now == decided)
            decided = now
        }
        #expect(decided != .undecided)
    }
}
