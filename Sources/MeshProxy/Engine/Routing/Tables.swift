import MeshModel
import MeshPolicy
import MeshReactor

/// What a worker decides by: the snapshot, and its own state about what the snapshot names.
struct Tables {
    var snapshot: Snapshot
    /// By `Backend.slot`.
    var backends: [BackendState] = []
    var pools: [PoolKey: Handle] = [:]
    /// Rate limits by port.
    var limits: [UInt16: PortLimits] = [:]
    /// Connections that wait for a target or for a ready endpoint.
    var waiting: [Handle] = []
    /// HTTP/2 requests that wait for a ready endpoint.
    var parked: [Handle] = []
    /// How many pools could not connect lately; looking at each is only worth while when there are some.
    var failingPools = 0
    /// The member that a request comes from which looks for another; 0 for none.
    var avoided: UInt64 = 0
}

/// A worker's own state about a backend.
struct BackendState {
    var set: BackendSet?
    var members: [MemberState] = []
    /// A request has waited too long: until an endpoint is ready, others need not wait.
    var isShut = false
}

/// A worker's own state about an endpoint; lives as long as the endpoint keeps its number.
struct MemberState {
    let id: UInt64
    let endpoint: Endpoint
    /// Made with the first request.
    var pool = Handle.none
    var http2Pool = Handle.none
    var tunnelPool = Handle.none
    var load: EndpointLoad
    /// Where requests to it were counted last.
    var series = SeriesCache()

    /// The pool of connections that are used like this, if there is one yet.
    func pool(for use: PoolKey.Use) -> Handle {
        switch use {
        case .http1: self.pool
        case .http2: self.http2Pool
        case .tunnel: self.tunnelPool
        }
    }
}

/// Where a request goes, and what wants to know how it ended.
struct Choice: Hashable, Sendable {
    var pool: Handle
    /// -1 for inbound requests.
    var slot: Int32 = -1
    /// Which of the backends that use the slot one after another it is.
    var generation: UInt32 = 0
    /// The route's rule that led here.
    var place = RoutePlace()
    /// The member, checked against its number when the request ends.
    var member = 0
    var memberID: UInt64 = 0
    /// Where the request is counted.
    var series: RequestSeries?
}

/// Where a rule stands among those of a target.
struct RoutePlace: Hashable, Sendable {
    /// ``OutboundTarget/number``; 0 for none.
    var target: UInt64 = 0
    var route: UInt16 = 0
    var rule: UInt16 = 0
}

/// What becomes of a request.
enum Decision {
    case send(Choice)
    case answer(Answer)
    /// Nothing yet: again when an endpoint of the backend in `slot` may be ready, until time is up.
    case wait(slot: Int32)
}

extension Worker {
    /// Takes over a new snapshot and reads the mail.
    mutating func receiveMail() {
        for message in self.shared.workers[self.number].receive() {
            switch message {
            case .serve:
                // Without its listeners a worker is of no use, but others may serve.
                do throws(ReactorError) { try self.serve() } catch { self.counts.failures &+= 1 }
            case .report: self.shared.requests.send(.report(worker: self.number, self.stats.report()))
            case .drain(let deadline): self.drain(until: deadline)
            }
        }
        let snapshot = self.shared.snapshots.current
        guard snapshot.version != self.tables.snapshot.version else { return }
        self.adopt(snapshot)
    }

    /// Takes over the snapshot that the worker was made with.
    mutating func adoptFirst() {
        self.adopt(self.shared.snapshots.current)
        self.receiveMail()
    }

    private mutating func adopt(_ snapshot: Snapshot) {
        self.tables.snapshot = snapshot
        for slot in snapshot.backends.indices {
            if slot == self.tables.backends.count { self.tables.backends.append(BackendState()) }
            guard self.tables.backends[slot].set !== snapshot.backends[slot] else { continue }
            self.replace(slot, by: snapshot.backends[slot])
        }
        for slot in snapshot.backends.count..<max(snapshot.backends.count, self.tables.backends.count) {
            self.replace(slot, by: nil)
        }
        self.reviewTunnels()
        self.reconsiderAll()
    }

    /// Something may have become ready: whatever waits is decided on again.
    mutating func reconsiderAll() {
        let waiting = self.tables.waiting
        self.tables.waiting.removeAll(keepingCapacity: true)
        for handle in waiting { self.reconsider(handle) }
        let parked = self.tables.parked
        self.tables.parked.removeAll(keepingCapacity: true)
        for request in parked { self.reconsider(parked: request) }
    }

    /// Members that stay keep their state; the pools of those that go are released.
    private mutating func replace(_ slot: Int, by set: BackendSet?) {
        let old = self.tables.backends[slot].members
        let isSame = self.tables.backends[slot].set?.generation == set?.generation
        var kept: [UInt64: MemberState] = [:]
        for member in old { kept[member.id] = member }
        self.tables.backends[slot].set = set
        self.tables.backends[slot].members = (set?.members ?? []).map { member in
            if isSame, let known = kept.removeValue(forKey: member.id) { return known }
            return MemberState(
                id: member.id, endpoint: member.endpoint, load: EndpointLoad(set?.load ?? LoadEstimate(), self.now))
        }
        for member in kept.values {
            self.release(pool: member.pool)
            self.release(pool: member.http2Pool)
            self.release(pool: member.tunnelPool)
        }
    }

    /// Waits for the snapshot to change, for as long as the queue allows.
    mutating func wait(_ handle: Handle) {
        if !self.connections[handle].flags.contains(.waiting) {
            self.connections[handle].flags.insert(.waiting)
            self.setTimer(handle, self.settings[self.connections[handle].direction].queueTimeout)
        }
        self.pause(handle)
        self.tables.waiting.append(handle)
    }

    /// The connection waits no longer.
    mutating func stopWaiting(_ handle: Handle) {
        guard self.connections[handle].flags.contains(.waiting) else { return }
        self.connections[handle].flags.remove(.waiting)
        self.clearTimer(handle)
    }

    /// True while the queue has room for one more.
    mutating func mayWait(_ direction: Direction) -> Bool {
        let limit = self.settings[direction].queueMax
        guard self.tables.waiting.count + self.tables.parked.count >= limit else { return true }
        // Those that gave up meanwhile leave their places.
        var kept: [Handle] = []
        for handle in self.tables.waiting where self.connections.contains(handle) { kept.append(handle) }
        self.tables.waiting = kept
        kept = []
        for request in self.tables.parked where self.exchanges.contains(request) { kept.append(request) }
        self.tables.parked = kept
        return self.tables.waiting.count + kept.count < limit
    }

    private mutating func reconsider(_ handle: Handle) {
        guard self.connections.contains(handle) else { return }
        switch self.connections[handle].stage {
        case .awaitingTarget: self.seekTarget(handle)
        default: self.resume(handle)
        }
    }

    /// The target, or a ready endpoint, did not come in time.
    mutating func waitedTooLong(_ handle: Handle) {
        guard self.connections[handle].stage == .http1Server else { return self.reset(handle) }
        guard self.connections[handle].exchange == .none else { return }
        self.counts.refused &+= 1
        guard self.connections[handle].flags.contains(.waiting) else {
            return self.answer(handle, Answer(408, "request timeout", closes: true), requestBody: nil)
        }
        self.shut(self.connections[handle].waitsFor)
        self.connections[handle].flags.subtract([.waiting, .paused])
        self.buffers.clear(&self.connections[handle].held)
        self.answer(handle, Answer(504, "service in fail-fast", grpc: 4, closes: true), requestBody: nil)
    }
}
