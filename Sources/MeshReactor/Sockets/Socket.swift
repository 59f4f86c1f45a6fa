internal import CMeshLinux
public import MeshModel

/// What a read found.
public enum ReadResult: Hashable, Sendable {
    /// This many bytes, at least one.
    case bytes(Int)
    /// Nothing yet; the poller will say when.
    case wouldBlock
    /// The peer will send no more.
    case end
    /// The connection is broken.
    case failed(SystemError)
}

/// How much the kernel took.
public enum WriteResult: Hashable, Sendable {
    /// This many bytes.
    case bytes(Int)
    /// No room; the poller will say when.
    case wouldBlock
    /// The connection is broken.
    case failed(SystemError)
}

/// A non-blocking stream socket; dropping it closes it.
///
/// The descriptor belongs to this value alone, so it is closed once and never used after.
public struct Socket: ~Copyable, Sendable {
    // -1 stands for "no socket", so that a slot can be closed before it is dropped.
    @usableFromInline var descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit {
        guard self.descriptor >= 0 else { return }
        // Whatever close reports, the descriptor is gone.
        _ = mesh_close(self.descriptor)
    }

    /// A socket that is closed already.
    public static var closed: Socket { Socket(descriptor: -1) }

    /// False once ``close()`` was called.
    public var isOpen: Bool { self.descriptor >= 0 }

    /// Closes now instead of at the end of the value's life.
    public mutating func close() {
        guard self.descriptor >= 0 else { return }
        _ = mesh_close(self.descriptor)
        self.descriptor = -1
    }

    // MARK: Setting up

    /// A listening socket; `::` serves IPv4 as well.
    ///
    /// - Parameter reusePort: lets several workers listen on one port, each with its own queue.
    public static func listening(
        on address: SocketAddress, backlog: Int = 4096, reusePort: Bool = false
    ) throws(ReactorError) -> Socket {
        var raw = mesh_address(address)
        // `raw` is a local value that outlives the call.
        let result = unsafe mesh_listen(&raw, Int32(clamping: backlog), reusePort ? 1 : 0)
        if let error = SystemError(result: Int(result)) { throw .system(.listen, error) }
        return Socket(descriptor: result)
    }

    /// The next connection, or nil when none waits.
    public func accept() throws(ReactorError) -> Accepted? {
        var raw = mesh_address()
        let result = unsafe mesh_accept(self.descriptor, &raw)
        if let error = SystemError(result: Int(result)) {
            // A client that gave up while it waited is no failure of ours.
            if error == .again || error.code == ECONNABORTED || error.code == EINTR { return nil }
            throw .system(.accept, error)
        }
        let none = SocketAddress(.v4(0), port: 0)
        return Accepted(socket: Socket(descriptor: result), peer: raw.socketAddress ?? none)
    }

    /// A connection just accepted.
    @frozen
    public struct Accepted: ~Copyable, Sendable {
        /// Its socket.
        public var socket: Socket
        /// Who connected.
        public let peer: SocketAddress

        init(socket: consuming Socket, peer: SocketAddress) {
            self.socket = socket
            self.peer = peer
        }
    }

    /// Starts to connect; writability tells the end, ``connectError()`` the outcome.
    public static func connecting(to address: SocketAddress) throws(ReactorError) -> Socket {
        let address = SocketAddress(address.ip.canonical, port: address.port)
        var raw = mesh_address(address)
        let descriptor = mesh_socket(Int32(raw.family))
        if let error = SystemError(result: Int(descriptor)) { throw .system(.socket, error) }
        let socket = Socket(descriptor: descriptor)
        let result = unsafe mesh_connect(descriptor, &raw)
        if let error = SystemError(result: Int(result)), error != .inProgress { throw .system(.connect, error) }
        return socket
    }

    /// Why connecting failed, or why the connection broke; nil when it did not.
    public func connectError() -> SystemError? { SystemError(result: Int(mesh_socket_error(self.descriptor))) }

    // MARK: Bytes

    /// Reads into `range` of `scratch`.
    @inlinable
    public func receive(into scratch: Scratch, _ range: Range<Int>) -> ReadResult {
        precondition(range.lowerBound >= 0 && range.upperBound <= scratch.capacity && !range.isEmpty)
        // The range lies in the scratch, which outlives the call.
        return unsafe Self.readResult(self.rawReceive(scratch.base + range.lowerBound, range.count))
    }

    /// Like ``receive(into:_:)``, but leaves the bytes for the next read.
    public func peek(into scratch: Scratch, _ range: Range<Int>) -> ReadResult {
        precondition(range.lowerBound >= 0 && range.upperBound <= scratch.capacity && !range.isEmpty)
        return unsafe Self.readResult(mesh_peek(self.descriptor, scratch.base + range.lowerBound, range.count))
    }

    /// Offers `bytes` to the kernel.
    public func send(_ bytes: Span<UInt8>, moreFollows: Bool = false) -> WriteResult {
        // The span's memory outlives the call.
        unsafe Self.writeResult(
            bytes.withUnsafeBytes {
                unsafe mesh_send(self.descriptor, $0.baseAddress, $0.count, moreFollows ? 1 : 0)
            })
    }

    /// Offers two runs of bytes with one call.
    public func send(_ first: Span<UInt8>, _ second: Span<UInt8>) -> WriteResult {
        if second.isEmpty { return self.send(first) }
        return unsafe Self.writeResult(
            first.withUnsafeBytes { first in
                unsafe second.withUnsafeBytes { second in
                    unsafe mesh_send2(
                        self.descriptor, first.baseAddress, first.count, second.baseAddress, second.count)
                }
            })
    }

    /// Ends our side of the conversation; the peer may go on.
    ///
    /// A connection that is broken already has ended too, so there is nothing to report.
    public func shutdownWrite() { _ = mesh_shutdown_write(self.descriptor) }

    /// Closes with RST, so that the peer sees a broken connection and not an end.
    public mutating func reset() {
        guard self.descriptor >= 0 else { return }
        // Without the option the close is an ordinary one, which is all that is left to do anyway.
        _ = mesh_set_reset_on_close(self.descriptor)
        self.close()
    }

    @usableFromInline
    func rawReceive(_ start: UnsafeMutableRawPointer, _ count: Int) -> Int {
        unsafe mesh_recv(self.descriptor, start, count)
    }

    @usableFromInline
    static func readResult(_ result: Int) -> ReadResult {
        if result > 0 { return .bytes(result) }
        if result == 0 { return .end }
        let error = SystemError(code: Int32(truncatingIfNeeded: -result))
        return error == .again || error.code == EINTR ? .wouldBlock : .failed(error)
    }

    static func writeResult(_ result: Int) -> WriteResult {
        if result >= 0 { return .bytes(result) }
        let error = SystemError(code: Int32(truncatingIfNeeded: -result))
        return error == .again || error.code == EINTR ? .wouldBlock : .failed(error)
    }
}
