import DequeModule
public import MeshModel

/// Keys that wait to be looked at, each at most once, and never twice at the same time.
///
/// A key that is added while it is worked on comes back right after. Failures wait exponentially longer, per key;
/// a token bucket bounds how many keys start in a second in all. Time and randomness are passed in.
public struct WorkQueue<Key: Hashable & Sendable>: Sendable {
    /// What to do now.
    public enum Next: Hashable, Sendable {
        /// Work on this key.
        case work(Key)
        /// Nothing before this time, unless a key is added.
        case idle(until: MonotonicTime)
        /// Nothing until a key is added.
        case empty
    }

    /// How work on a key ended.
    public enum Result: Hashable, Sendable {
        /// Well; the key's failures are forgotten.
        case done
        /// Well, and it wants to be looked at again after this time.
        case again(after: Duration)
        /// Badly; again after the next pause.
        case failed
        /// Badly, and repeating is useless.
        case abandoned
    }

    /// How many keys may start.
    public struct Rate: Hashable, Sendable {
        /// In each second, in the long run.
        public var perSecond: Double
        /// At once, after a calm.
        public var burst: Double

        /// A bound of `perSecond` with room for `burst`.
        public init(perSecond: Double, burst: Double) {
            precondition(perSecond > 0 && burst >= 1, "a rate lets something through")
            self.perSecond = perSecond
            self.burst = burst
        }
    }

    private struct Delayed: Hashable {
        var due: MonotonicTime
        var order: UInt64
    }

    private let backoff: Backoff
    private let rate: Rate?
    private var tokens: Double
    private var refilled: MonotonicTime?
    /// Keys that are due, in order of arrival; `due` tells which entries still count.
    private var ready: Deque<Key> = []
    private var due: Set<Key> = []
    private var delayed: [Key: Delayed] = [:]
    private var working: Set<Key> = []
    private var dirty: Set<Key> = []
    private var failures: [Key: Int] = [:]
    private var order: UInt64 = 0

    /// An empty queue; without a rate, keys start as fast as they come.
    public init(backoff: Backoff, rate: Rate? = nil) {
        self.backoff = backoff
        self.rate = rate
        self.tokens = rate?.burst ?? 0
    }

    /// Keys that wait, due or not.
    public var count: Int { self.due.count + self.delayed.count + self.dirty.count }

    /// Keys that are worked on.
    public var workingCount: Int { self.working.count }

    /// How often in a row work on `key` failed.
    public func failureCount(of key: Key) -> Int { self.failures[key] ?? 0 }

    /// A key may have changed.
    public mutating func add(_ key: Key) {
        self.delayed.removeValue(forKey: key)
        if self.working.contains(key) {
            self.dirty.insert(key)
        } else if self.due.insert(key).inserted {
            self.ready.append(key)
        }
    }

    /// A key should be looked at at `due`, unless it is before.
    public mutating func add(_ key: Key, at due: MonotonicTime) {
        guard !self.due.contains(key), !self.dirty.contains(key) else { return }
        if let known = self.delayed[key], known.due <= due { return }
        self.order += 1
        self.delayed[key] = Delayed(due: due, order: self.order)
    }

    /// What to do at `now`; a key that is handed out is worked on until ``finished(_:_:at:using:)``.
    ///
    /// - Complexity: O(d) in the delayed keys.
    public mutating func next(at now: MonotonicTime) -> Next {
        self.promote(at: now)
        guard !self.ready.isEmpty else {
            // A delayed key that is worked on becomes dirty only when it is due.
            guard let due = self.delayed.values.map(\.due).min() else { return .empty }
            return .idle(until: due)
        }
        if let wait = self.takeToken(at: now) { return .idle(until: wait) }
        let key = self.ready.removeFirst()
        self.due.remove(key)
        self.working.insert(key)
        return .work(key)
    }

    /// Work on `key` ended.
    public mutating func finished(
        _ key: Key, _ result: Result, at now: MonotonicTime, using random: inout some RandomNumberGenerator
    ) {
        self.working.remove(key)
        switch result {
        case .done, .abandoned: self.failures.removeValue(forKey: key)
        case .again(let pause):
            self.failures.removeValue(forKey: key)
            self.add(key, at: now.advanced(by: pause))
        case .failed:
            let count = self.failures[key] ?? 0
            self.failures[key] = count + 1
            self.add(key, at: now.advanced(by: self.backoff.delay(attempt: count, using: &random)))
        }
        if self.dirty.remove(key) != nil { self.add(key) }
    }

    private mutating func promote(at now: MonotonicTime) {
        let due = self.delayed.filter { $0.value.due <= now }
        for (key, _) in due.sorted(by: { ($0.value.due, $0.value.order) < ($1.value.due, $1.value.order) }) {
            self.add(key)
        }
    }

    /// Nil when a key may start, else when to try again.
    private mutating func takeToken(at now: MonotonicTime) -> MonotonicTime? {
        guard let rate = self.rate else { return nil }
        let elapsed = Double(max(0, now.nanoseconds(since: self.refilled ?? now))) / 1e9
        self.tokens = min(rate.burst, self.tokens + elapsed * rate.perSecond)
        self.refilled = now
        guard self.tokens < 1 else {
            self.tokens -= 1
            return nil
        }
        return now.advanced(by: .seconds((1 - self.tokens) / rate.perSecond) + .nanoseconds(1))
    }
}
