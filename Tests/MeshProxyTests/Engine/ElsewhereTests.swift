import MeshCodec
import MeshModel
import MeshPolicy
import MeshReactor
import Synchronization
import Testing

@testable import MeshProxy

/// Servers that cannot be reached or break off at once, beside others that work.
@Suite(.timeLimit(.minutes(2))) struct ElsewhereTests {
    /// Accepts and resets at once, or after a whole request.
    private static func breaking(afterRequest: Bool) throws -> ScriptedServer {
        try ScriptedServer { wire in
            if afterRequest { _ = try wire.read(through: "\r\n\r\n") }
            wire.reset()
        }
    }

    private static func proxy(_ good: SocketAddress, _ bad: [SocketAddress]) throws -> TestProxy {
        try TestProxy(to: good, members: ([good] + bad).map { Endpoint(address: $0) })
    }

    @Test("requests go to the endpoint that works while the others refuse", arguments: [1, 3])
    func avoidsRefusers(refusers: Int) throws {
        let server = try ScriptedServer.echoingHeads()
        let dead = try (0..<refusers).map { _ in try TestProxy.freeAddress() }
        let proxy = try Self.proxy(server.address, dead)
        var failed = 0
        for round in 0..<100 {
            let client = try Wire.connect(to: proxy.outbound)
            for number in 0..<10 {
                let method = number % 2 == 0 ? "GET" : "POST"
                try client.write("\(method) /\(round) HTTP/1.1\r\nHost: a\r\ncontent-length: 0\r\n\r\n")
                if try !client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 ") { failed += 1 }
                _ = try client.read(through: "\r\n\r\n")
            }
            client.close()
        }
        #expect(failed == 0)
    }

    @Test("bodies under way when the endpoint turns out to refuse arrive whole elsewhere", arguments: [3_000, 400_000])
    func movesBodies(size: Int) throws {
        let server = try ScriptedServer { wire in
            while true {
                _ = try wire.read(through: "\r\n\r\n")
                let body = try wire.read(count: size)
                try wire.write("HTTP/1.1 200 OK\r\ncontent-length: \(size)\r\n\r\n")
                try wire.write(body)
            }
        }
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 9) }
        // A new proxy knows of no failures yet, and half of the first requests go to the wrong endpoint.
        for _ in 0..<8 {
            let proxy = try Self.proxy(server.address, [try TestProxy.freeAddress()])
            let client = try Wire.connect(to: proxy.outbound)
            try client.write("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: \(size)\r\n\r\n")
            try client.write(body)
            #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
            let same = try client.read(count: size) == body
            #expect(same)
        }
    }

    @Test("a request that may be repeated goes elsewhere when its server breaks off without a word")
    func repeatsHarmlessRequests() throws {
        let server = try ScriptedServer.echoingHeads()
        let proxy = try Self.proxy(server.address, [try Self.breaking(afterRequest: true).address])
        let client = try Wire.connect(to: proxy.outbound)
        for _ in 0..<50 {
            try client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
            _ = try client.read(through: "\r\n\r\n")
        }
    }

    @Test("a request that must not be repeated is answered when its server breaks off, and reaches only one")
    func keepsOthers() throws {
        let seen = try Mailbox<Int>(limit: 8)
        let breaking = try ScriptedServer { wire in
            _ = try wire.read(through: "\r\n\r\n")
            seen.send(1)
            wire.reset()
        }
        let proxy = try TestProxy(to: breaking.address)
        let client = try Wire.connect(to: proxy.outbound)
        try client.write("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 0\r\n\r\n")
        let head = try client.read(through: "\r\n\r\n")
        #expect(head.hasPrefix("HTTP/1.1 502 "))
        #expect(head.contains("\r\nl5d-proxy-error: connection closed\r\n"))
        #expect(seen.receive().count == 1)
    }

    @Test("a request on a connection that its server has closed meanwhile is sent on a new one")
    func replacesStaleConnections() throws {
        // Each connection answers once, says nothing about closing, and is gone with the next request.
        let server = try ScriptedServer { wire in
            _ = try wire.read(through: "\r\n\r\n")
            try wire.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            _ = try wire.read(through: "\r\n\r\n")
            wire.reset()
        }
        let proxy = try TestProxy(to: server.address)
        for address in [proxy.outbound, proxy.inbound] {
            let client = try Wire.connect(to: address)
            for _ in 0..<10 {
                try client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
            }
        }
    }

    @Test("a request that must not be repeated is not given to a connection that its server has closed")
    func looksBeforeSending() throws {
        let closed = try Mailbox<Int>(limit: 64)
        let server = try ScriptedServer { wire in
            _ = try wire.read(through: "\r\n\r\n")
            try wire.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            wire.close()
            closed.send(1)
        }
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: proxy.outbound)
        for _ in 0..<20 {
            try client.write("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 0\r\n\r\n")
            #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
            while closed.receive().isEmpty {}
        }
    }

    @Test("requests avoid endpoints that do not prove who they are", arguments: [true, false])
    func avoidsRefusersOverTLS(isHTTP2: Bool) throws {
        let name = "app.ns.serviceaccount.identity.linkerd.cluster.local"
        let authority = try TestAuthority()
        let server = try isHTTP2 ? ScriptedServer.echoingHTTP2() : ScriptedServer.echoingHeads()
        let inbound = try TestProxy(to: server.address, inboundIdentity: authority.identity(name))
        let plain = try Self.breaking(afterRequest: false)
        let addresses = [inbound.inbound, try TestProxy.freeAddress(), plain.address]
        let outbound = try TestProxy(
            to: inbound.inbound, inboundIdentity: authority.identity("web.ns"),
            members: addresses.map { Endpoint(address: $0, tls: EndpointTLS(dns: name)) })
        for _ in 0..<10 {
            if isHTTP2 {
                let client = try HTTP2Peer(connectingTo: outbound.outbound)
                let streams = try (0..<5).map { try client.request(content: [UInt8($0)]) }
                for (number, stream) in streams.enumerated() {
                    #expect(try client.answer(stream).content == [UInt8(number)])
                }
            } else {
                let client = try Wire.connect(to: outbound.outbound)
                try client.write("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 0\r\n\r\n")
                #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
            }
        }
    }

    @Test("calls go elsewhere when an application is gone while its proxy is still there")
    func avoidsProxiesWithoutApplication() throws {
        let name = "app.ns.serviceaccount.identity.linkerd.cluster.local"
        let authority = try TestAuthority()
        let server = try ScriptedServer.echoingHTTP2()
        let inbound = try TestProxy(to: server.address, inboundIdentity: authority.identity(name))
        let orphan = try TestProxy(to: try TestProxy.freeAddress(), inboundIdentity: authority.identity(name))
        let outbound = try TestProxy(
            to: inbound.inbound, inboundIdentity: authority.identity("web.ns"),
            members: [inbound.inbound, orphan.inbound].map { Endpoint(address: $0, tls: EndpointTLS(dns: name)) })
        let client = try HTTP2Peer(connectingTo: outbound.outbound)
        for round in 0..<40 {
            let streams = try (0..<5).map { try client.request(content: [UInt8(round), UInt8($0)]) }
            for (number, stream) in streams.enumerated() {
                #expect(try client.answer(stream).content == [UInt8(round), UInt8(number)])
            }
        }
    }

    @Test("without any endpoint that can be reached, clients learn why")
    func answersAtTheEnd() throws {
        let dead = try (0..<3).map { _ in try TestProxy.freeAddress() }
        let proxy = try TestProxy(to: dead[0], members: dead.map { Endpoint(address: $0) }) {
            $0.outbound.queueTimeout = .milliseconds(600)
        }
        var seen: Set<String> = []
        for _ in 0..<4 {
            let client = try Wire.connect(to: proxy.outbound)
            try client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let head = try client.read(through: "\r\n\r\n")
            #expect(head.contains("\r\nl5d-proxy-error: "))
            seen.insert(String(head.prefix(12)))
        }
        #expect(seen.isSubset(of: ["HTTP/1.1 502", "HTTP/1.1 503", "HTTP/1.1 504"]))
        let caller = try HTTP2Peer(connectingTo: proxy.outbound)
        let answer = try caller.answer(try caller.request([("content-type", "application/grpc")]))
        #expect(["4", "14"].contains(answer.value("grpc-status")))
    }

    @Test("an endpoint that comes back is used again")
    func comesBack() throws {
        let address = try TestProxy.freeAddress()
        let proxy = try TestProxy(to: address)
        let client = try Wire.connect(to: proxy.outbound)
        try client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 502 "))
        let server = try ScriptedServer(at: address) { wire in
            while true {
                _ = try wire.read(through: "\r\n\r\n")
                try wire.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            }
        }
        // Waits until the endpoint may be tried again, and is what tries it.
        let next = try Wire.connect(to: proxy.outbound)
        try next.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try next.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
        _ = server
    }

    @Test("bytes of unknown protocols go to the endpoint that works")
    func movesTunnels() throws {
        let server = try ScriptedServer { wire in
            try wire.write(try wire.readToEnd())
            wire.finish()
        }
        for round in 0..<8 {
            let dead = try TestProxy.freeAddress()
            let proxy = try TestProxy(
                to: server.address, outboundProtocol: .opaque(TestProxy.opaqueRoutes(to: server.address)),
                members: [server.address, dead].map { Endpoint(address: $0) })
            let client = try Wire.connect(to: proxy.outbound)
            try client.write("bytes \(round)")
            client.finish()
            #expect(String(decoding: try client.readToEnd(), as: UTF8.self) == "bytes \(round)")
        }
    }

    // MARK: - HTTP/2

    @Test("calls go to the endpoint that works, with their content and trailers")
    func avoidsRefusersOverHTTP2() throws {
        let server = try ScriptedServer.echoingHTTP2()
        let proxy = try Self.proxy(server.address, [try TestProxy.freeAddress(), try TestProxy.freeAddress()])
        var failed = 0
        for round in 0..<20 {
            let client = try HTTP2Peer(connectingTo: proxy.outbound)
            let content = [UInt8](repeating: UInt8(round), count: round * 200)
            var streams: [UInt32] = []
            for _ in 0..<50 { streams.append(try client.request(content: content)) }
            for stream in streams {
                let answer = try client.answer(stream)
                if answer.value(":status") != "200" || answer.content != content { failed += 1 }
            }
            client.close()
        }
        #expect(failed == 0)
    }

    @Test("calls that a server refuses, or says it never looked at, go elsewhere", arguments: [true, false])
    func movesRefusedCalls(goesAway: Bool) throws {
        let server = try ScriptedServer.echoingHTTP2()
        let refusing = try ScriptedServer { wire in
            let peer = try HTTP2Peer(wire, .server)
            var answered = 0
            while try peer.step() {
                while answered < peer.whole.count {
                    let stream = peer.whole[answered]
                    answered += 1
                    if goesAway { try peer.goAway(last: 0) } else { try peer.reset(stream, .refusedStream) }
                }
            }
        }
        for _ in 0..<6 {
            let proxy = try Self.proxy(server.address, [refusing.address])
            let client = try HTTP2Peer(connectingTo: proxy.outbound)
            let streams = try (0..<10).map { try client.request(content: Array("call \($0)".utf8)) }
            for (number, stream) in streams.enumerated() {
                let answer = try client.answer(stream)
                #expect(answer.content == Array("call \(number)".utf8))
                #expect(answer.trailers == ["grpc-status=0"])
            }
        }
    }

    @Test("a call that waits for an endpoint holds up no other of its connection")
    func waitsAlone() throws {
        let server = try ScriptedServer.echoingHTTP2()
        let meta = PolicyMetadata.implicit("default")
        let ready = Backend(metadata: meta, target: .forward(Endpoint(address: server.address)), slot: 0)
        let empty = Backend(metadata: meta, target: .forward(Endpoint(address: server.address)), slot: 1)
        let http = OutboundHTTP(routes: [
            OutboundRoute(
                metadata: meta,
                rules: [
                    .init(
                        matches: [HTTPRouteMatch(path: .prefix("/empty"))],
                        distribution: .random([RouteBackend(empty)])),
                    .init(distribution: .random([RouteBackend(ready)])),
                ])
        ])
        let proxy = try TestProxy(to: server.address, outboundProtocol: .http2(http))
        let client = try HTTP2Peer(connectingTo: proxy.outbound)
        let content = (0..<50_000).map { UInt8(truncatingIfNeeded: $0) }
        let waiting = try client.request(path: "/empty", content: content, end: false)
        try client.sendHead(waiting, [("x-trailer", "last")], end: true)
        for number in 0..<10 {
            let stream = try client.request(content: [UInt8(number)])
            #expect(try client.answer(stream).content == [UInt8(number)])
        }
        #expect(client.messages[waiting] == nil)
        try proxy.republish(2, outboundProtocol: .http2(http), sets: [[server.address], [server.address]])
        let answer = try client.answer(waiting)
        #expect(answer.value(":status") == "200")
        #expect(answer.content == content)
    }
}
