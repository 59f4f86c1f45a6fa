import MeshCodec
import MeshModel
import MeshReactor
import Synchronization
import Testing

@testable import MeshProxy

/// HTTP/2 between proxies, HTTP/1 to the application.
@Suite(.timeLimit(.minutes(2))) struct DowngradeTests {
    private static let mark = ("l5d-orig-proto", "HTTP/1.1")

    /// Reads a chunked body with its trailers.
    private static func chunked(_ wire: Wire) throws -> (body: [UInt8], trailers: String) {
        var body: [UInt8] = []
        while true {
            let count = Int(try wire.read(through: "\r\n").dropLast(), radix: 16) ?? 0
            guard count > 0 else { break }
            body += try wire.read(count: count)
            _ = try wire.read(count: 2)
        }
        var trailers = ""
        while true {
            let line = try wire.read(through: "\r\n")
            if line == "\r\n" { return (body, trailers) }
            trailers += line
        }
    }

    @Test("trailers pass in both directions, except those that mean something to a proxy", arguments: [true, false])
    func passesTrailers(inPieces: Bool) throws {
        let server = try ScriptedServer { wire in
            while true {
                _ = try wire.read(through: "\r\n\r\n")
                let (body, trailers) = try Self.chunked(wire)
                try wire.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                let seen = "\(body.count) \(trailers)"
                try wire.write("\(String(seen.utf8.count, radix: 16))\r\n\(seen)\r\n0\r\n")
                let lines = "X-Sum:  12 \r\nContent-Length: 5\r\nl5d-client-id: forged\r\nX-End: yes\r\n\r\n"
                if inPieces {
                    for byte in lines.utf8 { try wire.write([byte]) }
                } else {
                    try wire.write(lines)
                }
            }
        }
        let proxy = try TestProxy(to: server.address)
        let client = try HTTP2Peer(connectingTo: proxy.inbound)
        for _ in 0..<3 {
            let stream = try client.request([Self.mark], content: [1, 2, 3], end: false)
            try client.sendHead(stream, [("x-check", "7"), ("l5d-client-id", "forged"), ("host", "evil")], end: true)
            let answer = try client.answer(stream)
            #expect(String(decoding: answer.content, as: UTF8.self) == "3 x-check: 7\r\n")
            #expect(answer.trailers == ["x-sum=12", "x-end=yes"])
        }
    }

    @Test("a client that does not read stops the application, and gets everything in the end")
    func holdsServer() throws {
        // More than the kernel's buffers of both requests' connections take.
        let size = 40_000_000
        let written = Mutex(0)
        let server = try ScriptedServer { wire in
            _ = try wire.read(through: "\r\n\r\n")
            try wire.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            let part = [UInt8](repeating: 5, count: 50_000)
            for _ in 0..<(size / part.count) {
                try wire.write("c350\r\n")
                try wire.write(part)
                try wire.write("\r\n")
                written.withLock { $0 += part.count }
            }
            try wire.write("0\r\n\r\n")
        }
        let proxy = try TestProxy(to: server.address) { $0.bufferBytesMax = 1 << 20 }
        let client = try HTTP2Peer(connectingTo: proxy.inbound)
        client.credits = false
        let stream = try client.request([Self.mark], method: "GET")
        try client.read { ($0.messages[stream]?.content.count ?? 0) >= 65_535 }
        // The other streams of the connection go on, and take long enough for the server to be stopped.
        let quick = try client.request([Self.mark], method: "GET")
        try client.read { $0.messages[quick] != nil }
        #expect(written.withLock { $0 } < size)
        client.credits = true
        try client.credit()
        #expect(try client.answer(stream).content.count == size)
    }

    @Test("an application that does not read stops the client, and gets everything in the end")
    func holdsClient() throws {
        let size = 6_000_000
        let go = Mutex(false)
        let server = try ScriptedServer { wire in
            try wire.limitBuffers(receive: 100_000)
            _ = try wire.read(through: "\r\n\r\n")
            var poller = try Poller()
            while !go.withLock({ $0 }) {
                try poller.wait(until: Clock.now().advanced(by: .milliseconds(5)), now: Clock.now())
            }
            let (body, _) = try Self.chunked(wire)
            try wire.write("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n\(body.count)")
        }
        let proxy = try TestProxy(to: server.address) { $0.bufferBytesMax = 1 << 20 }
        let client = try HTTP2Peer(connectingTo: proxy.inbound)
        let stream = try client.request([Self.mark], end: false)
        for _ in 0..<(size / 50_000) { try client.send(stream, [UInt8](repeating: 1, count: 50_000), end: false) }
        try client.settle()
        // All but what fits into sockets and one window still waits here.
        #expect(client.held(stream) > 0)
        go.withLock { $0 = true }
        try client.send(stream, [], end: true)
        #expect(String(decoding: try client.answer(stream).content, as: UTF8.self) == "\(size)")
    }

    @Test("content passes as it comes in both directions at once")
    func streams() throws {
        let server = try ScriptedServer { wire in
            _ = try wire.read(through: "\r\n\r\n")
            try wire.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while true {
                let count = Int(try wire.read(through: "\r\n").dropLast(), radix: 16) ?? 0
                guard count > 0 else { break }
                let piece = try wire.read(count: count)
                _ = try wire.read(count: 2)
                try wire.write("\(String(count, radix: 16))\r\n")
                try wire.write(piece)
                try wire.write("\r\n")
            }
            try wire.write("0\r\n\r\n")
        }
        let proxy = try TestProxy(to: server.address)
        let client = try HTTP2Peer(connectingTo: proxy.inbound)
        let stream = try client.request([Self.mark], end: false)
        var sent: [UInt8] = []
        for number in 0..<20 {
            let piece = [UInt8](repeating: UInt8(number), count: 1 + number * 100)
            try client.send(stream, piece, end: false)
            sent += piece
            try client.read { ($0.messages[stream]?.content.count ?? 0) == sent.count }
        }
        try client.send(stream, [], end: true)
        #expect(try client.answer(stream).content == sent)
    }
}
