internal import CMeshLinux
public import MeshModel

/// A UDP socket that talks to one peer, for DNS.
public struct DatagramSocket: ~Copyable, Sendable {
    let descriptor: Int32

    /// A socket whose datagrams go to `peer`, and which hears nobody else.
    public init(peer: SocketAddress) throws(ReactorError) {
        var raw = mesh_address(peer)
        let result = unsafe mesh_udp(&raw)
        if let error = SystemError(result: Int(result)) { throw .system(.datagram, error) }
        self.descriptor = result
    }

    deinit { _ = mesh_close(self.descriptor) }

    /// Sends one datagram.
    public func send(_ bytes: Span<UInt8>) -> WriteResult {
        unsafe Socket.writeResult(
            bytes.withUnsafeBytes { unsafe mesh_send(self.descriptor, $0.baseAddress, $0.count, 0) })
    }

    /// Reads one datagram; what does not fit into `range` is lost.
    ///
    /// An empty datagram reads as ``ReadResult/end``.
    public func receive(into scratch: Scratch, _ range: Range<Int>) -> ReadResult {
        precondition(range.lowerBound >= 0 && range.upperBound <= scratch.capacity && !range.isEmpty)
        return unsafe Socket.readResult(mesh_recv(self.descriptor, scratch.base + range.lowerBound, range.count))
    }
}
