import MeshModel
import MeshReactor
import Testing

@Suite(.timeLimit(.minutes(1))) struct SocketTests {
    /// A poller, a scratch and a connected pair of sockets.
    private struct Pair: ~Copyable {
        var poller: Poller
        var client: Socket
        var server: Socket
        let scratch = Scratch(capacity: 65_536)

        init(on text: String = "127.0.0.1:0") throws {
            let address = try #require(SocketAddress(text))
            let listener = try Socket.listening(on: address)
            var poller = try Poller()
            try poller.watch(listener: listener, token: 1)
            let bound = try listener.localAddress()
            let target = bound.ip.isUnspecified ? SocketAddress(.v4(0x7F00_0001), port: bound.port) : bound
            let client = try Socket.connecting(to: target)
            try poller.wait(until: nil, now: Clock.now())
            guard let accepted = try listener.accept() else { throw Missing() }
            try poller.watch(client, token: 2)
            try poller.watch(accepted.socket, token: 3)
            try poller.unwatch(listener)
            self.client = client
            self.server = accepted.socket
            self.poller = poller
        }

        struct Missing: Error {}

        /// Reads from `server` or `client` until something else than "nothing yet" comes.
        mutating func read(server: Bool) throws -> ReadResult {
            while true {
                let result =
                    server
                    ? self.server.receive(into: self.scratch, 0..<self.scratch.capacity)
                    : self.client.receive(into: self.scratch, 0..<self.scratch.capacity)
                guard result == .wouldBlock else { return result }
                try self.poller.wait(until: nil, now: Clock.now())
            }
        }
    }

    @Test("bytes, half-close and answers pass", arguments: ["127.0.0.1:0", "[::1]:0", "[::]:0"])
    func passesBytes(address: String) throws {
        var pair = try Pair(on: address)
        expect(pair.client.connectError() == nil)
        let hello = Array("hello".utf8)
        expect(pair.client.send(hello.span, hello.span) == .bytes(10))
        try expect(pair.read(server: true) == .bytes(10))
        pair.client.shutdownWrite()
        try expect(pair.read(server: true) == .end)
        expect(pair.server.send(hello.span) == .bytes(5))
        try expect(pair.read(server: false) == .bytes(5))
    }

    @Test("a reset arrives as a reset")
    func resets() throws {
        var pair = try Pair()
        pair.server.reset()
        expect(!pair.server.isOpen)
        try expect(pair.read(server: false) == .failed(.connectionReset))
    }

    @Test("a dual-stack listener knows an IPv4 peer by its IPv4 address")
    func foldsMappedAddresses() throws {
        let pair = try Pair(on: "[::]:0")
        try expect(pair.server.peerAddress().ip == .v4(0x7F00_0001))
        try expect(pair.server.localAddress().ip == .v4(0x7F00_0001))
        try expect(pair.client.peerAddress() == pair.server.localAddress())
    }

    @Test("without redirection there is no original destination")
    func originalDestinationIsAbsent() throws {
        let pair = try Pair()
        #expect(throws: ReactorError.self) { _ = try pair.server.originalDestination() }
    }

    @Test("a refused connection says so")
    func refuses() throws {
        let address: SocketAddress
        do {
            let listener = try Socket.listening(on: try #require(SocketAddress("127.0.0.1:0")))
            address = try listener.localAddress()
        }
        let socket = try Socket.connecting(to: address)
        var poller = try Poller()
        try poller.watch(socket, token: 9)
        try poller.wait(until: nil, now: Clock.now())
        expect(poller[0].token == 9)
        expect(poller[0].isWritable)
        expect(socket.connectError() == .connectionRefused)
    }

    @Test("a slow reader stops the writer and its reading resumes it")
    func backpressure() throws {
        var pair = try Pair()
        let chunk = [UInt8](repeating: 1, count: 65_536)
        var sent = 0
        while case .bytes(let count) = pair.client.send(chunk.span) { sent += count }
        var received = 0
        while received < sent {
            guard case .bytes(let count) = try pair.read(server: true) else { break }
            received += count
        }
        expect(received == sent)
        guard case .bytes = pair.client.send(chunk.span) else {
            Issue.record("no room after the reader caught up")
            return
        }
    }

    @Test("splice moves bytes without looking at them")
    func splices() throws {
        var source = try Pair()
        var target = try Pair()
        var pipe = try Pipe()
        let text = Array("through the pipe".utf8)
        expect(source.client.send(text.span) == .bytes(16))
        var moved = pipe.fill(from: source.server)
        while moved == .wouldBlock {
            try source.poller.wait(until: nil, now: Clock.now())
            moved = pipe.fill(from: source.server)
        }
        expect(moved == .bytes(16))
        expect(pipe.empty(to: target.client) == .bytes(16))
        expect(pipe.count == 0)
        try expect(target.read(server: true) == .bytes(16))
    }
}

@Suite(.timeLimit(.minutes(1))) struct LoopTests {
    @Test("a message from another thread wakes the poller, once per batch")
    func mailboxWakes() throws {
        let mailbox = try Mailbox<Int>(limit: 3)
        var poller = try Poller()
        try poller.watch(wakeup: mailbox.wakeup, token: 5)
        try startThread(name: "sender") {
            for value in 0..<5 { mailbox.send(value) }
        }
        var received: [Int] = []
        while received.count < 3 {
            try poller.wait(until: nil, now: Clock.now())
            expect(poller[0].token == 5)
            received += mailbox.receive()
        }
        expect(Array(received.prefix(3)) == [0, 1, 2])
    }

    @Test("a full mailbox refuses")
    func mailboxIsBounded() throws {
        let mailbox = try Mailbox<Int>(limit: 2)
        expect(mailbox.send(1))
        expect(mailbox.send(2))
        expect(!mailbox.send(3))
        expect(mailbox.receive() == [1, 2])
        expect(mailbox.receive() == [])
    }

    @Test("waiting ends at the deadline and not before")
    func waitsUntilDeadline() throws {
        var poller = try Poller()
        let start = Clock.now()
        let deadline = start.advanced(by: .milliseconds(5))
        try poller.wait(until: deadline, now: start)
        expect(poller.count == 0)
        expect(Clock.now() >= deadline)
    }
}
