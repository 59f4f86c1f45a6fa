import MeshBalance
import MeshCodec
import MeshModel
import MeshReactor
import MeshSecure

/// One thread's share of the data plane: it owns its sockets, buffers, pools, timers and counters, and shares nothing
/// with other threads but immutable snapshots.
///
/// Events come in batches; each changes some connections, and whatever else has to move on is put into ``ready`` and
/// gets its turn before the next wait. Nothing else re-enters a connection, so bytes in ``plain`` belong to one
/// connection at a time, and a slot disappears only where its own handler says so.
struct Worker: ~Copyable {
    let settings: EngineSettings
    let shared: EngineShared
    let number: Int
    var poller: Poller
    var timers: TimerWheel
    var now: MonotonicTime
    var connections: Slab<Connection>
    var exchanges: Slab<Exchange>
    var sessions: Slab<HTTP2Session>
    var kept: KeptRequests
    var pools: Slab<Pool>
    var pipes: Slab<Pipe>
    var buffers: BufferPool
    var listeners: Listeners
    var tables: Tables
    var random: FastRandom
    /// For choices by weight.
    var tickets: EvenTickets

    /// Bytes as they come from the socket of a TLS connection.
    let cipher = Scratch(capacity: Worker.readSize)
    /// Bytes to look at: what was held, then what was read.
    let plain = Scratch(capacity: Worker.heldMax + Worker.readSize + 32 * 1024)
    /// Heads being written, with the first bytes of their bodies.
    let outgoing = Scratch(capacity: Worker.heldMax + Worker.readSize + 32 * 1024)
    let tlsBuffers: TLSBuffers
    var fields = HTTP1FieldTable()
    var edit = HTTP1Edit()
    var ranges: [FieldRange] = []
    /// The HTTP/2 head received last.
    var headers = HTTP2HeaderList()
    /// HTTP/2 connections that may have something to send at the end of the batch.
    var dirty: [Handle] = []
    /// Memory for what a connection sends.
    var spare: [UInt8] = []

    /// Connections that get a turn before the next wait.
    var ready: [Handle] = []
    var turn: [Handle] = []
    var fired: [UInt64] = []
    /// Bytes of ``cipher`` that were read before it was known that they are TLS.
    var carried = 0
    var isDraining = false
    var drainDeadline: MonotonicTime?
    var counts = EngineCounts()
    var stats = WorkerStats()

    /// What one read asks for: large enough for bulk, small enough to stay in the second-level cache.
    static let readSize = 64 * 1024
    /// What one connection may have waiting to be used; a head is at most half of it.
    static let heldMax = 64 * 1024

    /// A worker that owns everything it needs but its listeners.
    static func make(_ number: Int, settings: EngineSettings, shared: EngineShared) throws(ReactorError) -> Worker {
        let poller = try Poller()
        do throws(TLSError) {
            return Worker(number, settings, shared, poller, try TLSBuffers())
        } catch {
            throw .system(.thread, .noMemory)
        }
    }

    private init(
        _ number: Int, _ settings: EngineSettings, _ shared: EngineShared, _ poller: consuming Poller,
        _ tlsBuffers: TLSBuffers
    ) {
        let now = Clock.now()
        self.settings = settings
        self.shared = shared
        self.number = number
        self.poller = poller
        self.timers = TimerWheel(now: now)
        self.now = now
        self.connections = Slab(limit: settings.connectionsMax)
        self.exchanges = Slab(limit: settings.exchangesMax)
        self.sessions = Slab(limit: settings.connectionsMax)
        self.kept = KeptRequests(limit: settings.exchangesMax)
        self.pools = Slab(limit: settings.poolsMax)
        self.pipes = Slab(limit: settings.pipesMax)
        self.buffers = BufferPool(limit: settings.bufferBytesMax / BufferPool.blockSize)
        self.listeners = Listeners()
        self.tables = Tables(snapshot: shared.snapshots.current)
        self.random = FastRandom(seed: UInt64(bitPattern: now.nanoseconds) &+ UInt64(number) &* 0x9E37_79B9)
        self.tickets = EvenTickets(from: self.random.next())
        self.tlsBuffers = tlsBuffers
        self.ranges.reserveCapacity(HTTP1FieldTable.capacity)
        self.ready.reserveCapacity(256)
        self.turn.reserveCapacity(256)
        self.fired.reserveCapacity(64)
    }

    /// Works until drained.
    mutating func run() throws(ReactorError) {
        try self.poller.watch(wakeup: self.shared.workers[self.number].wakeup, token: Token.mailbox)
        try self.listen()
        self.adoptFirst()
        _ = self.timers.schedule(Token.sweep, at: self.now.advanced(by: .seconds(1)))
        while true {
            let deadline = self.nextDeadline
            try self.poller.wait(until: deadline, now: self.now)
            self.now = Clock.now()
            for index in 0..<self.poller.count { self.handle(self.poller[index]) }
            self.runTimers()
            self.runReady()
            self.flushSessions()
            if self.isDraining, self.isDrained { return }
        }
    }

    private var nextDeadline: MonotonicTime? {
        guard self.ready.isEmpty else { return self.now }
        guard let timer = self.timers.nextDeadline else { return self.drainDeadline }
        return self.drainDeadline.map { min($0, timer) } ?? timer
    }

    private mutating func handle(_ event: Event) {
        let handle = Handle(bits: event.token)
        guard self.connections.contains(handle) else {
            if event.token & Token.mask == Token.mask { self.handleInternal(event.token) }
            return  // The connection was closed earlier in this batch.
        }
        if event.isHangup { self.connections[handle].flags.insert(.hungUp) }
        if event.isReadable {
            self.connections[handle].flags.insert(.readable)
            self.connections[handle].flags.remove(.starved)
        }
        if event.isWritable { self.becameWritable(handle) }
        self.step(handle)
    }

    private mutating func handleInternal(_ token: UInt64) {
        if token == Token.mailbox {
            self.receiveMail()
        } else {
            self.acceptAll(Int(token & 0xFF))
        }
    }

    /// Gives `handle` a turn soon.
    mutating func schedule(_ handle: Handle) {
        guard self.connections.contains(handle), !self.connections[handle].flags.contains(.queued) else { return }
        self.connections[handle].flags.insert(.queued)
        self.ready.append(handle)
    }

    /// Two rounds, so that a chain of consequences settles; more work waits for the next events to be seen.
    private mutating func runReady() {
        for _ in 0..<2 where !self.ready.isEmpty {
            swap(&self.ready, &self.turn)
            for index in 0..<self.turn.count {
                let handle = self.turn[index]
                guard self.connections.contains(handle) else { continue }
                self.connections[handle].flags.remove(.queued)
                self.step(handle)
            }
            self.turn.removeAll(keepingCapacity: true)
        }
    }

    private mutating func runTimers() {
        self.timers.advance(to: self.now, into: &self.fired)
        guard !self.fired.isEmpty else { return }
        for index in 0..<self.fired.count { self.timerFired(self.fired[index]) }
        self.fired.removeAll(keepingCapacity: true)
    }
}

/// Tokens of the poller and the timers that are no connections: their generation is even, so no handle equals them.
enum Token {
    static let mask: UInt64 = 0xFFFF_FFFE_0000_0000
    static let mailbox = Token.mask | 0x1_0000
    static let sweep = Token.mask | 0x1_0001
    static let resumeAccepting = Token.mask | 0x1_0002
    static let reconsider = Token.mask | 0x1_0003

    // Handles of connections are their own tokens. Those of exchanges get the generation before, which is even, so that
    // they equal no connection's.

    static func exchange(_ handle: Handle) -> UInt64 { handle.bits & ~(1 << 32) }

    static func isExchange(_ token: UInt64) -> Bool { token & (1 << 32) == 0 }

    static func exchange(_ token: UInt64) -> Handle { Handle(bits: token | 1 << 32) }

    static func listener(_ index: Int) -> UInt64 { Token.mask | UInt64(index) }
}

/// xorshift64*: good enough to spread load, and a few cycles; never used for secrets.
struct FastRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed | 1 }

    mutating func next() -> UInt64 {
        self.state ^= self.state >> 12
        self.state ^= self.state << 25
        self.state ^= self.state >> 27
        return self.state &* 0x2545_F491_4F6C_DD1D
    }
}

/// What a worker has done so far.
struct EngineCounts: Hashable, Sendable {
    var accepted: UInt64 = 0
    var opened: UInt64 = 0
    var requests: UInt64 = 0
    var refused: UInt64 = 0
    var failures: UInt64 = 0
}
