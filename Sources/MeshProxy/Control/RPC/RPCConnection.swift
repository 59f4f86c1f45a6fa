import MeshCodec
import MeshModel
import MeshReactor
import MeshSecure

/// What a channel reports.
enum RPCEvent: Hashable {
    /// A message of a call.
    case message(call: UInt64, [UInt8])
    /// A call ended with a gRPC code.
    case ended(call: UInt64, code: UInt8, text: String)
}

/// Working memory that the channels of one thread share.
final class RPCMemory {
    static let readSize = 64 * 1024
    let scratch = Scratch(capacity: RPCMemory.readSize * 2 + 32 * 1024)
    let tls: TLSBuffers
    var list = HTTP2HeaderList()
    var output: [UInt8] = []

    init() throws(TLSError) { self.tls = try TLSBuffers() }

    static var ciphertext: Range<Int> { 0..<Self.readSize }
    static var plaintext: Range<Int> { Self.readSize..<(Self.readSize * 2 + 32 * 1024) }
}

/// One HTTP/2 connection to a service of the control plane, with its calls.
///
/// Any failure ends the connection and all of its calls; who made them makes them again.
struct RPCConnection: ~Copyable {
    /// Longest message taken.
    static let messageMax = 4 << 20

    /// Why a connection ended.
    enum Failure: Error, Hashable {
        case socket(String)
        case tls(String)
        case wrongIdentity([String])
        case noHTTP2
        case protocolError(String)
        case closed
    }

    private struct Call {
        let id: UInt64
        let stream: UInt32
        var frames = GRPCFrames(messageBytesMax: RPCConnection.messageMax)
        var sawHead = false
    }

    private var socket: Socket
    private var tls: TLSSession?
    private var http: HTTP2Connection
    private var calls: [Call] = []
    /// Bytes that the kernel would not take yet.
    private var unsent: [UInt8] = []
    private let identity: String?
    private let authority: String
    /// True once requests may be sent.
    private(set) var isOpen = false
    private var isConnected = false

    init(
        to address: SocketAddress, authority: String, identity: String?, context: TLSContext?, memory: RPCMemory,
        now: MonotonicTime
    ) throws(Failure) {
        self.identity = identity
        self.authority = authority
        self.http = HTTP2Connection(role: .client, settings: HTTP2Settings(), now: now)
        self.tls = try Self.session(identity, context, memory)
        self.socket = try Self.socket(to: address)
    }

    private static func socket(to address: SocketAddress) throws(Failure) -> Socket {
        do {
            let socket = try Socket.connecting(to: address)
            socket.apply(SocketOptions(keepalive: .seconds(10), userTimeout: .seconds(30)))
            return socket
        } catch { throw .socket("\(error)") }
    }

    /// Nil when TLS is not spoken.
    private static func session(
        _ identity: String?, _ context: TLSContext?, _ memory: RPCMemory
    ) throws(Failure) -> TLSSession? {
        guard let identity else { return nil }
        guard let context else { throw .tls("no trust anchors") }
        do {
            return try TLSSession.connecting(
                context, serverName: identity, protocols: ["h2"], buffers: memory.tls)
        } catch { throw .tls("\(error)") }
    }

    borrowing func watch(_ poller: borrowing Poller, token: UInt64) throws(Failure) {
        do { try poller.watch(self.socket, token: token) } catch { throw .socket("\(error)") }
    }

    // MARK: - Calls

    /// Sends a request; false when the connection takes none now.
    mutating func open(_ id: UInt64, path: String, message: [UInt8], memory: RPCMemory) throws(Failure) -> Bool {
        guard self.isOpen, let stream = self.http.open(user: id) else { return false }
        guard self.http.startHead(stream) else { return false }
        self.http.addField(":method", "POST")
        self.http.addField(":scheme", self.identity == nil ? "http" : "https")
        self.http.addField(":path", path)
        self.http.addField(":authority", self.authority)
        self.http.addField("content-type", "application/grpc")
        self.http.addField("te", "trailers")
        self.http.addField("user-agent", "heddle-proxy")
        self.http.finishHead(end: false)
        _ = self.http.sendData(stream, GRPCFrames.framed(message).span, end: true)
        self.calls.append(Call(id: id, stream: stream))
        try self.flush(memory)
        return true
    }

    /// Ends a call that nobody waits for any more.
    mutating func cancel(_ id: UInt64, memory: RPCMemory) throws(Failure) {
        guard let index = self.calls.firstIndex(where: { $0.id == id }) else { return }
        self.http.reset(self.calls[index].stream, .cancel)
        self.calls.remove(at: index)
        try self.flush(memory)
    }

    /// The calls that are open.
    var callIDs: [UInt64] { self.calls.map(\.id) }

    // MARK: - Bytes

    /// Does what the socket is ready for.
    mutating func ready(
        _ event: Event, memory: RPCMemory, now: MonotonicTime, into events: inout [RPCEvent]
    ) throws(Failure) {
        if !self.isConnected {
            if let error = self.socket.connectError() { throw .socket("\(error)") }
            guard event.isWritable else { return }
            self.isConnected = true
            if self.identity == nil {
                self.isOpen = true
            } else {
                do { try self.tls?.start() } catch { throw .tls("\(error)") }
            }
            try self.flush(memory)
        }
        if event.isWritable { try self.flush(memory) }
        if event.isReadable { try self.read(memory, now: now, into: &events) }
    }

    private mutating func read(_ memory: RPCMemory, now: MonotonicTime, into events: inout [RPCEvent]) throws(Failure) {
        while true {
            let count: Int
            switch self.socket.receive(into: memory.scratch, RPCMemory.ciphertext) {
            case .wouldBlock:
                try self.flush(memory)
                return
            case .end: throw .closed
            case .failed(let error): throw .socket("\(error)")
            case .bytes(let taken): count = taken
            }
            guard self.tls != nil else {
                try self.take(0..<count, memory, now: now, into: &events)
                continue
            }
            let plain = try self.decrypt(count, memory)
            let start = RPCMemory.plaintext.lowerBound
            try self.take(start..<(start + plain), memory, now: now, into: &events)
        }
    }

    private mutating func decrypt(_ count: Int, _ memory: RPCMemory) throws(Failure) -> Int {
        var plain = 0
        let scratch = memory.scratch
        do throws(TLSError) {
            var target = scratch.mutableBytes(RPCMemory.plaintext)
            plain = try self.tls?.receive(scratch.bytes(0..<count), into: &target) ?? 0
        } catch {
            // The alert may still reach the peer; whether it does changes nothing.
            try? self.flush(memory)
            throw .tls("\(error)")
        }
        if !self.isOpen, self.tls?.state == .open { try self.verify() }
        if self.tls?.state == .ended, plain == 0 { throw .closed }
        return plain
    }

    /// Checks that the server is who it should be.
    private mutating func verify() throws(Failure) {
        let names = self.tls?.peerNames ?? []
        guard let identity, names.contains(where: { $0.text == identity }) else {
            throw .wrongIdentity(names.map(\.text))
        }
        guard self.tls?.applicationProtocol == "h2" else { throw .noHTTP2 }
        self.isOpen = true
    }

    private mutating func take(
        _ range: Range<Int>, _ memory: RPCMemory, now: MonotonicTime, into events: inout [RPCEvent]
    ) throws(Failure) {
        let scratch = memory.scratch
        let bytes = scratch.bytes(range)
        var offset = 0
        do throws(HTTP2Error) {
            while let event = try self.http.receive(bytes, at: &offset, into: &memory.list, now: now) {
                self.handle(event, bytes, memory, into: &events)
            }
        } catch {
            // The notice may still reach the peer; whether it does changes nothing.
            try? self.flush(memory)
            throw .protocolError("\(error)")
        }
    }

    private mutating func handle(
        _ event: HTTP2Event, _ bytes: Span<UInt8>, _ memory: RPCMemory, into events: inout [RPCEvent]
    ) {
        switch event {
        case .head(let stream, let id, let end):
            guard let index = self.calls.firstIndex(where: { $0.stream == stream }) else { return }
            let status = memory.list.response.status
            if (100..<200).contains(status) { return }
            guard status == 200 else {
                self.finish(id, Self.code(ofHTTP: status), "HTTP status \(status)", into: &events)
                return
            }
            self.calls[index].sawHead = true
            if end { self.finish(id, memory, into: &events) }
        case .trailers(_, let id): self.finish(id, memory, into: &events)
        case .data(let stream, let id, let range, let end):
            self.http.consumed(stream, range.count)
            guard let index = self.calls.firstIndex(where: { $0.stream == stream }) else { return }
            self.calls[index].frames.append(bytes.extracting(range))
            do {
                while let message = try self.calls[index].frames.next() {
                    events.append(.message(call: id, message))
                }
            } catch {
                self.http.reset(stream, .cancel)
                self.finish(id, GRPCCode.internal, "\(error)", into: &events)
                return
            }
            if end { self.finish(id, GRPCCode.unknown, "no status", into: &events) }
        case .reset(_, let id, let code, _):
            self.finish(id, GRPCCode.unavailable, "reset: \(code)", into: &events)
        case .goAway, .resumed, .settings, .pong: break
        }
    }

    private mutating func finish(_ id: UInt64, _ memory: RPCMemory, into events: inout [RPCEvent]) {
        let code = memory.list.text("grpc-status").flatMap { UInt8($0) } ?? GRPCCode.unknown
        self.finish(id, code, String((memory.list.text("grpc-message") ?? "").prefix(200)), into: &events)
    }

    private mutating func finish(_ id: UInt64, _ code: UInt8, _ text: String, into events: inout [RPCEvent]) {
        guard let index = self.calls.firstIndex(where: { $0.id == id }) else { return }
        self.calls.remove(at: index)
        events.append(.ended(call: id, code: code, text: text))
    }

    /// The code of a response that is not gRPC (gRPC, "HTTP to gRPC status code mapping").
    private static func code(ofHTTP status: Int) -> UInt8 {
        switch status {
        case 400: GRPCCode.internal
        case 401: 16
        case 403: 7
        case 404: GRPCCode.unimplemented
        case 429, 502, 503, 504: GRPCCode.unavailable
        default: GRPCCode.unknown
        }
    }

    /// True when the server takes no more calls and has finished those that it had.
    var isFinished: Bool { self.http.isDraining && self.calls.isEmpty }
    /// True when the server takes no more calls.
    var isDraining: Bool { self.http.isDraining }

    /// Sends what there is to send.
    private mutating func flush(_ memory: RPCMemory) throws(Failure) {
        guard self.isConnected else { return }
        if self.isOpen {
            self.http.takeOutput(&memory.output)
            if self.tls == nil {
                self.unsent += memory.output
            } else {
                try self.seal(memory)
            }
        }
        if self.tls != nil { self.collect(memory) }
        try self.send()
    }

    private mutating func seal(_ memory: RPCMemory) throws(Failure) {
        let output = memory.output
        var start = 0
        while start < output.count {
            let end = min(start + 16 * 1024, output.count)
            do { try self.tls?.seal(output.span.extracting(start..<end)) } catch { throw .tls("\(error)") }
            self.collect(memory)
            start = end
        }
    }

    private mutating func collect(_ memory: RPCMemory) {
        let buffers = memory.tls
        let records = buffers.output
        for index in records.indices { self.unsent.append(records[index]) }
        buffers.clear()
    }

    private mutating func send() throws(Failure) {
        var sent = 0
        defer { self.unsent.removeFirst(sent) }
        while sent < self.unsent.count {
            switch self.socket.send(self.unsent.span.extracting(sent..<self.unsent.count)) {
            case .bytes(let count): sent += count
            case .wouldBlock: return
            case .failed(let error): throw .socket("\(error)")
            }
        }
    }
}
