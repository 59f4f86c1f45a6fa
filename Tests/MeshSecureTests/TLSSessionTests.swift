import MeshSecure
import MeshTestKit
import Testing
import X509

/// Two sessions whose outputs are carried to each other.
struct Conversation: ~Copyable {
    let clientBuffers: TLSBuffers
    let serverBuffers: TLSBuffers
    var client: TLSSession
    var server: TLSSession
    var toServer: [UInt8] = []
    var toClient: [UInt8] = []
    var atServer: [UInt8] = []
    var atClient: [UInt8] = []

    private init(client: TLSContext, server: TLSContext, serverName: String?, protocols: [String]) throws(TLSError) {
        let clientBuffers = try TLSBuffers()
        let serverBuffers = try TLSBuffers()
        let first = try TLSSession.connecting(
            client, serverName: serverName, protocols: protocols, buffers: clientBuffers)
        let second = try TLSSession.accepting(server, buffers: serverBuffers)
        self.clientBuffers = clientBuffers
        self.serverBuffers = serverBuffers
        self.client = first
        self.server = second
    }

    /// A conversation whose client has said hello.
    static func begin(
        client: TLSContext, server: TLSContext, serverName: String? = "server.local", protocols: [String] = []
    ) throws(TLSError) -> Conversation {
        var talk = try Conversation(client: client, server: server, serverName: serverName, protocols: protocols)
        try talk.client.start()
        talk.collect()
        return talk
    }

    /// Carries bytes, `step` at a time, until both sides have nothing more to say.
    mutating func carry(step: Int = .max) throws(TLSError) {
        while !self.toServer.isEmpty || !self.toClient.isEmpty {
            let forServer = Array(self.toServer.prefix(step))
            self.toServer.removeFirst(forServer.count)
            if !forServer.isEmpty {
                self.atServer += try Self.receive(forServer, by: &self.server)
            }
            let forClient = Array(self.toClient.prefix(step))
            self.toClient.removeFirst(forClient.count)
            if !forClient.isEmpty {
                self.atClient += try Self.receive(forClient, by: &self.client)
            }
            self.collect()
        }
    }

    mutating func clientSends(_ bytes: [UInt8]) throws(TLSError) {
        try self.client.seal(bytes.span)
        self.collect()
    }

    mutating func serverSends(_ bytes: [UInt8]) throws(TLSError) {
        try self.server.seal(bytes.span)
        self.collect()
    }

    mutating func collect() {
        self.toServer += Self.take(self.clientBuffers)
        self.toClient += Self.take(self.serverBuffers)
    }

    private static func take(_ buffers: TLSBuffers) -> [UInt8] {
        let output = buffers.output
        let bytes = (0..<output.count).map { output[$0] }
        buffers.clear()
        return bytes
    }

    private static func receive(_ bytes: [UInt8], by session: inout TLSSession) throws(TLSError) -> [UInt8] {
        var plain = [UInt8](repeating: 0, count: bytes.count + 20 * 1024)
        var span = plain.mutableSpan
        let count = try session.receive(bytes.span, into: &span)
        return Array(plain.prefix(count))
    }
}

@Suite struct TLSSessionTests {
    private static let serverName = "server.ns.serviceaccount.identity.linkerd.cluster.local"
    private static let clientName = "client.ns.serviceaccount.identity.linkerd.cluster.local"

    private func contexts(
        _ authority: TestAuthority, clientCertificate: Bool = true, protocols: [String] = []
    ) throws -> (client: TLSContext, server: TLSContext) {
        let server = try authority.issue([.dnsName(Self.serverName)])
        let client = try authority.issue([
            .dnsName(Self.clientName), .uniformResourceIdentifier("spiffe://cluster.local/ns/sa"),
        ])
        return (
            try TLSContext(.client, credentials: clientCertificate ? client : nil, anchors: authority.anchors),
            try TLSContext(.server, credentials: server, anchors: authority.anchors, protocols: protocols)
        )
    }

    @Test(
        "both sides prove who they are, agree on the post-quantum group, and exchange bytes",
        arguments: [1, 7, 100_000])
    func handshake(step: Int) throws {
        let contexts = try self.contexts(TestAuthority())
        var talk = try Conversation.begin(client: contexts.client, server: contexts.server)
        try talk.carry(step: step)
        let states = (talk.client.state, talk.server.state)
        #expect(states == (.open, .open))
        let names = (talk.client.peerNames, talk.server.peerNames)
        #expect(names.0 == [.dns(Self.serverName)])
        #expect(names.1 == [.dns(Self.clientName), .uri("spiffe://cluster.local/ns/sa")])
        let groups = (talk.client.group, talk.server.group)
        #expect(groups == (0x11EC, 0x11EC))
        try talk.clientSends(Array("question".utf8))
        try talk.serverSends(Array("answer".utf8))
        try talk.carry(step: step)
        let texts = (String(decoding: talk.atServer, as: UTF8.self), String(decoding: talk.atClient, as: UTF8.self))
        #expect(texts == ("question", "answer"))
    }

    @Test("large and odd amounts arrive whole, in pieces of any size", arguments: 0..<UInt64(8))
    func carriesBytes(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let contexts = try self.contexts(TestAuthority())
        var talk = try Conversation.begin(client: contexts.client, server: contexts.server)
        try talk.carry()
        var sent: [UInt8] = []
        for _ in 0..<10 {
            let bytes = (0..<Int.random(in: 1...TLSBuffers.sealLimit, using: &random)).map {
                UInt8(truncatingIfNeeded: $0)
            }
            try talk.clientSends(bytes)
            try talk.carry(step: Int.random(in: 1_000...65_536, using: &random))
            sent += bytes
        }
        let same = talk.atServer == sent
        #expect(same)
    }

    @Test("a client without certificate is admitted without a name")
    func anonymousClient() throws {
        let contexts = try self.contexts(TestAuthority(), clientCertificate: false)
        var talk = try Conversation.begin(client: contexts.client, server: contexts.server)
        try talk.carry()
        let result = (talk.server.state, talk.server.peerNames)
        #expect(result.0 == .open)
        #expect(result.1 == [])
    }

    @Test("a certificate of another authority is refused by either side")
    func refusesStrangers() throws {
        let ours = try self.contexts(TestAuthority())
        let theirs = try self.contexts(TestAuthority("other"))
        for (client, server) in [(ours.client, theirs.server), (theirs.client, ours.server)] {
            var talk = try Conversation.begin(client: client, server: server)
            #expect(throws: TLSError.self) { try talk.carry() }
        }
    }

    @Test("an expired certificate is refused")
    func refusesExpired() throws {
        let authority = try TestAuthority()
        let expired = try authority.issue([.dnsName(Self.serverName)], lifetime: -60)
        let server = try TLSContext(.server, credentials: expired, anchors: authority.anchors)
        let client = try TLSContext(.client, credentials: nil, anchors: authority.anchors)
        var talk = try Conversation.begin(client: client, server: server)
        var error: TLSError?
        do throws(TLSError) { try talk.carry() } catch let thrown { error = thrown }
        #expect(error == .untrusted(reason: 10))  // X509_V_ERR_CERT_HAS_EXPIRED
    }

    @Test("two anchors admit leaves of both, as during a rotation")
    func severalAnchors() throws {
        let old = try TestAuthority("old")
        let new = try TestAuthority("new")
        let both = try TrustAnchors(der: [TestAuthority.der(old.certificate), TestAuthority.der(new.certificate)])
        for authority in [old, new] {
            let server = try TLSContext(
                .server, credentials: authority.issue([.dnsName(Self.serverName)]), anchors: both)
            var talk = try Conversation.begin(
                client: TLSContext(.client, credentials: nil, anchors: both), server: server)
            try talk.carry()
            let state = talk.client.state
            #expect(state == .open)
        }
    }

    @Test(
        "the server's preference decides among the offered protocols",
        arguments: [(["h2", "http/1.1"], "h2"), (["http/1.1"], "http/1.1"), (["other"], nil), ([], nil)]
            as [([String], String?)])
    func selectsProtocol(offered: [String], expected: String?) throws {
        let contexts = try self.contexts(TestAuthority(), protocols: ["h2", "http/1.1"])
        var talk = try Conversation.begin(client: contexts.client, server: contexts.server, protocols: offered)
        try talk.carry()
        let agreed = (talk.client.applicationProtocol, talk.server.applicationProtocol)
        #expect(agreed.0 == expected)
        #expect(agreed.1 == expected)
    }

    @Test("the end of one side is seen as an end, and the other side may go on")
    func closes() throws {
        let contexts = try self.contexts(TestAuthority())
        var talk = try Conversation.begin(client: contexts.client, server: contexts.server)
        try talk.carry()
        talk.client.close()
        talk.collect()
        try talk.carry()
        let state = talk.server.state
        #expect(state == .ended)
        try talk.serverSends(Array("late".utf8))
        try talk.carry()
        let text = String(decoding: talk.atClient, as: UTF8.self)
        #expect(text == "late")
    }

    @Test("bytes that are no TLS, and damaged records, are refused", arguments: 0..<UInt64(20))
    func refusesDamage(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let contexts = try self.contexts(TestAuthority())
        var talk = try Conversation.begin(client: contexts.client, server: contexts.server)
        try talk.carry()
        try talk.clientSends(Array("secret".utf8))
        let index = Int.random(in: 0..<talk.toServer.count, using: &random)
        talk.toServer[index] ^= UInt8.random(in: 1...255, using: &random)
        var failed = false
        do throws(TLSError) { try talk.carry() } catch { failed = true }
        // A longer length in the record's header only makes the session wait.
        let delivered = talk.atServer.count
        #expect(failed || delivered == 0)
    }
}
