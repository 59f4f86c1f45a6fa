import MeshModel
import MeshReactor

extension Worker {
    /// How long a connection that we end may go on sending, so that our last bytes are not lost to a reset.
    private static var lingering: Duration { .seconds(2) }

    /// Closes and forgets a connection; others that depend on it must be told before.
    mutating func close(_ handle: Handle) {
        guard self.connections.contains(handle) else { return }
        self.unlinkIdle(handle)
        self.timers.cancel(self.connections[handle].timer)
        self.buffers.clear(&self.connections[handle].out)
        self.buffers.clear(&self.connections[handle].held)
        self.buffers.clear(&self.connections[handle].replay)
        self.releasePipe(handle)
        self.countClosed(handle)
        let connection = self.connections.remove(handle)
        self.endSession(connection.session)
        if connection.flags.contains(.accepted) {
            self.release(pool: connection.pool)
            connection.outboundTarget?.usage.closed(at: self.now)
        } else {
            self.left(handle, pool: connection.pool)
        }
    }

    /// Closes with a reset, so that the peer knows that something was lost.
    mutating func reset(_ handle: Handle) {
        guard self.connections.contains(handle) else { return }
        self.connections[handle].socket.reset()
        self.close(handle)
    }

    /// Sends what waits, ends our side, and closes when the peer ends its own or takes too long.
    mutating func closeSoon(_ handle: Handle) {
        guard self.connections.contains(handle), self.connections[handle].stage != .closing else { return }
        self.connections[handle].stage = .closing
        self.connections[handle].exchange = .none
        self.finishWriting(handle)
        guard !self.connections[handle].flags.contains(.ended) || !self.connections[handle].out.isEmpty else {
            return self.close(handle)
        }
        self.buffers.clear(&self.connections[handle].held)
        self.connections[handle].flags.subtract([.paused, .starved])
        self.setTimer(handle, Self.lingering)
        self.schedule(handle)
    }

    /// Handles a connection whose socket or session cannot go on.
    mutating func fail(_ handle: Handle) {
        self.counts.failures &+= 1
        switch self.connections[handle].stage {
        case .tunnel:
            if self.tunnelAgain(handle) { return }
            let partner = self.connections[handle].partner
            self.reset(handle)
            self.reset(partner)
        case .http1Server: self.serverBroke(handle)
        case .http1Client: self.clientBroke(handle)
        case .http2: self.http2Broke(handle)
        case .awaitingTarget, .detectingTLS, .handshaking, .transportHeader, .detectingProtocol, .closing:
            self.close(handle)
        }
    }

    /// The peer has sent all it wanted to, and all of it was used or is an unfinished part.
    mutating func ended(_ handle: Handle) {
        switch self.connections[handle].stage {
        case .tunnel: self.tunnelEnded(handle)
        case .http1Server: self.serverEnded(handle)
        case .http1Client: self.clientEnded(handle)
        case .http2: self.http2Broke(handle)
        case .detectingProtocol: self.detectionEnded(handle)
        case .detectingTLS: self.tlsDetectionEnded(handle)
        case .awaitingTarget, .handshaking, .transportHeader: self.close(handle)
        case .closing:
            if self.connections[handle].out.isEmpty { self.close(handle) }
        }
    }

    // MARK: - Draining

    /// Accepts nothing more, ends idle connections, and lets the others finish.
    mutating func drain(until deadline: MonotonicTime) {
        guard !self.isDraining else { return }
        self.isDraining = true
        self.drainDeadline = deadline
        self.listeners.sockets.removeAll()
        for slot in 0..<self.connections.slotCount {
            guard let handle = self.connections.handle(at: slot) else { continue }
            let isIdle =
                self.connections[handle].flags.contains(.idle)
                || self.connections[handle].stage == .http1Server && self.connections[handle].exchange == .none
                    && self.connections[handle].message.part == .head && self.connections[handle].held.isEmpty
            if self.connections[handle].stage == .http2 {
                self.http2Drain(handle)
            } else if isIdle {
                self.closeSoon(handle)
            }
        }
    }

    /// True when nothing is left to finish, or no time.
    var isDrained: Bool {
        self.connections.count == 0 || self.drainDeadline.map { $0 <= self.now } ?? true
    }
}
