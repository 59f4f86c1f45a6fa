import MeshModel
import MeshReactor
import MeshSecure

extension Worker {
    /// Sends bytes, or keeps what the peer will not take now; whoever writes much looks at ``isBacklogged(_:)`` after.
    ///
    /// Never closes the connection: a failure is noted and handled in the connection's turn.
    mutating func write(_ handle: Handle, _ bytes: Span<UInt8>) {
        guard !bytes.isEmpty, self.connections.contains(handle) else { return }
        guard self.connections[handle].flags.isDisjoint(with: [.broken, .finished]) else { return }
        guard self.connections[handle].phase == .open else { return self.keep(handle, bytes) }
        guard self.connections[handle].tls != nil else { return self.send(handle, bytes) }
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + TLSBuffers.sealLimit)
            do throws(TLSError) {
                try self.connections[handle].tls?.seal(bytes.extracting(position..<end))
            } catch {
                self.broke(handle)
                return
            }
            self.sendSealed(handle)
            position = end
        }
    }

    /// True while bytes wait for the peer: whoever feeds this connection should stop.
    func isBacklogged(_ handle: Handle) -> Bool {
        self.connections.contains(handle) && !self.connections[handle].out.isEmpty
    }

    /// Sends what the TLS session has produced.
    mutating func sendSealed(_ handle: Handle) {
        let buffers = self.tlsBuffers
        guard !buffers.isEmpty else { return }
        self.send(handle, buffers.output)
        buffers.clear()
    }

    private mutating func send(_ handle: Handle, _ bytes: Span<UInt8>) {
        guard self.connections[handle].flags.isDisjoint(with: [.broken, .finished]) else { return }
        // Plaintext that waits for the end of a handshake must not be mixed with the handshake's own records.
        let mustQueue = self.connections[handle].phase == .open && !self.connections[handle].out.isEmpty
        guard !mustQueue else { return self.keep(handle, bytes) }
        switch self.connections[handle].socket.send(bytes) {
        case .bytes(let count):
            if let series = self.connections[handle].series { self.stats.wrote(count, series) }
            guard count < bytes.count else { return }
            guard self.connections[handle].phase == .open else { return self.broke(handle) }
            self.keep(handle, bytes.extracting(count..<bytes.count))
        case .wouldBlock:
            guard self.connections[handle].phase == .open else { return self.broke(handle) }
            self.keep(handle, bytes)
        case .failed(let error): self.writeFailed(handle, error)
        }
    }

    /// The peer takes no more bytes, but what it said before may still wait to be read: an early answer, say.
    private mutating func writeFailed(_ handle: Handle, _ error: SystemError) {
        self.connections[handle].failure = error
        guard self.connections[handle].phase == .open, !self.connections[handle].flags.contains(.paused) else {
            return self.broke(handle)
        }
        self.buffers.clear(&self.connections[handle].out)
        self.connections[handle].flags.insert([.finished, .readable, .hungUp])
        self.connections[handle].flags.remove(.starved)
        self.schedule(handle)
    }

    private mutating func keep(_ handle: Handle, _ bytes: Span<UInt8>) {
        if self.buffers.append(bytes, to: &self.connections[handle].out) { return }
        // Part of a request must not be taken for the whole.
        if self.connections[handle].phase != .open { self.buffers.clear(&self.connections[handle].out) }
        self.broke(handle)
    }

    /// Notes that a connection cannot go on.
    mutating func broke(_ handle: Handle) {
        self.connections[handle].flags.insert(.broken)
        self.schedule(handle)
    }

    /// The poller says that there is room, or that connecting has ended.
    mutating func becameWritable(_ handle: Handle) {
        if self.connections[handle].phase == .connecting { return self.connectEnded(handle) }
        guard self.connections[handle].phase == .open else { return }
        if !self.connections[handle].out.isEmpty { self.flush(handle) }
        // A partner whose pipe could not be emptied goes on.
        let partner = self.connections[handle].partner
        if self.connections.contains(partner), self.connections[partner].flags.contains(.splicing) {
            self.schedule(partner)
        }
    }

    /// Sends what waits; when nothing waits any more, whoever feeds the connection goes on.
    mutating func flush(_ handle: Handle) {
        while !self.connections[handle].out.isEmpty {
            let result = self.connections[handle].socket.send(
                self.buffers.front(of: self.connections[handle].out))
            switch result {
            case .bytes(let count):
                if let series = self.connections[handle].series { self.stats.wrote(count, series) }
                self.buffers.dropFirst(count, of: &self.connections[handle].out)
            case .wouldBlock: return
            case .failed(let error): return self.writeFailed(handle, error)
            }
        }
        self.drained(handle)
    }

    private mutating func drained(_ handle: Handle) {
        if self.connections[handle].flags.contains(.finishing) { self.finishWriting(handle) }
        self.resumeFeeder(of: handle)
    }

    /// Ends our side once everything has been sent.
    mutating func finishWriting(_ handle: Handle) {
        guard self.connections[handle].flags.isDisjoint(with: [.finished, .broken]) else { return }
        guard self.connections[handle].phase == .open, self.connections[handle].out.isEmpty else {
            self.connections[handle].flags.insert(.finishing)
            return
        }
        if self.connections[handle].tls != nil {
            self.connections[handle].tls?.close()
            self.sendSealed(handle)
            guard self.connections[handle].out.isEmpty else {
                self.connections[handle].flags.insert(.finishing)
                return
            }
        }
        self.connections[handle].socket.shutdownWrite()
        self.connections[handle].flags.insert(.finished)
        self.connections[handle].flags.remove(.finishing)
    }

    /// Lets the other side go on that was paused because this connection was slow.
    private mutating func resumeFeeder(of handle: Handle) {
        switch self.connections[handle].stage {
        case .tunnel: self.resume(self.connections[handle].partner)
        case .http1Server, .http1Client:
            let exchange = self.connections[handle].exchange
            guard self.exchanges.contains(exchange) else { return }
            let isDown = self.exchanges[exchange].down.connection == handle
            self.resume(leg: isDown ? self.exchanges[exchange].up : self.exchanges[exchange].down, of: exchange)
        case .http2: self.http2Drained(handle)
        case .awaitingTarget, .detectingTLS, .handshaking, .transportHeader, .detectingProtocol, .closing: return
        }
    }

    /// The other leg has room again.
    mutating func resume(leg: Leg, of exchange: Handle) {
        switch leg.kind {
        case .none: return
        case .http1:
            // A client whose request is complete stays paused until the answer is.
            guard leg != self.exchanges[exchange].down || !self.exchanges[exchange].requestDone else { return }
            self.resume(leg.connection)
        case .http2: self.http2Resume(leg, of: exchange)
        }
    }
}
