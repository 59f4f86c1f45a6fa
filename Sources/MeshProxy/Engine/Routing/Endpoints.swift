import MeshBalance
import MeshModel
import MeshPolicy
import MeshReactor

/// How busy an endpoint is, and how quick it has been.
struct EndpointLoad {
    private var latency: PeakLatency
    private var pending = 0

    init(_ estimate: LoadEstimate, _ now: MonotonicTime) {
        self.latency = PeakLatency(initial: estimate.defaultRTT, decay: estimate.decay, now: now)
    }

    func value(at now: MonotonicTime) -> Double { self.latency.load(pending: self.pending, at: now) }

    mutating func began() { self.pending += 1 }

    /// - Parameter nanoseconds: until the first answer; nil when there was none to measure.
    mutating func ended(after nanoseconds: Int64?, at now: MonotonicTime) {
        self.pending -= 1
        if let nanoseconds { self.latency.observe(nanoseconds, at: now) }
    }
}

extension Worker {
    /// What picking an endpoint came to.
    enum Picking {
        case picked(Choice)
        /// None is ready, but one of the backend in `slot` may come.
        case notReady(slot: Int32)
        /// None will ever be.
        case never
    }

    /// The less loaded of two random endpoints of the backend in `slot`.
    mutating func pick(_ slot: Int32, _ use: PoolKey.Use) -> Picking {
        guard slot >= 0, Int(slot) < self.tables.backends.count, let set = self.tables.backends[Int(slot)].set else {
            return .never
        }
        let slotIndex = Int(slot)
        let count = self.tables.backends[slotIndex].members.count
        guard count > 0 else { return set.state == .unresolvable ? .never : .notReady(slot: slot) }
        guard let index = self.index(in: slotIndex, count, use), let pool = self.pool(slotIndex, index, use) else {
            return .notReady(slot: slot)
        }
        if self.pools[pool].failures > 0 {
            self.probe(pool)
        } else {
            self.tables.backends[slotIndex].isShut = false
        }
        return .picked(
            Choice(
                pool: pool, slot: slot, generation: set.generation, member: index,
                memberID: self.tables.backends[slotIndex].members[index].id))
    }

    /// The less loaded of two random members that are ready; nil when none is.
    private mutating func index(in slot: Int, _ count: Int, _ use: PoolKey.Use) -> Int? {
        guard self.tables.failingPools == 0, self.tables.avoided == 0 else {
            return self.readyIndex(in: slot, count, use)
        }
        guard count > 1 else { return 0 }
        let (first, second) = pickTwo(of: count, using: &self.random)
        return self.lessLoaded(in: slot, first, second)
    }

    private func lessLoaded(in slot: Int, _ first: Int, _ second: Int) -> Int {
        let firstLoad = self.tables.backends[slot].members[first].load.value(at: self.now)
        let secondLoad = self.tables.backends[slot].members[second].load.value(at: self.now)
        return firstLoad <= secondLoad ? first : second
    }

    /// The same when some are not ready: a few draws mostly do, and if not, all are looked at.
    private mutating func readyIndex(in slot: Int, _ count: Int, _ use: PoolKey.Use) -> Int? {
        if count > 2 {
            for _ in 0..<4 {
                let (first, second) = pickTwo(of: count, using: &self.random)
                if self.isReady(slot, first, use), self.isReady(slot, second, use) {
                    return self.lessLoaded(in: slot, first, second)
                }
            }
        }
        var ready = 0
        for index in 0..<count where self.isReady(slot, index, use) { ready += 1 }
        guard ready > 0 else { return nil }
        let (first, second) = ready > 1 ? pickTwo(of: ready, using: &self.random) : (0, 0)
        return self.lessLoaded(in: slot, self.readyMember(slot, first, use), self.readyMember(slot, second, use))
    }

    /// The member that is ready and has `number` such before it.
    private func readyMember(_ slot: Int, _ number: Int, _ use: PoolKey.Use) -> Int {
        var left = number
        for index in self.tables.backends[slot].members.indices where self.isReady(slot, index, use) {
            if left == 0 { return index }
            left -= 1
        }
        return 0
    }

    private func isReady(_ slot: Int, _ index: Int, _ use: PoolKey.Use) -> Bool {
        guard self.tables.backends[slot].members[index].id != self.tables.avoided else { return false }
        let pool = self.tables.backends[slot].members[index].pool(for: use)
        return pool == .none || self.pools[pool].isReady(at: self.now)
    }

    /// Whether some endpoint of the backend in `slot` may be given a request.
    func isReady(_ slot: Int32, _ use: PoolKey.Use) -> Bool {
        guard slot >= 0, Int(slot) < self.tables.backends.count else { return false }
        let count = self.tables.backends[Int(slot)].members.count
        guard self.tables.failingPools > 0 || self.tables.avoided != 0 else { return count > 0 }
        for index in 0..<count where self.isReady(Int(slot), index, use) { return true }
        return false
    }

    private mutating func pool(_ slot: Int, _ index: Int, _ use: PoolKey.Use) -> Handle? {
        let known = self.tables.backends[slot].members[index].pool(for: use)
        if known != .none { return known }
        let endpoint = self.tables.backends[slot].members[index].endpoint
        // An endpoint in this very pod is reached without passing through its own proxy again.
        let isLocal = self.settings.inboundIPs.contains(endpoint.address.ip)
        let key = PoolKey(
            direction: .outbound, address: endpoint.address, tls: isLocal ? nil : endpoint.tls, use: use,
            transportPort: isLocal ? nil : endpoint.transportPort)
        guard let pool = self.pool(for: key) else { return nil }
        if self.pools[pool].series == nil {
            let authority = self.tables.backends[slot].set?.authority
            self.pools[pool].series = self.stats.connection(
                .openedOutbound(
                    target: endpoint.address, authority: authority, tls: endpoint.clientTLS, labels: endpoint.labels))
        }
        switch use {
        case .http1: self.tables.backends[slot].members[index].pool = pool
        case .http2: self.tables.backends[slot].members[index].http2Pool = pool
        case .tunnel: self.tables.backends[slot].members[index].tunnelPool = pool
        }
        return pool
    }

    /// A request is about to be sent where `choice` says.
    mutating func began(_ choice: Choice) { self.withMember(choice) { $0.load.began() } }

    /// Counts the request where it was sent, once there is a connection to send it on.
    mutating func countRequest(_ request: Handle) {
        guard !self.exchanges[request].isCounted else { return }
        self.exchanges[request].isCounted = true
        if let series = self.exchanges[request].choice.series { self.stats.requested(series) }
    }

    /// The head of the answer is here.
    mutating func answered(_ request: Handle, status: Int) {
        self.countRequest(request)
        if self.exchanges[request].kept != .none { self.releaseKept(request) }
        self.exchanges[request].status = UInt16(clamping: status)
        if self.exchanges[request].answered == nil { self.exchanges[request].answered = self.now }
    }

    /// The exchange is over; `failure` is nil when the answer came whole.
    mutating func ended(_ exchange: Exchange, failure: Outcome.Failure?) {
        let now = self.now
        let duration = now.nanoseconds(since: exchange.started)
        let latency = exchange.answered?.nanoseconds(since: exchange.started)
        self.withMember(exchange.choice) { $0.load.ended(after: latency ?? duration, at: now) }
        guard let series = exchange.choice.series else { return }
        if !exchange.isCounted { self.stats.requested(series) }
        let outcome = Outcome(
            status: exchange.status == 0 ? nil : exchange.status, grpcStatus: exchange.grpcStatus, failure: failure)
        self.stats.ended(series, outcome, latency: latency ?? duration, duration: duration)
    }

    /// The request was not sent after all.
    mutating func ended(_ choice: Choice, failure: Outcome.Failure?) {
        let now = self.now
        self.withMember(choice) { $0.load.ended(after: nil, at: now) }
        guard let series = choice.series else { return }
        self.stats.requested(series)
        self.stats.ended(series, Outcome(status: nil, failure: failure), latency: 0, duration: 0)
    }

    /// Changes the state of the endpoint that was chosen, unless it is gone.
    mutating func withMember(_ choice: Choice, _ body: (inout MemberState) -> Void) {
        guard choice.slot >= 0, Int(choice.slot) < self.tables.backends.count else { return }
        let slot = Int(choice.slot)
        var index = choice.member
        let count = self.tables.backends[slot].members.count
        if index >= count || self.tables.backends[slot].members[index].id != choice.memberID {
            guard let moved = self.tables.backends[slot].members.firstIndex(where: { $0.id == choice.memberID })
            else { return }
            index = moved
        }
        body(&self.tables.backends[slot].members[index])
    }
}
