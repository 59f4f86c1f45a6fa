import MeshCodec
import MeshModel
import MeshPolicy
import MeshReactor
import Testing

@testable import MeshProxy

@Suite(.timeLimit(.minutes(2))) struct HTTP2ForwardingTests {
    typealias Side = HTTP1ForwardingTests.Side

    @Test("a call arrives whole and its answer comes with trailers", arguments: Side.allCases)
    func forwards(side: Side) throws {
        let server = try ScriptedServer.echoingHTTP2()
        let proxy = try TestProxy(to: server.address)
        let client = try HTTP2Peer(connectingTo: side.address(of: proxy))
        for size in [0, 5, 100_000, 500_000] {
            let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let stream = try client.request(
                [("te", "trailers"), ("content-type", "application/grpc"), ("l5d-forged", "x")], path: "/a?b",
                content: content)
            let answer = try client.answer(stream)
            #expect(answer.fields.contains(":status=200"))
            #expect(answer.fields.contains("x-got=:path=/a?b"))
            #expect(answer.fields.contains("x-got=te=trailers"))
            #expect(!answer.fields.contains("x-got=l5d-forged=x"))
            #expect(answer.fields.contains("l5d-x=y") == (side == .inbound))
            #expect(answer.content == content)
            #expect(answer.trailers == ["grpc-status=0"])
        }
    }

    @Test("many streams share the connection to the server", arguments: Side.allCases)
    func multiplexes(side: Side) throws {
        let server = try ScriptedServer.echoingHTTP2()
        let proxy = try TestProxy(to: server.address)
        let client = try HTTP2Peer(connectingTo: side.address(of: proxy))
        var streams: [UInt32] = []
        for number in 0..<90 {
            streams.append(try client.request(path: "/\(number)", content: Array("n\(number)".utf8)))
        }
        for (number, stream) in streams.enumerated() {
            #expect(try client.answer(stream).content == Array("n\(number)".utf8))
        }
    }

    @Test("a slow client holds its stream and no other")
    func holdsSlowStreams() throws {
        let server = try ScriptedServer.echoingHTTP2()
        let proxy = try TestProxy(to: server.address)
        let client = try HTTP2Peer(connectingTo: proxy.inbound)
        client.credits = false
        let content = [UInt8](repeating: 7, count: 300_000)
        let slow = try client.request(content: content)
        try client.read { ($0.messages[slow]?.content.count ?? 0) >= 65_535 }
        let quick = try client.request(content: [1, 2, 3])
        #expect(try client.answer(quick).content == [1, 2, 3])
        #expect(client.messages[slow]?.isWhole == false)
        client.credits = true
        try client.credit()
        #expect(try client.answer(slow).content == content)
    }

    @Test("resets pass in both directions with their code")
    func passesResets() throws {
        let seen = try Mailbox<UInt32>(limit: 8)
        let server = try ScriptedServer { wire in
            let peer = try HTTP2Peer(wire, .server)
            try peer.read { $0.messages[1] != nil }
            try peer.reset(1, .refusedStream)
            try peer.read { $0.messages[3]?.reset != nil }
            seen.send(peer.messages[3]?.reset ?? 0)
            while try peer.step() {}
        }
        let proxy = try TestProxy(to: server.address)
        // Applications are not asked twice; callers may know another one.
        let client = try HTTP2Peer(connectingTo: proxy.inbound)
        let refused = try client.request(end: false)
        #expect(try client.answer(refused).reset == HTTP2ErrorCode.refusedStream.rawValue)
        let given = try client.request(end: false)
        try client.send(given, [1], end: false)
        try client.reset(given, .cancel)
        var codes: [UInt32] = []
        let deadline = Clock.now().advanced(by: .seconds(10))
        while codes.isEmpty, Clock.now() < deadline { codes = seen.receive() }
        #expect(codes == [HTTP2ErrorCode.cancel.rawValue])
    }

    @Test("a server that goes away gets no more requests, and what it began is finished")
    func leavesGoingServers() throws {
        let server = try ScriptedServer { wire in
            let peer = try HTTP2Peer(wire, .server)
            try peer.read { $0.messages[1]?.isWhole == true }
            try peer.goAway()
            try peer.sendHead(1, [(":status", "200")], end: true)
            while try peer.step() {}
        }
        let proxy = try TestProxy(to: server.address)
        let client = try HTTP2Peer(connectingTo: proxy.outbound)
        for _ in 0..<5 {
            let stream = try client.request()
            #expect(try client.answer(stream).value(":status") == "200")
        }
    }

    @Test("a refused call gets an answer that its protocol understands", arguments: [true, false])
    func answersRefusals(isGRPC: Bool) throws {
        let server = try ScriptedServer.echoingHTTP2()
        // Clients on the same host are always admitted, so the route is what is missing.
        let route = InboundRoute<HTTPKind>(
            metadata: .implicit("only"), rules: [.init(matches: [HTTPRouteMatch(path: .prefix("/only"))])])
        let policy = InboundPolicy(
            protocol: .detect(timeout: .seconds(10), http: InboundHTTP(routes: [route])),
            authorizations: TestProxy.allowAll.authorizations, metadata: .implicit("test"))
        let proxy = try TestProxy(to: server.address, policy: policy)
        let client = try HTTP2Peer(connectingTo: proxy.inbound)
        let type = isGRPC ? "application/grpc" : "text/plain"
        let answer = try client.answer(try client.request([("content-type", type)], content: [1, 2]))
        #expect(answer.value(":status") == (isGRPC ? "200" : "404"))
        #expect(answer.value("grpc-status") == (isGRPC ? "5" : nil))
    }

    @Test("a server that cannot be reached makes an answer, not a broken connection")
    func answersFailures() throws {
        let proxy = try TestProxy(to: try TestProxy.freeAddress())
        let client = try HTTP2Peer(connectingTo: proxy.outbound)
        for _ in 0..<3 {
            let answer = try client.answer(try client.request([("content-type", "application/grpc")]))
            #expect(answer.value("grpc-status") == "14")
        }
    }

    @Test("a server that breaks off resets what had begun")
    func breaksOff() throws {
        let server = try ScriptedServer { wire in
            let peer = try HTTP2Peer(wire, .server)
            try peer.read { $0.messages[1]?.isWhole == true }
            try peer.sendHead(1, [(":status", "200")], end: false)
            try peer.settle()
            peer.close()
        }
        let proxy = try TestProxy(to: server.address)
        let client = try HTTP2Peer(connectingTo: proxy.inbound)
        #expect(try client.answer(try client.request()).reset == HTTP2ErrorCode.internalError.rawValue)
    }

    @Test("what a peer's proxy made HTTP/2 reaches the application as HTTP/1", arguments: [0, 10, 200_000])
    func downgrades(size: Int) throws {
        let server = try ScriptedServer { wire in
            while true {
                let head = try wire.read(through: "\r\n\r\n")
                var body: [UInt8] = []
                if head.contains("transfer-encoding: chunked") {
                    while true {
                        let line = try wire.read(through: "\r\n").dropLast()
                        let count = Int(line, radix: 16) ?? 0
                        body += try wire.read(count: count)
                        _ = try wire.read(count: 2)
                        if count == 0 { break }
                    }
                }
                let first = head.split(separator: "\r\n")[0]
                try wire.write("HTTP/1.1 200 OK\r\nX-Line: \(first)\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\n")
                try wire.write("Transfer-Encoding: chunked\r\n\r\n")
                if !body.isEmpty {
                    try wire.write("\(String(body.count, radix: 16))\r\n")
                    try wire.write(body)
                    try wire.write("\r\n")
                }
                try wire.write("0\r\n\r\n")
            }
        }
        let proxy = try TestProxy(to: server.address)
        let client = try HTTP2Peer(connectingTo: proxy.inbound)
        for _ in 0..<3 {
            let content = [UInt8](repeating: 9, count: size)
            let stream = try client.request(
                [("l5d-orig-proto", "HTTP/1.1; absolute-form")], path: "/p", content: content)
            let answer = try client.answer(stream)
            #expect(
                answer.fields == [
                    ":status=200", "x-line=POST http://web.example/p HTTP/1.1", "l5d-orig-proto=HTTP/1.1",
                ])
            #expect(answer.content == content)
        }
    }
}
