@testable import MeshCodec

extension FuzzTarget {
    static let clientHello = FuzzTarget(
        name: "client-hello", lengthMax: 2048,
        seeds: [
            HelloSeeds.hello(HelloSeeds.usual), HelloSeeds.hello(HelloSeeds.usual, recordSize: 7), HelloSeeds.hello([]),
            Array("GET /a HTTP/1.1\r\nHost: h\r\n\r\n".utf8), Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8),
            Array("\r\nPOST http://a.b HTTP/1.1\r\nHost: a.b\r\n\r\n".utf8), Array("EHLO x\r\n".utf8),
        ],
        words: ["\u{16}\u{03}\u{01}", "\u{01}\u{00}", "\u{00}\u{10}", "h2", "transport.l5d.io/v1", "HTTP/", "PRI * "],
        check: DetectionProperties.check)

    static let transportHeader = FuzzTarget(
        name: "transport-header", lengthMax: 1200,
        seeds: [
            TransportHeader(port: 80).encoded(), TransportHeader(port: 65_535, name: "web.ns:80").encoded(),
            TransportHeader(port: 1, session: .http1).encoded(),
            TransportHeader(port: 4143, name: "a.b", session: .http2).encoded() + Array("rest".utf8),
        ],
        words: ["transport.l5d.io/v1\r\n\r\n", "\u{08}\u{01}", "\u{12}\u{01}a", "\u{1A}\u{02}\u{0A}\u{00}"],
        check: TransportHeaderProperties.check)
}

private enum HelloSeeds {
    static let usual: [UInt8] =
        [0, 51] + Self.sized(2, Array(repeating: 1, count: 90)) + [0, 0]
        + Self.sized(2, Self.sized(2, [0] + Self.sized(2, Array("Web.NS.example".utf8)))) + [0, 16]
        + Self.sized(2, Self.sized(2, ["h2", "transport.l5d.io/v1"].flatMap { Self.sized(1, Array($0.utf8)) }))

    static func sized(_ width: Int, _ bytes: [UInt8]) -> [UInt8] {
        (0..<width).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) } + bytes
    }

    static func hello(_ extensions: [UInt8], recordSize: Int = 16_384) -> [UInt8] {
        let body =
            [3, 3] + Array(repeating: 7, count: 32) + self.sized(1, Array(repeating: 9, count: 32))
            + self.sized(2, [0x13, 1, 0x13, 2]) + self.sized(1, [0]) + self.sized(2, extensions)
        let message = [1] + self.sized(3, body)
        return stride(from: 0, to: message.count, by: recordSize).flatMap { start in
            [22, 3, 1] + self.sized(2, Array(message[start..<min(start + recordSize, message.count)]))
        }
    }
}

/// Both looks at the first bytes of a connection: once decided, more bytes change nothing.
enum DetectionProperties {
    static func check(_ bytes: [UInt8]) throws(Finding) {
        var first: String?
        var protocols: DetectedProtocol?
        for end in Array(Set(Cuts.of(bytes).flatMap { $0 } + [bytes.count])).sorted() {
            let part = bytes.span.extracting(first: end)
            if let decided = try self.hello(part) {
                try require(first ?? decided == decided, "first \(first ?? ""), after \(end) bytes \(decided)")
                first = decided
            } else {
                try require(first == nil, "decided, then undecided after \(end) bytes")
            }
            let detected = ProtocolDetection.detect(part)
            try require(end > 0 || detected == .undecided, "decided on nothing")
            try require(protocols ?? detected == detected, "first \(protocols ?? .undecided), then \(detected)")
            if detected != .undecided { protocols = detected }
        }
        try require(bytes.count < ClientHello.bytesMax || first != nil, "undecided beyond the limit")
        try require(bytes.count < ProtocolDetection.bytesMax || protocols != nil, "undecided beyond the limit")
        // A request must never pass as bytes without a meaning: rules for requests would not apply to it.
        var progress = HTTP1ScanProgress()
        var table = HTTP1FieldTable()
        guard let head = try? HTTP1RequestHead.scan(bytes.span, fields: &table, progress: &progress) else { return }
        try require(
            protocols == .http1, "a request of \(head.length) bytes is taken as \(String(describing: protocols))")
    }

    private static func hello(_ bytes: Span<UInt8>) throws(Finding) -> String? {
        switch ClientHello.read(bytes) {
        case .needsMore: return nil
        case .notHello: return "none"
        case .hello(let hello):
            let name = hello.serverName?.text ?? ""
            try require(name.utf8.count <= ServerName.bytesMax, "a name of \(name.utf8.count) bytes")
            try require(name == name.lowercased() && !name.contains { $0.isWhitespace }, "the name \(name)")
            return "\(name) \(hello.protocols.rawValue)"
        }
    }
}

enum TransportHeaderProperties {
    static func check(_ bytes: [UInt8]) throws(Finding) {
        let whole = self.read(bytes.span)
        for end in Array(Set(Cuts.of(bytes).flatMap { $0 })).sorted() {
            let part = self.read(bytes.span.extracting(first: end))
            try require(part == .needsMore || part == whole, "first \(part), in the end \(whole)")
        }
        guard case .header(let header, let length) = whole else { return }
        try require(length <= bytes.count && length <= 27 + TransportHeader.messageBytesMax, "\(length) bytes")
        try require(header.port > 0, "no port")
        let again = header.encoded()
        try require(self.read(again.span) == .header(header, length: again.count), "another header when encoded")
    }

    private enum Outcome: Equatable {
        case needsMore
        case refused
        case header(TransportHeader, length: Int)
    }

    private static func read(_ bytes: Span<UInt8>) -> Outcome {
        do {
            switch try TransportHeader.read(bytes) {
            case .needsMore: return .needsMore
            case .header(let header, let length): return .header(header, length: length)
            }
        } catch {
            return .refused
        }
    }
}
