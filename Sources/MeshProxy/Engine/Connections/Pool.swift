import MeshCodec
import MeshModel
import MeshPolicy
import MeshReactor

/// What makes connections interchangeable.
struct PoolKey: Hashable, Sendable {
    /// How the connections are used.
    enum Use: UInt8, Hashable, Sendable {
        case http1
        case http2
        case tunnel
    }

    var direction: Direction
    var address: SocketAddress
    /// Nil for plaintext.
    var tls: EndpointTLS?
    var use: Use
    /// The port of the peer's proxy that takes connections with a transport header, when there is one.
    var transportPort: UInt16?

    /// Where the connections go.
    var destination: SocketAddress {
        self.transportPort.map { SocketAddress(self.address.ip, port: $0) } ?? self.address
    }

    /// What the peer's proxy is told at the start.
    var header: TransportHeader? {
        guard self.transportPort != nil, self.tls != nil else { return nil }
        let session: TransportHeader.Session =
            switch self.use {
            case .http1: .http1
            case .http2: .http2
            case .tunnel: .none
            }
        return TransportHeader(port: self.address.port, session: session)
    }
}

/// The HTTP/1 connections to one address that wait for a request; last used first.
struct Pool {
    let key: PoolKey
    var idleHead = Handle.none
    var idleTail = Handle.none
    var idleCount = 0
    /// The HTTP/2 connection that carries all requests.
    var shared = Handle.none
    /// All connections, busy ones included.
    var total = 0
    /// Where its connections are counted.
    var series: ConnectionSeries?
    /// Who may still ask for connections; at 0 and without connections the pool goes.
    var users = 0
    /// Connections in a row that could not be made; those under way together count once.
    var failures = 0
    var failedAt = MonotonicTime(nanoseconds: .min)
    /// No sooner is another one tried.
    var retryAt = MonotonicTime(nanoseconds: .min)

    /// Whether a request may be given to the pool.
    func isReady(at now: MonotonicTime) -> Bool {
        self.failures == 0 || self.retryAt <= now || self.idleHead != .none
    }
}

extension Worker {
    /// The pool for `key`, made when there is none; nil at the limit.
    mutating func pool(for key: PoolKey) -> Handle? {
        if let known = self.tables.pools[key] {
            self.pools[known].users += 1
            return known
        }
        guard !self.pools.isFull else { return nil }
        var pool = Pool(key: key)
        pool.users = 1
        if key.direction == .inbound { pool.series = self.stats.connection(.openedInbound) }
        let handle = self.pools.insert(pool)
        self.tables.pools[key] = handle
        return handle
    }

    /// One user less; the pool goes with its last user and connection.
    mutating func release(pool handle: Handle) {
        guard self.pools.contains(handle) else { return }
        self.pools[handle].users -= 1
        self.dropIfUnused(handle)
    }

    /// An idle connection, or a new one; nil when none can be opened.
    ///
    /// - Parameter carefully: the request cannot be sent again, so connections that have been idle for a while are
    ///   looked at first: their servers may have closed them.
    mutating func checkOut(_ pool: Handle, carefully: Bool = false) -> Handle? {
        while true {
            let idle = self.pools[pool].idleHead
            guard idle != .none else { return self.open(pool) }
            self.unlinkIdle(idle)
            guard carefully, self.connections[idle].since.advanced(by: .milliseconds(1)) <= self.now,
                case let result = self.connections[idle].socket.peek(into: self.cipher, 0..<1)
            else { return idle }
            if case .wouldBlock = result { return idle }
            self.close(idle)
            guard self.pools.contains(pool) else { return nil }
        }
    }

    /// Puts a connection back that can carry another request.
    mutating func checkIn(_ handle: Handle) {
        let pool = self.connections[handle].pool
        let direction = self.connections[handle].direction
        guard self.pools.contains(pool), !self.isDraining,
            self.pools[pool].idleCount < self.settings[direction].idleMax,
            self.connections[handle].held.isEmpty, !self.connections[handle].flags.contains(.hungUp)
        else { return self.close(handle) }
        self.connections[handle].exchange = .none
        self.connections[handle].message = HTTP1Message()
        self.connections[handle].since = self.now
        self.connections[handle].flags.insert([.idle, .reused])
        let next = self.pools[pool].idleHead
        self.connections[handle].idleNext = next
        self.connections[handle].idlePrevious = .none
        if next == .none {
            self.pools[pool].idleTail = handle
        } else {
            self.connections[next].idlePrevious = handle
        }
        self.pools[pool].idleHead = handle
        self.pools[pool].idleCount += 1
    }

    /// Takes a connection out of its pool's idle list.
    mutating func unlinkIdle(_ handle: Handle) {
        guard self.connections[handle].flags.contains(.idle) else { return }
        let pool = self.connections[handle].pool
        let next = self.connections[handle].idleNext
        let previous = self.connections[handle].idlePrevious
        if previous == .none {
            self.pools[pool].idleHead = next
        } else {
            self.connections[previous].idleNext = next
        }
        if next == .none {
            self.pools[pool].idleTail = previous
        } else {
            self.connections[next].idlePrevious = previous
        }
        self.pools[pool].idleCount -= 1
        self.connections[handle].flags.remove(.idle)
        self.connections[handle].idleNext = .none
        self.connections[handle].idlePrevious = .none
    }

    /// Ends an HTTP/2 connection that nobody will ask for again.
    private mutating func sweepShared(_ pool: Handle) {
        guard self.pools[pool].users <= 0, self.pools[pool].shared != .none else { return }
        self.http2Drain(self.pools[pool].shared)
    }

    /// A connection of the pool is gone.
    mutating func left(_ handle: Handle, pool: Handle) {
        guard self.pools.contains(pool) else { return }
        if self.pools[pool].shared == handle { self.pools[pool].shared = .none }
        self.pools[pool].total -= 1
        self.dropIfUnused(pool)
    }

    private mutating func dropIfUnused(_ handle: Handle) {
        guard self.pools[handle].users <= 0, self.pools[handle].total == 0 else { return }
        let pool = self.pools.remove(handle)
        if pool.failures > 0 { self.tables.failingPools -= 1 }
        self.tables.pools[pool.key] = nil
    }

    /// Closes connections that have waited too long, the longest first.
    mutating func sweepIdle() {
        for slot in 0..<self.pools.slotCount {
            guard let handle = self.pools.handle(at: slot) else { continue }
            self.sweepShared(handle)
            guard self.pools.contains(handle) else { continue }
            let timeout = self.settings[self.pools[handle].key.direction].idleTimeout
            while self.pools.contains(handle) {
                let oldest = self.pools[handle].idleTail
                guard oldest != .none, self.connections[oldest].since.advanced(by: timeout) <= self.now else { break }
                self.close(oldest)
            }
        }
    }
}
