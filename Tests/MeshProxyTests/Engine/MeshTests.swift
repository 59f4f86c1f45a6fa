import MeshModel
import MeshPolicy
import MeshReactor
import Testing

@testable import MeshProxy

@Suite(.timeLimit(.minutes(2))) struct MeshTests {
    private static let web = "web.ns.serviceaccount.identity.linkerd.cluster.local"
    private static let app = "app.ns.serviceaccount.identity.linkerd.cluster.local"

    private static func requiring(_ identities: IdentityMatch) -> InboundPolicy {
        InboundPolicy(
            protocol: .detect(timeout: .seconds(10), http: InboundHTTP(routes: [.default])),
            authorizations: [
                Authorization(
                    networks: NetworkMatch.everywhere, authentication: .identities(identities),
                    metadata: .implicit("test"))
            ], metadata: .implicit("test"))
    }

    /// Two proxies in a row with mesh TLS between: the client's outbound side, the application's inbound side.
    private static func mesh(
        to server: SocketAddress, policy: InboundPolicy? = nil, expecting name: String = app
    ) throws -> (client: TestProxy, server: TestProxy) {
        let authority = try TestAuthority()
        let inbound = try TestProxy(to: server, policy: policy, inboundIdentity: authority.identity(self.app))
        let outbound = try TestProxy(
            to: inbound.inbound, inboundIdentity: authority.identity(self.web),
            members: [Endpoint(address: inbound.inbound, tls: EndpointTLS(identity: .dns(name), serverName: self.app))])
        return (outbound, inbound)
    }

    @Test("requests cross both proxies encrypted, and the application learns who asks")
    func carriesIdentity() throws {
        let server = try ScriptedServer.echoingHeads()
        let policy = Self.requiring(IdentityMatch(exact: [ByteString(Self.web)], suffixes: []))
        let mesh = try Self.mesh(to: server.address, policy: policy)
        let client = try Wire.connect(to: mesh.client.outbound)
        for number in 0..<20 {
            try client.write("GET /\(number) HTTP/1.1\r\nHost: a\r\nl5d-client-id: forged\r\n\r\n")
            #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
            let seen = try client.read(through: "\r\n\r\n")
            #expect(seen.hasPrefix("GET /\(number) "))
            #expect(seen.contains("\r\nl5d-client-id: \(Self.web)\r\n"))
            #expect(!seen.contains("forged"))
        }
    }

    @Test("large bodies cross both proxies whole", arguments: [70_000, 1_500_000])
    func carriesBodies(size: Int) throws {
        let server = try ScriptedServer { wire in
            while true {
                _ = try wire.read(through: "\r\n\r\n")
                let body = try wire.read(count: size)
                try wire.write("HTTP/1.1 200 OK\r\ncontent-length: \(size)\r\n\r\n")
                try wire.write(body)
            }
        }
        let mesh = try Self.mesh(to: server.address)
        let client = try Wire.connect(to: mesh.client.outbound)
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 9) }
        for _ in 0..<2 {
            try client.write("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: \(size)\r\n\r\n")
            try client.write(body)
            _ = try client.read(through: "\r\n\r\n")
            let same = try client.read(count: size) == body
            #expect(same)
        }
    }

    @Test("bytes of unknown protocols cross both proxies, with half-close")
    func carriesTunnels() throws {
        let server = try ScriptedServer { wire in
            let question = try wire.readToEnd()
            try wire.write(question)
            wire.finish()
        }
        let mesh = try Self.mesh(to: server.address)
        let client = try Wire.connect(to: mesh.client.outbound)
        let bytes = (0..<500_000).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 9) }
        try client.write(bytes)
        client.finish()
        let same = try client.readToEnd() == bytes
        #expect(same)
    }

    @Test("a server that is somebody else gets no request")
    func checksServerIdentity() throws {
        let server = try ScriptedServer.echoingHeads()
        let mesh = try Self.mesh(
            to: server.address, expecting: "other.ns.serviceaccount.identity.linkerd.cluster.local")
        let client = try Wire.connect(to: mesh.client.outbound)
        try client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 502 "))
    }

    @Test("a server without mesh TLS gets no request")
    func refusesPlainServers() throws {
        let server = try ScriptedServer.echoingHeads()
        let authority = try TestAuthority()
        let proxy = try TestProxy(
            to: server.address, inboundIdentity: authority.identity(Self.web),
            members: [Endpoint(address: server.address, tls: EndpointTLS(dns: Self.app))])
        let client = try Wire.connect(to: proxy.outbound)
        try client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let status = try client.read(through: " 50")
        #expect(status == "HTTP/1.1 50")
    }

    @Test("TLS for another name passes to the application untouched")
    func passesForeignTLS() throws {
        let server = try ScriptedServer { wire in
            let hello = try wire.read(count: 5)
            try wire.write(hello)
            wire.finish()
        }
        let authority = try TestAuthority()
        // The outbound side asks for a name that the inbound side does not have.
        let inbound = try TestProxy(to: server.address, inboundIdentity: authority.identity("someone.else"))
        let outbound = try TestProxy(
            to: inbound.inbound, inboundIdentity: authority.identity(Self.web),
            members: [Endpoint(address: inbound.inbound, tls: EndpointTLS(dns: Self.app))])
        let client = try Wire.connect(to: outbound.outbound)
        try client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 502 "))
    }

    @Test("a port that is not looked at is reached through the other proxy's own port, with identity")
    func carriesOpaquePorts() throws {
        let server = try ScriptedServer { wire in
            try wire.write("server speaks first")
            let question = try wire.readToEnd()
            try wire.write(question)
            wire.finish()
        }
        let policy = InboundPolicy(
            protocol: .opaque,
            authorizations: [
                Authorization(
                    networks: NetworkMatch.everywhere,
                    authentication: .identities(IdentityMatch(exact: [ByteString(Self.web)], suffixes: [])),
                    metadata: .implicit("test"))
            ], metadata: .implicit("test"))
        let authority = try TestAuthority()
        // The kernel's redirection is missing here, so the connection is taken for one to the proxy's own port.
        let inbound = try TestProxy(to: server.address, policy: policy, inboundIdentity: authority.identity(Self.app)) {
            $0.inbound.forward = $0.inbound.listen[0]
        }
        let endpoint = Endpoint(
            address: server.address, tls: EndpointTLS(dns: Self.app), hint: .opaque,
            transportPort: inbound.inbound.port)
        let outbound = try TestProxy(
            to: server.address, outboundProtocol: .opaque(TestProxy.opaqueRoutes(to: server.address)),
            inboundIdentity: authority.identity(Self.web), members: [endpoint])
        let client = try Wire.connect(to: outbound.outbound)
        #expect(try client.read(count: 19) == Array("server speaks first".utf8))
        try client.write("question")
        client.finish()
        #expect(String(decoding: try client.readToEnd(), as: UTF8.self) == "question")
    }

    @Test("the proxy's own port is closed to clients that do not say what they want")
    func refusesDirectClients() throws {
        let server = try ScriptedServer.echoingHeads()
        let authority = try TestAuthority()
        let inbound = try TestProxy(to: server.address, inboundIdentity: authority.identity(Self.app)) {
            $0.inbound.forward = $0.inbound.listen[0]
        }
        let client = try Wire.connect(to: inbound.inbound)
        try client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(throws: Wire.Failure.self) { _ = try client.read(through: "\r\n\r\n") }
    }
}
