import MeshModel
import MeshPolicy
import MeshReactor

/// How busy an endpoint is.
struct EndpointLoad {
    var pending = 0

    init(_ estimate: LoadEstimate, _ now: MonotonicTime) {}

    func value(at now: MonotonicTime) -> Double { Double(self.pending + 1) }

    mutating func began() { self.pending += 1 }

    mutating func ended() { self.pending -= 1 }
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
            let first = Int(self.random.next() % UInt64(count))
            let offset = Int(self.random.next() % UInt64(count - 1)) + 1
            let second = (first + offset) % count
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
        let key = PoolKey(direction: .outbound, address: endpoint.address, tls: endpoint.tls, use: use)
        guard let pool = self.pool(for: key) else { return nil }
        switch use {
        case .http1: self.tables.backends[slot].members[index].pool = pool
        case .http2: self.tables.backends[slot].members[index].http2Pool = pool
        case .tunnel: self.tables.backends[slot].members[index].tunnelPool = pool
        }
        return pool
    }

    /// A request was sent where `choice` says.
    mutating func began(_ choice: Choice) {
        self.withMember(choice) { $0.load.began() }
    }

    /// The head of the answer is here.
    mutating func answered(_ request: Handle, status: Int) {}

    /// The exchange is over; `failure` is nil when the answer came whole.
    mutating func ended(_ choice: Choice, failure: Outcome.Failure?) {
        self.withMember(choice) { $0.load.ended() }
    }

    /// Changes the state of the endpoint that was chosen, unless it is gone.
    private mutating func withMember(_ choice: Choice, _ body: (inout MemberState) -> Void) {
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
