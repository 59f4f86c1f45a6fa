import MeshModel
import MeshPolicy
import MeshReactor
import Testing

@testable import MeshProxy

@Suite(.timeLimit(.minutes(2))) struct HTTP1RefusalTests {
    @Test(
        "requests that two servers might read differently never reach the application",
        arguments: [
            "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcde",
            "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n folded: 1\r\n\r\n",
            "GET / HTTP/1.1\nHost: a\n\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n",
            "POST / HTTP/1.0\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
        ])
    func refusesSmuggling(request: String) throws {
        let server = try ScriptedServer { wire in
            _ = try wire.read(through: "\r\n")
            try wire.write("HTTP/1.1 299 Reached\r\ncontent-length: 0\r\n\r\n")
        }
        // Declared as HTTP/1: detection would pass some of these through as unknown bytes.
        let policy = InboundPolicy(
            protocol: .http1(InboundHTTP(routes: [.default])), authorizations: TestProxy.allowAll.authorizations,
            metadata: .implicit("test"))
        let proxy = try TestProxy(to: server.address, policy: policy)
        let client = try Wire.connect(to: proxy.inbound)
        try client.write(request)
        client.finish()
        let answer = String(decoding: try client.readToEnd(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("HTTP/1.1 5"))
        #expect(!answer.contains("299"))
    }

    @Test("a chunked body with a broken size breaks the connection and is not passed on whole")
    func refusesBrokenChunks() throws {
        let server = try ScriptedServer { wire in
            _ = try wire.read(through: "\r\n\r\n")
            _ = try wire.read(through: "0\r\n\r\n")
            try wire.write("HTTP/1.1 299 Reached\r\ncontent-length: 0\r\n\r\n")
        }
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: proxy.inbound)
        try client.write("POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n")
        try client.write("4\r\nabcd\r\n-1\r\n\r\n0\r\n\r\n")
        // Refused with an answer if nothing was passed on yet, else by breaking the connection.
        var answer = "HTTP/1.1 400 "
        do { answer = try client.read(through: "\r\n\r\n") } catch is Wire.Failure {}
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
    }

    @Test("clients that the policy does not admit get 403 and the connection stays usable")
    func deniesRequests() throws {
        let server = try ScriptedServer.echoingHeads()
        let policy = InboundPolicy(
            protocol: .detect(timeout: .seconds(10), http: InboundHTTP(routes: [.default])),
            authorizations: [
                Authorization(
                    networks: NetworkMatch.everywhere, authentication: .anyIdentity, metadata: .implicit("test"))
            ], metadata: .implicit("test"))
        // 127.0.0.1 is always admitted, other loopback addresses are not.
        let proxy = try TestProxy(to: server.address, policy: policy)
        let client = try Wire.connect(to: proxy.inbound)
        try client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
    }

    @Test("no route is 404, with the request's body dropped")
    func answersWithoutRoute() throws {
        let server = try ScriptedServer.echoingHeads()
        let route = InboundRoute<HTTPKind>(
            metadata: .implicit("only"), rules: [.init(matches: [HTTPRouteMatch(path: .prefix("/only"))])])
        let policy = InboundPolicy(
            protocol: .http1(InboundHTTP(routes: [route])), authorizations: TestProxy.allowAll.authorizations,
            metadata: .implicit("test"))
        let proxy = try TestProxy(to: server.address, policy: policy)
        let client = try Wire.connect(to: proxy.inbound)
        try client.write("POST /other HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\n12345")
        #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 404 "))
        try client.write("GET /only/this HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
    }

    @Test("a server that is not there is 502, one that hangs up early too")
    func answersForBrokenServers() throws {
        let absent = try TestProxy(to: TestProxy.freeAddress())
        let client = try Wire.connect(to: absent.outbound)
        try client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let head = try client.read(through: "\r\n\r\n")
        #expect(head.hasPrefix("HTTP/1.1 502 "))
        #expect(head.contains("l5d-proxy-error: connect failed"))
        let server = try ScriptedServer { wire in
            _ = try wire.read(through: "\r\n\r\n")
            wire.close()
        }
        let proxy = try TestProxy(to: server.address)
        let other = try Wire.connect(to: proxy.inbound)
        try other.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try other.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 502 "))
    }

    @Test("a server that closed a kept connection is asked again on a new one")
    func retriesStaleConnections() throws {
        let server = try ScriptedServer { wire in
            _ = try wire.read(through: "\r\n\r\n")
            try wire.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            _ = try wire.read(count: 1)  // Closes in the middle of the next request.
            wire.close()
        }
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: proxy.outbound)
        for _ in 0..<5 {
            try client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("an answer that is cut off does not look complete")
    func breaksTruncatedAnswers() throws {
        let server = try ScriptedServer { wire in
            _ = try wire.read(through: "\r\n\r\n")
            try wire.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf")
            wire.finish()
        }
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: proxy.inbound)
        try client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(throws: Wire.Failure.self) {
            _ = try client.read(through: "\r\n\r\n")
            _ = try client.read(count: 1_000)
        }
    }

    @Test("mesh headers of a client are not believed")
    func stripsMeshHeaders() throws {
        let server = try ScriptedServer.echoingHeads()
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: proxy.inbound)
        try client.write("GET / HTTP/1.1\r\nHost: a\r\nl5d-client-id: admin\r\nL5D-Client-ID: admin\r\n\r\n")
        _ = try client.read(through: "\r\n\r\n")
        #expect(!(try client.read(through: "\r\n\r\n")).lowercased().contains("l5d-"))
    }

    @Test("an answer that comes before the request is complete reaches the client, though the server then hangs up")
    func passesEarlyAnswers() throws {
        let server = try ScriptedServer { wire in
            _ = try wire.read(through: "\r\n\r\n")
            try wire.write("HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            wire.close()
        }
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: proxy.inbound)
        try client.write("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 2000000\r\n\r\n")
        // Fails once the proxy closes; the answer is there all the same.
        do { try client.write([UInt8](repeating: 1, count: 100_000)) } catch is Wire.Failure {}
        #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 413 "))
    }
}
