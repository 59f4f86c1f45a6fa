import MeshModel
import MeshPolicy
import MeshReactor
import Testing

@testable import MeshProxy

@Suite(.timeLimit(.minutes(2))) struct HTTP1ForwardingTests {
    enum Side: CaseIterable {
        case inbound, outbound

        func address(of proxy: TestProxy) -> SocketAddress { self == .inbound ? proxy.inbound : proxy.outbound }
    }

    @Test("requests on one connection are forwarded one after another", arguments: Side.allCases)
    func forwards(side: Side) throws {
        let server = try ScriptedServer.echoingHeads()
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: side.address(of: proxy))
        for number in 0..<50 {
            try client.write("GET /\(number)?q=1 HTTP/1.1\r\nHost: a.example\r\nX-Number: \(number)\r\n\r\n")
            let head = try client.read(through: "\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\ncontent-length: "))
            let body = try client.read(through: "\r\n\r\n")
            #expect(body.hasPrefix("GET /\(number)?q=1 HTTP/1.1\r\nHost: a.example\r\nX-Number: \(number)\r\n"))
        }
    }

    @Test("heads in small pieces and pipelined requests are served in order", arguments: Side.allCases)
    func servesPipelines(side: Side) throws {
        let server = try ScriptedServer.echoingHeads()
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: side.address(of: proxy))
        let requests = (0..<20).map { "POST /\($0) HTTP/1.1\r\nHost: a\r\ncontent-length: 0\r\n\r\n" }.joined()
        for byte in requests.utf8.prefix(120) { try client.write([byte]) }
        try client.write(Array(requests.utf8.dropFirst(120)))
        for number in 0..<20 {
            _ = try client.read(through: "\r\n\r\n")
            #expect(try client.read(through: "\r\n\r\n").hasPrefix("POST /\(number) "))
        }
    }

    @Test(
        "bodies of any framing arrive whole in both directions", arguments: Side.allCases,
        [0, 1, 1_000, 200_000, 1_500_000])
    func forwardsBodies(side: Side, size: Int) throws {
        let server = try ScriptedServer { wire in
            while true {
                _ = try wire.read(through: "\r\n\r\n")
                let body = try wire.read(count: size)
                // Back in chunks of odd sizes.
                try wire.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
                var position = 0
                while position < size {
                    let count = min(size - position, 70_001)
                    try wire.write("\(String(count, radix: 16))\r\n")
                    try wire.write(Array(body[position..<position + count]))
                    try wire.write("\r\n")
                    position += count
                }
                try wire.write("0\r\nx-trailer: 1\r\n\r\n")
            }
        }
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: side.address(of: proxy))
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        for _ in 0..<2 {
            try client.write("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: \(size)\r\n\r\n")
            try client.write(body)
            _ = try client.read(through: "\r\n\r\n")
            var received: [UInt8] = []
            while true {
                let line = try client.read(through: "\r\n")
                let count = try #require(Int(line.dropLast(), radix: 16))
                if count == 0 { break }
                received += try client.read(count: count)
                _ = try client.read(count: 2)
            }
            #expect(try client.read(through: "\r\n\r\n") == "x-trailer: 1\r\n\r\n")
            let same = received == body
            #expect(same)
        }
    }

    @Test("an answer that ends with its connection ends the client's too", arguments: Side.allCases)
    func forwardsUntilClose(side: Side) throws {
        let server = try ScriptedServer { wire in
            _ = try wire.read(through: "\r\n\r\n")
            try wire.write("HTTP/1.0 200 OK\r\n\r\n")
            try wire.write([UInt8](repeating: 7, count: 300_000))
            wire.finish()
        }
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: side.address(of: proxy))
        try client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let head = try client.read(through: "\r\n\r\n")
        #expect(head.contains("connection: close"))
        #expect(try client.readToEnd().count == 300_000)
    }

    @Test("interim answers pass before the final one", arguments: Side.allCases)
    func forwardsInterim(side: Side) throws {
        let server = try ScriptedServer { wire in
            _ = try wire.read(through: "\r\n\r\n")
            try wire.write("HTTP/1.1 100 Continue\r\n\r\n")
            let body = try wire.read(count: 4)
            try wire.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n")
            try wire.write(body)
        }
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: side.address(of: proxy))
        try client.write("PUT / HTTP/1.1\r\nHost: a\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n")
        #expect(try client.read(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        try client.write("body")
        _ = try client.read(through: "\r\n\r\n")
        #expect(try client.read(count: 4) == Array("body".utf8))
    }

    @Test("an upgrade turns both connections into a tunnel", arguments: Side.allCases)
    func upgrades(side: Side) throws {
        let server = try ScriptedServer { wire in
            let head = try wire.read(through: "\r\n\r\n")
            guard head.contains("Upgrade: echo"), head.contains("Connection: Upgrade") else { return wire.close() }
            try wire.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhello")
            while true { try wire.write(try wire.read(count: 5)) }
        }
        let proxy = try TestProxy(to: server.address)
        let client = try Wire.connect(to: side.address(of: proxy))
        try client.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly")
        #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
        #expect(try client.read(count: 10) == Array("helloearly".utf8))
        try client.write("12345")
        #expect(try client.read(count: 5) == Array("12345".utf8))
    }

    @Test("a slow client holds the server back and gets every byte")
    func appliesBackpressure() throws {
        let size = 8_000_000
        let server = try ScriptedServer { wire in
            _ = try wire.read(through: "\r\n\r\n")
            try wire.write("HTTP/1.1 200 OK\r\ncontent-length: \(size)\r\n\r\n")
            var value: UInt8 = 0
            for _ in 0..<200 {
                value &+= 1
                try wire.write([UInt8](repeating: value, count: size / 200))
            }
        }
        let proxy = try TestProxy(to: server.address) { $0.bufferBytesMax = 1 << 20 }
        let clients = try (0..<4).map { _ in try Wire.connect(to: proxy.outbound) }
        for client in clients {
            try client.limitBuffers(receive: 65_536)
            try client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        for client in clients {
            _ = try client.read(through: "\r\n\r\n")
            for step in 0..<200 {
                let part = try client.read(count: size / 200)
                let same = part.allSatisfy { $0 == UInt8(truncatingIfNeeded: step + 1) }
                #expect(same)
            }
        }
    }
}
