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
        /// None is ready, but one may come.
        case notReady
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
        guard count > 0 else { return set.state == .unresolvable ? .never : .notReady }
        var index = 0
        if count > 1 {
            let (first, second) = pickTwo(of: count, using: &self.random)
            let firstLoad = self.tables.backends[slotIndex].members[first].load.value(at: self.now)
            let secondLoad = self.tables.backends[slotIndex].members[second].load.value(at: self.now)
            index = firstLoad <= secondLoad ? first : second
        }
        guard let pool = self.pool(slotIndex, index, use) else { return .notReady }
        return .picked(
            Choice(
                pool: pool, slot: slot, member: index, memberID: self.tables.backends[slotIndex].members[index].id))
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
    mutating func began(_ choice: Choice) {
        self.withMember(choice) { $0.load.began() }
        if let series = choice.series { self.stats.requested(series) }
    }

    /// The head of the answer is here.
    mutating func answered(_ request: Handle, status: Int) {
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
        let outcome = Outcome(
            status: exchange.status == 0 ? nil : exchange.status, grpcStatus: exchange.grpcStatus, failure: failure)
        self.stats.ended(series, outcome, latency: latency ?? duration, duration: duration)
    }

    /// The request was not sent after all.
    mutating func ended(_ choice: Choice, failure: Outcome.Failure?) {
        let now = self.now
        self.withMember(choice) { $0.load.ended(after: nil, at: now) }
        guard let series = choice.series else { return }
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
