import Testing

@testable import MeshCodec

@Suite struct HTTP1EditTests {
    private func forward(_ text: String, _ dropping: HTTP1Drop, _ limits: HTTP1Limits = HTTP1Limits()) throws -> (
        String, ranges: Int
    ) {
        let bytes = Array(text.utf8)
        var table = HTTP1FieldTable()
        var progress = HTTP1ScanProgress()
        let head = try #require(
            try HTTP1RequestHead.scan(bytes.span, fields: &table, progress: &progress, limits: limits))
        var edit = HTTP1Edit()
        edit.plan(head, fields: table, bytes: bytes.span, dropping: dropping)
        var out = ""
        for index in 0..<edit.count { out += bytes.text(edit[index]) }
        #expect(out.utf8.count == edit.byteCount)
        return (out, edit.count)
    }

    @Test func `a head without droppable fields is one range`() throws {
        let (text, ranges) = try self.forward("\r\nGET / HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\nrest", [.hopByHop, .mesh])
        #expect(text == "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n")
        #expect(ranges == 1)
    }

    @Test func `hop-by-hop and mesh fields are left out`() throws {
        let head =
            "GET / HTTP/1.1\r\nConnection: keep-alive, X-Hop\r\nHost: h\r\nKeep-Alive: 5\r\nl5d-client-id: me\r\n"
            + "L5D-other: x\r\nx-hop: 1\r\nProxy-Connection: y\r\nTE: gzip\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n"
        let (text, ranges) = try self.forward(head, [.hopByHop, .mesh])
        #expect(text == "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\nTransfer-Encoding: chunked\r\n")
        #expect(ranges == 3)
    }

    @Test func `an upgrade keeps what it needs, but not to HTTP 2`() throws {
        let webSocket = "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        #expect(try self.forward(webSocket, [.hopByHop]).0 == String(webSocket.dropLast(1)))
        let clear =
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n\r\n"
        #expect(try self.forward(clear, [.hopByHop]).0 == "GET / HTTP/1.1\r\nHost: h\r\n")
        for names in ["websocket, h2c", "websocket\r\nUpgrade: h2c", "HTTP/2.0"] {
            let hidden = "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: \(names)\r\n\r\n"
            #expect(try self.forward(hidden, [.hopByHop]).0 == "GET / HTTP/1.1\r\nHost: h\r\n")
        }
    }

    @Test func `the worst head has as many ranges as there is room for`() throws {
        let fields = (0..<63).map { "l5d-\($0): x\r\nx-\($0): y\r\n" }.joined()
        let (_, ranges) = try self.forward(
            "GET / HTTP/1.1\r\nl5d-a: b\r\nHost: h\r\n\(fields)\r\n", [.mesh], HTTP1Limits(fields: 1000))
        #expect(ranges == HTTP1Edit.rangesMax)
    }
}
