import MeshCodec
import MeshModel
import MeshPolicy
import MeshReactor
import MeshSecure

extension Worker {
    /// The application protocol of connections that start with a transport header.
    static let transportProtocol = "transport.l5d.io/v1"

    /// Opens a connection of `pool`; nil when the kernel or a limit refuses.
    mutating func open(_ pool: Handle) -> Handle? {
        guard !self.connections.isFull else { return nil }
        let key = self.pools[pool].key
        let side = self.settings[key.direction]
        let handle: Handle
        do throws(ReactorError) {
            let socket = try Socket.connecting(to: key.destination)
            socket.apply(side.opened)
            handle = self.connections.insert(
                Connection(
                    socket, stage: key.use.stage, phase: .connecting, direction: key.direction, flags: [],
                    peer: key.address, target: key.address, since: self.now))
        } catch {
            if !error.code.isExhaustion { self.connectFailed(pool: pool) }
            return nil
        }
        self.connections[handle].pool = pool
        self.pools[pool].total += 1
        if let series = self.pools[pool].series { self.count(handle, series) }
        guard self.watch(handle) else { return nil }
        self.setTimer(handle, side.connectTimeout)
        self.counts.opened &+= 1
        return handle
    }

    /// The kernel has connected, or could not.
    mutating func connectEnded(_ handle: Handle) {
        if let error = self.connections[handle].socket.connectError() {
            self.connections[handle].failure = error
            self.connections[handle].flags.insert(.broken)
            return
        }
        let pool = self.connections[handle].pool
        guard self.pools.contains(pool), let tls = self.pools[pool].key.tls else { return self.opened(handle) }
        self.secure(handle, tls, announces: self.pools[pool].key.transportPort != nil)
    }

    /// Starts TLS with a server whose identity is known beforehand.
    private mutating func secure(_ handle: Handle, _ tls: EndpointTLS, announces: Bool) {
        guard let identity = self.tables.snapshot.identity else {
            self.connections[handle].flags.insert(.broken)
            return
        }
        self.connections[handle].phase = .securing
        do throws(TLSError) {
            var session = try TLSSession.connecting(
                identity.client, serverName: tls.serverName, protocols: announces ? [Self.transportProtocol] : [],
                buffers: self.tlsBuffers)
            try session.start()
            self.connections[handle].tls = consume session
        } catch {
            self.connections[handle].tlsFailure = error
            self.connections[handle].flags.insert(.broken)
            return
        }
        self.sendSealed(handle)
    }

    /// The TLS handshake is complete: checks who it is.
    mutating func secured(_ handle: Handle) {
        guard !self.connections[handle].flags.contains(.accepted) else { return self.clientSecured(handle) }
        let names = self.connections[handle].tls?.peerNames ?? []
        guard let expected = self.pools[self.connections[handle].pool].key.tls,
            names.contains(where: { $0.text == expected.identity.name })
        else {
            self.connections[handle].flags.insert(.broken)
            return
        }
        self.connections[handle].flags.insert(.meshed)
        guard let header = self.pools[self.connections[handle].pool].key.header else { return self.opened(handle) }
        // A peer that does not understand the header would take it for the application's bytes.
        guard self.connections[handle].tls?.applicationProtocol == Self.transportProtocol else {
            self.connections[handle].flags.insert(.broken)
            return
        }
        self.opened(handle, after: header.encoded())
    }

    /// A connection that we opened can be used: send what waits.
    private mutating func opened(_ handle: Handle, after header: [UInt8] = []) {
        self.clearTimer(handle)
        self.connections[handle].phase = .open
        self.connected(self.connections[handle].pool)
        // What waits is plaintext; it leaves the queue before its records may enter it.
        var waiting = ByteQueue()
        swap(&waiting, &self.connections[handle].out)
        self.write(handle, header.span)
        self.writeAll(handle, &waiting)
        if self.connections[handle].stage == .http2 { self.http2Opened(handle) }
        if self.connections[handle].out.isEmpty { self.flush(handle) }
    }

    /// Sends what was kept for a connection; a copy stays if the request may have to be sent again.
    mutating func writeAll(_ handle: Handle, _ queue: inout ByteQueue) {
        let request = self.connections[handle].exchange
        let isReplayable = self.exchanges.contains(request) && self.exchanges[request].isReplayable
        let scratch = self.outgoing
        while !queue.isEmpty {
            let end = scratch.write(self.buffers.front(of: queue), at: 0)
            self.buffers.dropFirst(end, of: &queue)
            self.write(handle, scratch.bytes(0..<end))
            if isReplayable, !self.buffers.append(scratch.bytes(0..<end), to: &self.connections[handle].replay) {
                // Without room for all of it, it cannot be sent again.
                self.exchanges[request].isReplayable = false
            }
        }
    }

    // MARK: - Timers

    /// Sets the connection's one timer.
    mutating func setTimer(_ handle: Handle, _ delay: Duration) {
        self.timers.cancel(self.connections[handle].timer)
        self.connections[handle].timer = self.timers.schedule(handle.bits, at: self.now.advanced(by: delay))
    }

    mutating func clearTimer(_ handle: Handle) {
        self.timers.cancel(self.connections[handle].timer)
        self.connections[handle].timer = .none
    }

    mutating func timerFired(_ token: UInt64) {
        switch token {
        case Token.sweep:
            self.sweepIdle()
            _ = self.timers.schedule(Token.sweep, at: self.now.advanced(by: .seconds(1)))
        case Token.resumeAccepting: self.resumeAccepting()
        case Token.reconsider: self.reconsiderAll()
        default:
            let handle = Handle(bits: token)
            guard !Token.isExchange(token) else { return self.timedOut(exchange: Token.exchange(token)) }
            guard self.connections.contains(handle) else { return }
            self.connections[handle].timer = .none
            self.timedOut(handle)
        }
    }

    private mutating func timedOut(_ handle: Handle) {
        guard self.connections[handle].phase == .open || self.connections[handle].flags.contains(.accepted) else {
            self.connections[handle].failure = .timedOut
            return self.broke(handle)
        }
        switch self.connections[handle].stage {
        case .detectingProtocol: self.detectionTimedOut(handle)
        case .awaitingTarget, .http1Server: self.waitedTooLong(handle)
        case .detectingTLS, .handshaking, .transportHeader, .closing: self.close(handle)
        case .http1Client, .http2, .tunnel: return
        }
    }
}

extension PoolKey.Use {
    /// What a connection of the pool is busy with from the start.
    var stage: Stage {
        switch self {
        case .http1: .http1Client
        case .http2: .http2
        case .tunnel: .tunnel
        }
    }
}
