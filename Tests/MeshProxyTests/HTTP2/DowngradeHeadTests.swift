import MeshModel
import Testing

@testable import MeshProxy

/// Heads that come as HTTP/2 from a peer's proxy and leave as HTTP/1.
@Suite(.timeLimit(.minutes(1))) struct DowngradeHeadTests {
    @Test("cookies of several fields become one, since HTTP/1 knows no more")
    func joinsCookies() throws {
        let server = try ScriptedServer.echoingHeads()
        let proxy = try TestProxy(to: server.address)
        let client = try HTTP2Peer(connectingTo: proxy.inbound)
        let stream = try client.request(
            [("l5d-orig-proto", "HTTP/1.1"), ("cookie", "a=b"), ("x-a", "b"), ("cookie", "c=d"), ("cookie", "e=f")],
            path: "/a?b", method: "GET")
        let seen = String(decoding: try client.answer(stream).content, as: UTF8.self)
        #expect(seen == "GET /a?b HTTP/1.1\r\nhost: web.example\r\nx-a: b\r\ncookie: a=b; c=d; e=f\r\n\r\n")
    }
}
