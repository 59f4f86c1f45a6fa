import MeshModel
import MeshPolicy

/// Gives backends their slots and keeps their endpoints.
///
/// Backends that are reached the same way share a slot; a slot lives as long as some target uses it.
struct BackendRegistry {
    /// What makes two backends the same to a worker.
    struct Key: Hashable {
        let target: Backend.Target
        let failureAccrual: FailureAccrual?
        let queue: Queue
    }

    private struct Entry {
        let key: Key
        let generation: UInt32
        var users = 1
    }

    /// As snapshots publish them.
    private(set) var sets: [BackendSet?] = []
    private var entries: [Entry?] = []
    private var slots: [Key: Int32] = [:]
    private var slotsOfPath: [String: Set<Int32>] = [:]
    private var generation: UInt32 = 0
    private var nextMember: UInt64 = 1

    /// Slots in use.
    var count: Int { self.slots.count }

    /// The slot of a backend, which is kept until as many releases as uses; -1 for backends that go nowhere.
    mutating func use(_ key: Key, resolution: Discovery.Resolution?) -> Int32 {
        if case .fail = key.target { return -1 }
        if let slot = self.slots[key] {
            self.entries[Int(slot)]?.users += 1
            return slot
        }
        let slot = Int32(self.entries.firstIndex { $0 == nil } ?? self.entries.count)
        if Int(slot) == self.entries.count {
            self.entries.append(nil)
            self.sets.append(nil)
        }
        self.generation &+= 1
        self.entries[Int(slot)] = Entry(key: key, generation: self.generation)
        self.slots[key] = slot
        switch key.target {
        case .balance(let path, _):
            self.slotsOfPath[path, default: []].insert(slot)
            self.sets[Int(slot)] = self.makeSet(slot, key, resolution)
        case .forward(let endpoint):
            let member = BackendSet.Member(endpoint: endpoint, id: self.makeMember())
            self.sets[Int(slot)] = BackendSet(
                slot: slot, generation: self.generation, authority: nil, load: LoadEstimate(),
                failureAccrual: key.failureAccrual, queue: key.queue, state: .known, members: [member])
        case .fail: break
        }
        return slot
    }

    /// Gives back one use of a slot; the path whose endpoints are no longer wanted, when that was the last of it.
    mutating func release(_ slot: Int32) -> String? {
        guard slot >= 0, let entry = self.entries[Int(slot)] else { return nil }
        guard entry.users == 1 else {
            self.entries[Int(slot)]?.users -= 1
            return nil
        }
        self.entries[Int(slot)] = nil
        self.sets[Int(slot)] = nil
        self.slots[entry.key] = nil
        guard case .balance(let path, _) = entry.key.target else { return nil }
        self.slotsOfPath[path]?.remove(slot)
        guard self.slotsOfPath[path]?.isEmpty ?? false else { return nil }
        self.slotsOfPath[path] = nil
        return path
    }

    /// A number for an endpoint that nobody has had.
    mutating func makeMember() -> UInt64 {
        defer { self.nextMember += 1 }
        return self.nextMember
    }

    /// Takes over what is now known of a path's endpoints.
    mutating func update(_ path: String, _ resolution: Discovery.Resolution) {
        for slot in self.slotsOfPath[path] ?? [] {
            guard let entry = self.entries[Int(slot)] else { continue }
            self.sets[Int(slot)] = self.makeSet(slot, entry.key, resolution)
        }
    }

    private func makeSet(_ slot: Int32, _ key: Key, _ resolution: Discovery.Resolution?) -> BackendSet {
        var load = LoadEstimate()
        var authority: String?
        if case .balance(let path, let estimate) = key.target {
            load = estimate
            authority = path
        }
        return BackendSet(
            slot: slot, generation: self.entries[Int(slot)]?.generation ?? 0, authority: authority, load: load,
            failureAccrual: key.failureAccrual, queue: key.queue, state: resolution?.state ?? .waiting,
            members: resolution.map { Array($0.members.values) } ?? [])
    }
}
