import MeshCodec
import MeshModel
import MeshReactor
import MeshSecure

extension Worker {
    /// How many reads one connection gets before others have their turn.
    private static var readBatch: Int { 4 }

    /// What one read brought.
    private enum Filling {
        /// Plaintext bytes, perhaps none, and perhaps more to come.
        case bytes(Int)
        /// Nothing now.
        case nothing
        /// The peer will send no more.
        case end
    }

    /// Lets a connection do what it can: use held bytes, read more, or be closed.
    mutating func step(_ handle: Handle) {
        for _ in 0..<Self.readBatch {
            guard self.connections.contains(handle) else { return }
            let flags = self.connections[handle].flags
            if flags.contains(.broken) { return self.fail(handle) }
            guard self.connections[handle].phase != .connecting, !flags.contains(.paused) else { return }
            if self.connections[handle].stage == .tunnel, flags.contains(.splicing) { return self.splice(handle) }
            guard self.round(handle, flags) else { return }
        }
        self.schedule(handle)
    }

    /// One read and the use of what it brought; false when nothing more can be done now.
    private mutating func round(_ handle: Handle, _ flags: ConnectionFlags) -> Bool {
        let canRead = flags.contains(.readable) && !flags.contains(.ended)
        let canUse = !self.connections[handle].held.isEmpty && !flags.contains(.starved)
        guard canRead || canUse || self.carried > 0 else { return false }
        var end = self.buffers.drain(&self.connections[handle].held, into: self.plain, at: 0)
        var atEnd = false
        if self.carried > 0 {
            end += self.decrypt(handle, count: self.carried, at: end)
            self.carried = 0
        } else if canRead {
            switch self.fill(handle, at: end) {
            case .bytes(let count): end += count
            case .nothing: break
            case .end: atEnd = true
            }
        }
        guard self.connections.contains(handle) else { return false }
        let used = self.useAll(handle, end)
        guard self.connections.contains(handle) else { return false }
        if used < end {
            let plain = self.plain
            if end - used > Self.heldMax
                || !self.buffers.append(plain.bytes(used..<end), to: &self.connections[handle].held)
            {
                self.connections[handle].flags.insert(.broken)
            }
        }
        if atEnd { self.reachedEnd(handle) }
        return true
    }

    /// Hands the bytes in ``plain`` to the connection's stage until it wants no more; returns how many were used.
    private mutating func useAll(_ handle: Handle, _ end: Int) -> Int {
        let plain = self.plain
        var position = 0
        while position < end {
            let used = self.use(handle, plain.bytes(position..<end))
            position += used
            guard self.connections.contains(handle), used > 0,
                self.connections[handle].flags.isDisjoint(with: [.paused, .starved, .broken])
            else { break }
        }
        return position
    }

    mutating func use(_ handle: Handle, _ bytes: Span<UInt8>) -> Int {
        switch self.connections[handle].stage {
        case .http1Server: return self.serverReceived(handle, bytes)
        case .http1Client: return self.clientReceived(handle, bytes)
        case .tunnel: return self.tunnelReceived(handle, bytes)
        case .http2: return self.http2Received(handle, bytes)
        case .detectingTLS: return self.detectTLS(handle, bytes)
        case .detectingProtocol: return self.detectProtocol(handle, bytes)
        case .transportHeader: return self.readTransportHeader(handle, bytes)
        case .awaitingTarget, .handshaking:
            self.connections[handle].flags.insert(.paused)
            return 0
        case .closing: return bytes.count
        }
    }

    private mutating func fill(_ handle: Handle, at offset: Int) -> Filling {
        let isPlain = self.connections[handle].tls == nil
        let scratch = isPlain ? self.plain : self.cipher
        let start = isPlain ? offset : 0
        let result = self.connections[handle].socket.receive(into: scratch, start..<start + Self.readSize)
        switch result {
        case .bytes(let count):
            if let series = self.connections[handle].series { self.stats.read(count, series) }
            // A short read empties the socket; after a hang-up, read on until the end is seen.
            if count < Self.readSize, !self.connections[handle].flags.contains(.hungUp) {
                self.connections[handle].flags.remove(.readable)
            }
            self.connections[handle].flags.remove(.starved)
            guard !isPlain else { return .bytes(count) }
            let plainCount = self.decrypt(handle, count: count, at: offset)
            guard self.connections.contains(handle) else { return .nothing }
            return .bytes(plainCount)
        case .wouldBlock:
            self.connections[handle].flags.subtract([.readable, .hungUp])
            // Nothing to read and no way to write: the connection is of no more use.
            if self.connections[handle].failure != nil { self.connections[handle].flags.insert(.broken) }
            return .nothing
        case .end:
            return .end
        case .failed(let error):
            self.connections[handle].failure = error
            self.connections[handle].flags.insert(.broken)
            return .nothing
        }
    }

    /// Decrypts `count` bytes of ``cipher`` into ``plain`` at `offset`; returns how much plaintext came of it.
    private mutating func decrypt(_ handle: Handle, count: Int, at offset: Int) -> Int {
        let cipher = self.cipher
        let plain = self.plain
        let before = self.connections[handle].tls?.state
        var written = 0
        do throws(TLSError) {
            var target = plain.mutableBytes(offset..<offset + count + 32 * 1024)
            written =
                try self.connections[handle].tls?.receive(cipher.bytes(0..<count), into: &target) ?? 0
        } catch {
            self.connections[handle].tlsFailure = error
            self.connections[handle].flags.insert(.broken)
        }
        self.sendSealed(handle)  // Handshake messages and alerts.
        let after = self.connections[handle].tls?.state
        if before == .handshaking, after == .open || after == .ended { self.secured(handle) }
        return written
    }

    /// The peer's end: handled once everything before it has been used.
    private mutating func reachedEnd(_ handle: Handle) {
        let flags = self.connections[handle].flags
        // Held bytes of a paused connection come first; the end will be read again.
        guard self.connections[handle].held.isEmpty || flags.contains(.starved) else { return }
        guard !flags.contains(.paused) else { return }
        self.connections[handle].flags.insert(.ended)
        self.connections[handle].flags.remove(.readable)
        self.ended(handle)
    }

    /// Reading waits for somebody else from now on.
    mutating func pause(_ handle: Handle) { self.connections[handle].flags.insert(.paused) }

    /// Reading may go on, in its turn.
    mutating func resume(_ handle: Handle) {
        guard self.connections.contains(handle), self.connections[handle].flags.contains(.paused) else { return }
        self.connections[handle].flags.remove(.paused)
        if !self.connections[handle].flags.isDisjoint(with: [.readable]) || !self.connections[handle].held.isEmpty {
            self.schedule(handle)
        }
    }
}
