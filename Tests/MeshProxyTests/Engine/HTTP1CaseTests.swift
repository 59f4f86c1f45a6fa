import MeshModel
import MeshPolicy
import MeshReactor
import Synchronization
import Testing

@testable import MeshProxy

/// HTTP/1 that somebody could read in two ways, sent over sockets.
@Suite(.timeLimit(.minutes(2))) struct HTTP1CaseTests {
    typealias Side = HTTP1ForwardingTests.Side

    /// Requests of which no byte may reach a server, with the status that answers them.
    static let refused: [(String, UInt16)] = [
        // Framed twice, or in a way that others read otherwise.
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\ncontent-length: 4\r\n\r\nabcd", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 4\r\n\r\nabcd", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\nabcd", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x4\r\n\r\nabcd", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4 4\r\n\r\nabcd", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 4\r\n\r\nabcd", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
            501
        ),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked \r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\u{0B}chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 501),
        ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\nContent-Length: 4\r\n\r\nabcd", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: transfer-encoding\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: host\r\n\r\n", 400),
        // Line ends and characters.
        ("GET / HTTP/1.1\nHost: a\n\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: y\0z\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n folded: 1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n: z\r\n\r\n", 400),
        // Start lines that lenient servers take.
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / http/1.1\r\nHost: a\r\n\r\n", 400),
        ("\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /\r\n", 400),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
        ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        // Who is meant.
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", 400),
        ("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", 400),
        ("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        // Too much.
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "y", count: 33_000))\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\nHost: a\r\n\((0..<100).map { "x-\($0): y\r\n" }.joined())\r\n", 431),
        ("GET /\(String(repeating: "y", count: 33_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 431),
    ]

    @Test(
        "no byte of a request that two servers might read differently reaches a server, whole or byte by byte",
        arguments: Side.allCases, [Int.max, 1])
    func refuses(side: Side, step: Int) throws {
        let reached = Reached()
        let server = try ScriptedServer { wire in
            if try wire.readSome() != nil { reached.count.add(1, ordering: .relaxed) }
            wire.close()
        }
        let proxy = try TestProxy(to: server.address)
        // Byte by byte a start line is judged with its whole head, which HTTP/0.9 never sends.
        for (request, status) in Self.refused
        where step == .max || request.utf8.count < 1000 && request.hasSuffix("\r\n\r\n") {
            let client = try Wire.connect(to: side.address(of: proxy))
            var answer = ""
            do {
                if step == 1 {
                    for byte in request.utf8 { try client.write([byte]) }
                } else {
                    try client.write(request)
                }
                answer = try client.read(through: "\r\n\r\n")
            } catch let failure as Wire.Failure {
                // What was sent behind the point of refusal may reset the connection before the answer is read.
                answer = step == 1 ? "HTTP/1.1 \(status) " : "\(failure)"
            }
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(request.prefix(100).debugDescription): \(answer)")
            client.close()
        }
        #expect(reached.count.load(ordering: .relaxed) == 0)
    }

    final class Reached: Sendable {
        let count = Atomic<Int>(0)
    }

    @Test("what is just within the limits passes", arguments: Side.allCases)
    func passesLargeHeads(side: Side) throws {
        let server = try ScriptedServer.echoingHeads()
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: side.address(of: proxy))
        for fields in [
            "x: \(String(repeating: "y", count: 32_000))\r\n", (0..<98).map { "x-\($0): y\r\n" }.joined(),
        ] {
            try client.write("GET /\(String(repeating: "p", count: 500)) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
            #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
            #expect(try client.read(through: "\r\n\r\n").contains(fields))
        }
    }

    @Test("an upgrade that could hide HTTP/2 is passed on as a plain request", arguments: Side.allCases)
    func hidesNoHTTP2(side: Side) throws {
        let server = try ScriptedServer.echoingHeads()
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: side.address(of: proxy))
        for upgrade in ["h2c", "websocket, h2c", "websocket\r\nUpgrade: h2c", "HTTP/2.0"] {
            try client.write(
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: \(upgrade)\r\n"
                    + "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n")
            _ = try client.read(through: "\r\n\r\n")
            let seen = try client.read(through: "\r\n\r\n").lowercased()
            #expect(!seen.contains("upgrade") && !seen.contains("http2-settings") && !seen.contains("connection"))
        }
    }

    @Test("CONNECT opens a tunnel when the server agrees, and only then; inbound no route matches it")
    func connects() throws {
        let server = try ScriptedServer { wire in
            let head = try wire.read(through: "\r\n\r\n")
            guard head.hasPrefix("CONNECT yes:1 ") else {
                try wire.write("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")
                return
            }
            try wire.write("HTTP/1.1 200 OK\r\n\r\n")
            let question = try wire.read(count: 5)
            try wire.write(question)
        }
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: proxy.outbound)
        try client.write("CONNECT yes:1 HTTP/1.1\r\nHost: yes:1\r\n\r\n")
        #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
        try client.write("\0\u{1}abc")
        #expect(try client.read(count: 5) == Array("\0\u{1}abc".utf8))
        let other = try Wire.connect(to: proxy.outbound)
        try other.write("CONNECT no:1 HTTP/1.1\r\nHost: no:1\r\n\r\n")
        #expect(try other.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 403 "))
        #expect(try other.read(count: 2) == Array("no".utf8))
        let inbound = try Wire.connect(to: proxy.inbound)
        try inbound.write("CONNECT yes:1 HTTP/1.1\r\nHost: yes:1\r\n\r\n")
        #expect(try inbound.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 404 "))
    }

    @Test("clients of HTTP/1.0 keep their connection only if they ask for it", arguments: Side.allCases)
    func servesHTTP10(side: Side) throws {
        let server = try ScriptedServer.echoingHeads()
        let proxy = try TestProxy(to: server.address)
        let keeping = try Wire.connect(to: side.address(of: proxy))
        for _ in 0..<2 {
            try keeping.write("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try keeping.read(through: "\r\n\r\n").lowercased().contains("connection: keep-alive"))
            _ = try keeping.read(through: "\r\n\r\n")
        }
        let other = try Wire.connect(to: side.address(of: proxy))
        try other.write("GET / HTTP/1.0\r\n\r\n")
        let answer = String(decoding: try other.readToEnd(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
    }

    /// Answers that are not taken from a server, because what follows could be taken for another answer.
    static let answers: [String] = [
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
        "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: y\r\n folded\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\ncontent-length: 0\n\n",
        "HTTP/1.1 200 OK\r\nno colon\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: y\0z\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: \(String(repeating: "y", count: 40_000))\r\ncontent-length: 0\r\n\r\n",
        "220 ready\r\n",
    ]

    @Test("an answer that two clients might read differently is replaced", arguments: Side.allCases)
    func refusesAnswers(side: Side) throws {
        for raw in Self.answers {
            let server = try ScriptedServer { wire in
                _ = try wire.read(through: "\r\n\r\n")
                try wire.write(raw)
                wire.finish()
                _ = try wire.readToEnd()
            }
            let proxy = try TestProxy(to: server.address)
            let client = try Wire.connect(to: side.address(of: proxy))
            try client.write("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 0\r\n\r\n")
            let answer = try client.read(through: "\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 502 "), "\(raw.prefix(100).debugDescription): \(answer)")
        }
    }

    @Test("a server's second answer to one request is nobody's answer", arguments: Side.allCases)
    func dropsUnaskedAnswers(side: Side) throws {
        let server = try ScriptedServer { wire in
            let head = try wire.read(through: "\r\n\r\n")
            let path = head.split(separator: " ")[1]
            // At once: an answer that comes after the next request is nothing that anybody could tell from its own.
            try wire.write(
                "HTTP/1.1 200 OK\r\ncontent-length: \(path.utf8.count)\r\n\r\n\(path)"
                    + "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged")
            _ = try wire.readToEnd()
        }
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: side.address(of: proxy))
        for number in 10..<30 {
            try client.write("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
            #expect(try client.read(count: 3) == Array("/\(number)".utf8))
        }
    }

    @Test("bodies that HTTP says are empty are, whatever their heads announce", arguments: Side.allCases)
    func knowsEmptyBodies(side: Side) throws {
        let server = try ScriptedServer { wire in
            while true {
                let head = try wire.read(through: "\r\n\r\n")
                switch head.split(separator: " ")[1] {
                case "/304": try wire.write("HTTP/1.1 304 Not Modified\r\ncontent-length: 100\r\n\r\n")
                case "/204": try wire.write("HTTP/1.1 204 No Content\r\n\r\n")
                default: try wire.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
                }
            }
        }
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: side.address(of: proxy))
        for (method, path) in [("HEAD", "/"), ("GET", "/304"), ("GET", "/204"), ("HEAD", "/304"), ("HEAD", "/")] {
            try client.write("\(method) \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 "))
        }
    }
}
