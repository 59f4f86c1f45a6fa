import MeshModel
import MeshReactor

/// A connection of a test peer, with calls that block until a deadline.
final class Wire: @unchecked Sendable {
    // Used by one thread at a time: a peer's script, or the test itself.
    private var socket: Socket
    private var poller: Poller
    private let scratch = Scratch(capacity: 256 * 1024)
    private var buffer: [UInt8] = []
    private var isEnded = false

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(_ socket: consuming Socket) throws {
        let poller = try Poller()
        try poller.watch(socket, token: 1)
        self.socket = socket
        self.poller = poller
    }

    static func connect(to address: SocketAddress) throws -> Wire {
        let wire = try Wire(Socket.connecting(to: address))
        try wire.wait()
        if let error = wire.socket.connectError() { throw Failure(description: "connect: \(error)") }
        return wire
    }

    func limitBuffers(receive: Int) throws { try self.socket.setBufferSizes(receive: receive) }

    func write(_ text: String) throws { try self.write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) throws {
        var position = 0
        while position < bytes.count {
            switch self.socket.send(bytes.span.extracting(position..<bytes.count)) {
            case .bytes(let count): position += count
            case .wouldBlock: try self.wait()
            case .failed(let error): throw Failure(description: "send: \(error)")
            }
        }
    }

    /// Everything up to and including `mark`.
    func read(through mark: String) throws -> String {
        let mark = Array(mark.utf8)
        var searched = 0
        while true {
            if self.buffer.count >= mark.count {
                for start in max(0, searched - mark.count)...(self.buffer.count - mark.count)
                where self.buffer[start..<start + mark.count].elementsEqual(mark) {
                    return String(decoding: self.take(start + mark.count), as: UTF8.self)
                }
            }
            searched = self.buffer.count
            guard try self.more() else {
                throw Failure(description: "ended after \(String(decoding: self.buffer, as: UTF8.self))")
            }
        }
    }

    func read(count: Int) throws -> [UInt8] {
        while self.buffer.count < count {
            guard try self.more() else { throw Failure(description: "ended after \(self.buffer.count) of \(count)") }
        }
        return self.take(count)
    }

    /// What has come, at least a byte; nil at the end.
    func readSome() throws -> [UInt8]? {
        if self.buffer.isEmpty, try !self.more() { return nil }
        return self.take(self.buffer.count)
    }

    func readToEnd() throws -> [UInt8] {
        while try self.more() {}
        return self.take(self.buffer.count)
    }

    func finish() { self.socket.shutdownWrite() }

    func reset() { self.socket.reset() }

    func close() { self.socket.close() }

    private func take(_ count: Int) -> [UInt8] {
        let taken = Array(self.buffer.prefix(count))
        self.buffer.removeFirst(count)
        return taken
    }

    private func more() throws -> Bool {
        guard !self.isEnded else { return false }
        while true {
            switch self.socket.receive(into: self.scratch, 0..<self.scratch.capacity) {
            case .bytes(let count):
                let scratch = self.scratch
                let bytes = scratch.bytes(0..<count)
                self.buffer.reserveCapacity(self.buffer.count + count)
                for index in 0..<count { self.buffer.append(bytes[index]) }
                return true
            case .wouldBlock: try self.wait()
            case .end:
                self.isEnded = true
                return false
            case .failed(let error): throw Failure(description: "receive: \(error)")
            }
        }
    }

    private func wait() throws {
        let now = Clock.now()
        let deadline = now.advanced(by: .seconds(20))
        try self.poller.wait(until: deadline, now: now)
        if self.poller.count == 0, Clock.now() >= deadline { throw Failure(description: "nothing for 20 s") }
    }
}

/// A server whose connections follow a script, each on a thread of its own.
final class ScriptedServer: Sendable {
    let address: SocketAddress

    init(
        at address: SocketAddress = SocketAddress(.v4(0x7F00_0001), port: 0),
        _ script: @escaping @Sendable (Wire) throws -> Void
    ) throws {
        let listener = ListenerBox(try Socket.listening(on: address))
        self.address = try listener.socket.localAddress()
        try startThread(name: "test-server") {
            do {
                var poller = try Poller()
                try poller.watch(listener: listener.socket, token: 1)
                while true {
                    try poller.wait(until: nil, now: Clock.now())
                    while let accepted = try listener.socket.accept() {
                        let wire = try Wire(accepted.socket)
                        try startThread(name: "test-peer") {
                            // What goes wrong here shows on the test's side of the connection.
                            do { try script(wire) } catch { wire.close() }
                        }
                    }
                }
            } catch {
                return
            }
        }
    }

    private final class ListenerBox: Sendable {
        let socket: Socket
        init(_ socket: consuming Socket) { self.socket = socket }
    }
}

extension ScriptedServer {
    /// Answers every request with its own head as the body.
    static func echoingHeads() throws -> ScriptedServer {
        try ScriptedServer { wire in
            while true {
                let head = try wire.read(through: "\r\n\r\n")
                try wire.write("HTTP/1.1 200 OK\r\ncontent-length: \(head.utf8.count)\r\n\r\n\(head)")
            }
        }
    }
}
