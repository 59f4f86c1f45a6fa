import MeshModel
import MeshPolicy
import MeshWire
import SwiftProtobuf
import Testing

@Suite struct RoundTripTests {
    /// Through the bytes, not only through the message.
    private func transmitted<Message: SwiftProtobuf.Message>(_ message: Message) throws -> Message {
        let bytes: [UInt8] = try message.serializedBytes()
        return try Message(serializedBytes: bytes)
    }

    @Test("inbound policies survive the wire", arguments: 0..<UInt64(200))
    func inbound(seed: UInt64) throws {
        var maker = PolicyMaker(seed: seed)
        let policy = maker.inboundPolicy()
        #expect(try InboundPolicy(self.transmitted(policy.wire)) == policy)
    }

    @Test("outbound policies survive the wire", arguments: 0..<UInt64(200))
    func outbound(seed: UInt64) throws {
        var maker = PolicyMaker(seed: seed)
        let policy = maker.outboundPolicy()
        #expect(try OutboundPolicy(self.transmitted(policy.wire)) == policy)
    }

    @Test("endpoint updates survive the wire", arguments: 0..<UInt64(100))
    func updates(seed: UInt64) throws {
        var maker = PolicyMaker(seed: seed)
        let updates: [EndpointUpdate] = [
            .add(maker.list(1...4) { $0.endpoint() }, labels: ["namespace": "ns"]),
            .remove([SocketAddress(maker.address(), port: 80)]), .noEndpoints(exists: maker.chance()),
        ]
        for update in updates { #expect(try EndpointUpdate(self.transmitted(update.wire)) == update) }
    }

    @Test("profiles survive the wire", arguments: 0..<UInt64(100))
    func profiles(seed: UInt64) throws {
        var maker = PolicyMaker(seed: seed)
        let profile = maker.profile()
        #expect(Profile(try self.transmitted(profile.wire)) == profile)
    }

    @Test("certificates and requests keep their bytes")
    func certificates() throws {
        let request = Io_Linkerd_Proxy_Identity_CertifyRequest(identity: "a.b", token: [1, 2], csr: [3])
        #expect(try self.transmitted(request).tokenBytes == [1, 2])
        #expect(try self.transmitted(request).csrBytes == [3])
        let response = Io_Linkerd_Proxy_Identity_CertifyResponse(leaf: [1], intermediates: [[2], [3]], validUntil: 9)
        #expect(try self.transmitted(response).leafBytes == [1])
        #expect(try self.transmitted(response).intermediateBytes == [[2], [3]])
    }
}
