import MeshCodec
import MeshModel
import MeshReactor

extension HTTP1Method {
    /// Whether a request may reach a server twice without doing more than once (RFC 9110 §9.2.2).
    var isIdempotent: Bool {
        switch self {
        case .get, .head, .options, .put, .delete, .trace: true
        default: false
        }
    }
}

/// Servers that cannot be reached, and requests that go to another one instead.
extension Worker {
    /// How often a request is sent again.
    private static var triesMax: UInt8 { 8 }

    // MARK: - Backoff

    /// A connection could not be made.
    mutating func connectFailed(_ handle: Handle) {
        let pool = self.connections[handle].pool
        guard self.connections[handle].direction == .outbound, self.pools.contains(pool) else { return }
        // Those that were under way when the first of them failed say nothing new.
        guard self.pools[pool].failures == 0 || self.connections[handle].since > self.pools[pool].failedAt else {
            return
        }
        self.connectFailed(pool: pool)
    }

    /// No connection to the endpoint for a while, longer with each failure in a row.
    mutating func connectFailed(pool: Handle) {
        guard self.pools[pool].key.direction == .outbound else { return }
        if self.pools[pool].failures == 0 { self.tables.failingPools += 1 }
        let backoff = self.settings.outbound.connectBackoff
        let delay = backoff.delay(attempt: self.pools[pool].failures, using: &self.random)
        self.pools[pool].failures += 1
        self.pools[pool].failedAt = self.now
        self.retry(pool, after: delay)
    }

    /// One request tries whether the endpoint can be reached again; others wait for what comes of it.
    mutating func probe(_ pool: Handle) {
        guard self.pools[pool].idleHead == .none else { return }
        self.retry(pool, after: self.settings.outbound.connectTimeout)
    }

    private mutating func retry(_ pool: Handle, after delay: Duration) {
        let time = self.now.advanced(by: delay)
        self.pools[pool].retryAt = time
        _ = self.timers.schedule(Token.reconsider, at: time)
    }

    /// A connection was made.
    mutating func connected(_ pool: Handle) {
        guard self.pools.contains(pool), self.pools[pool].failures > 0 else { return }
        self.pools[pool].failures = 0
        self.tables.failingPools -= 1
        _ = self.timers.schedule(Token.reconsider, at: self.now)
    }

    // MARK: - Fail-fast

    /// A request has waited in vain for the backend in `slot`: others are answered at once until an endpoint is ready.
    mutating func shut(_ slot: Int32) {
        guard slot >= 0, Int(slot) < self.tables.backends.count else { return }
        self.tables.backends[Int(slot)].isShut = true
    }

    func isShut(_ slot: Int32) -> Bool {
        slot >= 0 && Int(slot) < self.tables.backends.count && self.tables.backends[Int(slot)].isShut
    }

    // MARK: - Requests

    /// Sends a request's first bytes, and keeps them as long as they may have to be sent again.
    mutating func sendRequest(_ request: Handle, _ server: Handle, _ bytes: Span<UInt8>) {
        if self.connections[server].phase == .open {
            self.countRequest(request)
            if self.exchanges[request].isReplayable,
                !self.buffers.append(bytes, to: &self.connections[server].replay)
            {
                self.exchanges[request].isReplayable = false
            }
        }
        self.write(server, bytes)
    }

    /// Whether there are tries and time left.
    func mayTryAgain(_ exchange: Exchange) -> Bool {
        exchange.tries < Self.triesMax
            && self.now.nanoseconds(since: exchange.started)
                < self.settings[exchange.direction].queueTimeout.clampedNanoseconds
    }

    /// The request goes from the endpoint it was given to, to that of `choice`.
    mutating func leave(_ request: Handle, for choice: Choice) {
        let old = self.exchanges[request].choice
        let now = self.now
        self.withMember(old) { $0.load.ended(after: nil, at: now) }
        if self.exchanges[request].isCounted, let series = old.series {
            let duration = now.nanoseconds(since: self.exchanges[request].started)
            self.stats.ended(series, Outcome(status: nil, failure: .io), latency: duration, duration: duration)
            self.exchanges[request].isCounted = false
        }
        self.exchanges[request].choice = choice
        self.exchanges[request].tries += 1
    }

    /// Sends an HTTP/1 request once more when its server surely did nothing with it, or when that does no harm.
    mutating func sendAgain(_ handle: Handle, _ request: Handle) -> Bool {
        guard self.connections[handle].message.part == .head, self.connections[handle].held.isEmpty,
            self.mayTryAgain(self.exchanges[request])
        else { return false }
        let wasReached = self.connections[handle].phase == .open
        var bytes = ByteQueue()
        if wasReached {
            guard self.exchanges[request].isReplayable else { return false }
            swap(&bytes, &self.connections[handle].replay)
        } else {
            swap(&bytes, &self.connections[handle].out)
        }
        guard !bytes.isEmpty, let server = self.serverAgain(handle, request, wasReached: wasReached) else {
            self.buffers.clear(&bytes)
            return false
        }
        self.connections[handle].exchange = .none
        self.close(handle)
        self.exchanges[request].up = .http1(server)
        self.connections[server].exchange = request
        if self.connections[server].phase == .open {
            self.countRequest(request)
            self.writeAll(server, &bytes)
            self.resume(leg: self.exchanges[request].down, of: request)
        } else {
            swap(&bytes, &self.connections[server].out)
        }
        return true
    }

    /// A connection for a request whose server failed.
    private mutating func serverAgain(_ handle: Handle, _ request: Handle, wasReached: Bool) -> Handle? {
        // A used connection may have been closed for its age; that says nothing about the endpoint.
        if wasReached, self.connections[handle].flags.contains(.reused) {
            self.exchanges[request].tries += 1
            return self.open(self.connections[handle].pool)
        }
        guard let choice = self.chooseAgain(request, .http1) else { return nil }
        guard let server = self.checkOut(choice.pool) else {
            let now = self.now
            self.withMember(choice) { $0.load.ended(after: nil, at: now) }
            return nil
        }
        self.leave(request, for: choice)
        return server
    }

    // MARK: - Tunnels

    /// Gives a client another server when the first could not be reached, with the bytes that it has sent so far.
    mutating func tunnelAgain(_ server: Handle) -> Bool {
        let client = self.connections[server].partner
        guard !self.connections[server].flags.contains(.accepted), self.connections[server].phase != .open else {
            return false
        }
        self.connectFailed(server)
        guard self.connections.contains(client), self.connections[client].direction == .outbound,
            self.connections[client].flags.isDisjoint(with: [.broken]), self.connections[client].held.isEmpty,
            // A client of a fixed address has nowhere else to go.
            self.connections[client].pool == .none, self.connections[client].tries < Self.triesMax
        else { return false }
        self.connections[client].tries += 1
        var bytes = ByteQueue()
        swap(&bytes, &self.connections[server].out)
        self.connections[client].partner = .none
        self.connections[server].partner = .none
        self.close(server)
        self.routeTunnel(client)
        self.handOver(&bytes, to: client)
        return true
    }

    /// What a client has sent goes to its new server, or waits with the client.
    private mutating func handOver(_ bytes: inout ByteQueue, to client: Handle) {
        guard self.connections.contains(client) else { return self.buffers.clear(&bytes) }
        let partner = self.connections[client].partner
        if self.connections[client].stage == .tunnel, self.connections.contains(partner) {
            swap(&bytes, &self.connections[partner].out)
            if self.connections[client].flags.contains(.ended) { self.finishWriting(partner) }
            return
        }
        swap(&bytes, &self.connections[client].held)
        guard self.connections[client].flags.contains(.ended) else { return }
        // Its end is to be read again behind the bytes.
        self.connections[client].flags.remove(.ended)
        self.connections[client].flags.insert([.readable, .hungUp])
    }
}
