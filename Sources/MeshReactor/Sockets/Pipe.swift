internal import CMeshLinux

/// A kernel buffer between two sockets, for bytes that need not be seen.
public struct Pipe: ~Copyable, Sendable {
    private let readEnd: Int32
    private let writeEnd: Int32
    /// Bytes inside.
    public private(set) var count = 0
    /// Bytes that fit.
    public let capacity: Int

    /// A pipe of about `size` bytes; the kernel may give less.
    public init(size: Int = 1 << 18) throws(ReactorError) {
        var ends: (Int32, Int32) = (-1, -1)
        // Two adjacent descriptors, as pipe2 wants them.
        let result = unsafe withUnsafeMutableBytes(of: &ends) { bytes in
            unsafe mesh_pipe(bytes.baseAddress?.assumingMemoryBound(to: Int32.self), Int32(clamping: size))
        }
        if let error = SystemError(result: Int(result)) { throw .system(.pipe, error) }
        (self.readEnd, self.writeEnd) = ends
        self.capacity = Int(result)
    }

    deinit {
        _ = mesh_close(self.readEnd)
        _ = mesh_close(self.writeEnd)
    }

    /// Moves what `socket` has into the pipe.
    public mutating func fill(from socket: borrowing Socket) -> ReadResult {
        let result = Socket.readResult(
            mesh_splice(socket.descriptor, self.writeEnd, max(1, self.capacity - self.count)))
        if case .bytes(let count) = result { self.count += count }
        return result
    }

    /// Moves what is in the pipe to `socket`.
    public mutating func empty(to socket: borrowing Socket) -> WriteResult {
        let result = Socket.writeResult(mesh_splice(self.readEnd, socket.descriptor, self.count))
        if case .bytes(let count) = result { self.count -= count }
        return result
    }
}
