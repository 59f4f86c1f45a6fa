internal import CMeshLinux
public import MeshModel

/// What every accepted or opened connection is set to.
public struct SocketOptions: Hashable, Sendable {
    /// Idle time before the kernel probes the peer; nil: never.
    public var keepalive: Duration?
    /// How long sent bytes may stay unacknowledged; nil: the kernel's default.
    public var userTimeout: Duration?

    /// No probes, default time-outs.
    public init(keepalive: Duration? = nil, userTimeout: Duration? = nil) {
        self.keepalive = keepalive
        self.userTimeout = userTimeout
    }
}

extension Socket {
    /// Applies `options`, and always sends small segments at once.
    ///
    /// An option that the kernel refuses leaves the connection usable, so nothing is reported.
    public func apply(_ options: SocketOptions) {
        _ = mesh_set_nodelay(self.descriptor)
        if let keepalive = options.keepalive {
            _ = mesh_set_keepalive(self.descriptor, Int32(clamping: max(1, keepalive.components.seconds)))
        }
        if let userTimeout = options.userTimeout {
            _ = mesh_set_user_timeout(
                self.descriptor, Int32(clamping: userTimeout.clampedNanoseconds / 1_000_000))
        }
    }

    /// Bounds the kernel's buffers, for tests that need them small.
    public func setBufferSizes(receive: Int? = nil, send: Int? = nil) throws(ReactorError) {
        let result = mesh_set_buffer_sizes(
            self.descriptor, Int32(clamping: receive ?? 0), Int32(clamping: send ?? 0))
        if let error = SystemError(result: Int(result)) { throw .system(.option, error) }
    }

    /// Our end's address.
    public func localAddress() throws(ReactorError) -> SocketAddress {
        unsafe try self.address { unsafe mesh_local_address($0, $1) }
    }

    /// The other end's address.
    public func peerAddress() throws(ReactorError) -> SocketAddress {
        unsafe try self.address { unsafe mesh_peer_address($0, $1) }
    }

    /// Where the client meant to go before the kernel redirected it here.
    ///
    /// - Throws: `ENOENT` when the connection was not redirected.
    public func originalDestination() throws(ReactorError) -> SocketAddress {
        unsafe try self.address { unsafe mesh_original_destination($0, $1) }
    }

    private func address(
        _ call: (Int32, UnsafeMutablePointer<mesh_address>) -> Int32
    ) throws(ReactorError) -> SocketAddress {
        var raw = mesh_address()
        let result = unsafe call(self.descriptor, &raw)
        if let error = SystemError(result: Int(result)) { throw .system(.address, error) }
        guard let address = raw.socketAddress else { throw .system(.address, SystemError(code: EAFNOSUPPORT)) }
        return address
    }
}
