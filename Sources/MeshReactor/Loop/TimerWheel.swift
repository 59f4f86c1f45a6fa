public import MeshModel

/// Deadlines of many connections, in a hierarchy of wheels: O(1) to set and cancel, no allocation in steady state.
///
/// Four wheels of 64 slots; one tick is 4.2 ms (2²² ns), so they span 268 ms, 17 s, 18 min and 19.5 h. A deadline
/// beyond that waits in the last wheel and is looked at again. Timers fire at most one tick late and never early.
public struct TimerWheel: ~Copyable {
    /// Names a timer; ``none`` names none.
    public struct ID: Hashable, Sendable {
        let node: UInt32
        let generation: UInt32

        /// No timer.
        public static let none = ID(node: .max, generation: 0)
    }

    struct Node {
        var token: UInt64 = 0
        var deadlineTick: UInt64 = 0
        var next = UInt32.max
        var previous = UInt32.max
        var list: UInt16 = .max  // level × 64 + slot; max: free
        var generation: UInt32 = 0
    }

    static let levels = 4
    static let slots = 64
    static let tickShift = 22
    private static let end = UInt32.max

    private var nodes: [Node] = []
    private var free = Self.end
    private var heads: [UInt32]
    private var occupied: InlineArray<4, UInt64> = [0, 0, 0, 0]
    private var tick: UInt64
    private let origin: Int64
    /// Timers set.
    public private(set) var count = 0

    /// An empty wheel whose time starts at `now`.
    public init(now: MonotonicTime) {
        self.heads = Array(repeating: Self.end, count: Self.levels * Self.slots)
        self.origin = now.nanoseconds
        self.tick = 0
    }

    /// Sets a timer that will hand out `token` once `deadline` has passed.
    public mutating func schedule(_ token: UInt64, at deadline: MonotonicTime) -> ID {
        let index: UInt32
        if self.free != Self.end {
            index = self.free
            self.free = self.nodes[Int(index)].next
        } else {
            index = UInt32(self.nodes.count)
            self.nodes.append(Node())
        }
        self.nodes[Int(index)].token = token
        self.nodes[Int(index)].deadlineTick = max(self.ticks(at: deadline) + 1, self.tick + 1)
        self.nodes[Int(index)].generation &+= 1
        self.link(index)
        self.count += 1
        return ID(node: index, generation: self.nodes[Int(index)].generation)
    }

    /// Forgets a timer; harmless when it has fired or was cancelled already.
    public mutating func cancel(_ id: ID) {
        guard id.node < UInt32(self.nodes.count), self.nodes[Int(id.node)].generation == id.generation,
            self.nodes[Int(id.node)].list != .max
        else { return }
        self.unlink(id.node)
        self.release(id.node)
    }

    /// When ``advance(to:into:)`` should be called next; nil when no timer is set.
    public var nextDeadline: MonotonicTime? {
        guard self.count > 0 else { return nil }
        var best: UInt64?
        for level in 0..<Self.levels where self.occupied[level] != 0 {
            let shift = UInt64(6 * level)
            let position = self.tick >> shift
            let bits = self.occupied[level]
            let rotation = UInt64(position & 63)
            let rotated = rotation == 0 ? bits : bits >> rotation | bits << (64 - rotation)
            // Slot 0 of the rotation is the current one: at a higher level it only holds timers a full turn ahead.
            let ahead = rotated & ~1
            let distance = ahead == 0 ? 64 : UInt64(ahead.trailingZeroBitCount)
            let candidate = (position + distance) << shift
            best = min(best ?? candidate, candidate)
        }
        guard let best else { return nil }
        return MonotonicTime(nanoseconds: self.origin + Int64(best << UInt64(Self.tickShift)))
    }

    /// Moves time on and appends to `fired` the tokens of all timers whose deadline has passed.
    public mutating func advance(to now: MonotonicTime, into fired: inout [UInt64]) {
        let target = self.ticks(at: now)
        guard target > self.tick else { return }
        if self.count == 0 {
            self.tick = target
            return
        }
        while self.tick < target {
            guard self.count > 0, let next = self.nextTick, next <= target else {
                self.tick = target
                return
            }
            self.tick = next
            self.expire(into: &fired)
        }
    }

    private var nextTick: UInt64? {
        self.nextDeadline.map { UInt64(($0.nanoseconds - self.origin) >> Int64(Self.tickShift)) }
    }

    private func ticks(at time: MonotonicTime) -> UInt64 {
        UInt64(max(0, time.nanoseconds(since: MonotonicTime(nanoseconds: self.origin))) >> Int64(Self.tickShift))
    }

    /// Empties the slots that begin at the current tick, higher levels first, since their timers may fall lower.
    private mutating func expire(into fired: inout [UInt64]) {
        for level in stride(from: Self.levels - 1, through: 0, by: -1) {
            let shift = UInt64(6 * level)
            guard self.tick & ((1 << shift) - 1) == 0 else { continue }
            let list = level * Self.slots + Int(self.tick >> shift & 63)
            var index = self.heads[list]
            self.heads[list] = Self.end
            self.occupied[level] &= ~(1 << UInt64(list % Self.slots))
            while index != Self.end {
                let next = self.nodes[Int(index)].next
                if self.nodes[Int(index)].deadlineTick <= self.tick {
                    fired.append(self.nodes[Int(index)].token)
                    self.release(index)
                } else {
                    self.link(index)
                }
                index = next
            }
        }
    }

    private mutating func link(_ index: UInt32) {
        let deadline = self.nodes[Int(index)].deadlineTick
        let distance = deadline - self.tick
        var level = 0
        while level < Self.levels - 1, distance >= 1 << UInt64(6 * (level + 1)) { level += 1 }
        // Too far for the last wheel: park it in the slot that comes up last.
        let reach = min(deadline, self.tick + (1 << UInt64(6 * Self.levels)) - 1)
        let slot = Int(reach >> UInt64(6 * level) & 63)
        let list = level * Self.slots + slot
        let head = self.heads[list]
        self.nodes[Int(index)].list = UInt16(list)
        self.nodes[Int(index)].previous = Self.end
        self.nodes[Int(index)].next = head
        if head != Self.end { self.nodes[Int(head)].previous = index }
        self.heads[list] = index
        self.occupied[level] |= 1 << UInt64(slot)
    }

    private mutating func unlink(_ index: UInt32) {
        let node = self.nodes[Int(index)]
        if node.previous == Self.end {
            self.heads[Int(node.list)] = node.next
            if node.next == Self.end {
                self.occupied[Int(node.list) / Self.slots] &= ~(1 << UInt64(Int(node.list) % Self.slots))
            }
        } else {
            self.nodes[Int(node.previous)].next = node.next
        }
        if node.next != Self.end { self.nodes[Int(node.next)].previous = node.previous }
    }

    private mutating func release(_ index: UInt32) {
        self.nodes[Int(index)].list = .max
        self.nodes[Int(index)].next = self.free
        self.free = index
        self.count -= 1
    }
}
