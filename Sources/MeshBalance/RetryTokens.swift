public import MeshModel

/// A budget of retries relative to requests, over a sliding window of ten slots.
///
/// Requests deposit, retries withdraw; on top of what was deposited there is a constant income.
public struct RetryTokens: Sendable {
    private static let slots = 10

    private var deposits: InlineArray<10, Double> = .init(repeating: 0)
    private var current = 0
    private var slotStart: MonotonicTime
    private let slotLength: Int64
    private let ratio: Double
    private let reserve: Double
    private var withdrawn: InlineArray<10, Double> = .init(repeating: 0)

    /// A budget of `ratio` retries per request within `ttl`, and `minPerSecond` more.
    public init(ratio: Double, minPerSecond: UInt32, ttl: Duration, now: MonotonicTime) {
        let window = max(1_000_000, ttl.clampedNanoseconds)
        self.slotLength = window / Int64(Self.slots)
        self.ratio = max(0, ratio)
        self.reserve = Double(minPerSecond) * Double(window) / 1e9
        self.slotStart = now
    }

    /// A request was made that is no retry.
    public mutating func deposit(at now: MonotonicTime) {
        self.advance(to: now)
        self.deposits[self.current] += self.ratio
    }

    /// Takes one retry; false when the budget has none left.
    public mutating func withdraw(at now: MonotonicTime) -> Bool {
        self.advance(to: now)
        var balance = self.reserve
        for index in 0..<Self.slots { balance += self.deposits[index] - self.withdrawn[index] }
        guard balance >= 1 else { return false }
        self.withdrawn[self.current] += 1
        return true
    }

    private mutating func advance(to now: MonotonicTime) {
        let elapsed = now.nanoseconds(since: self.slotStart)
        guard elapsed >= self.slotLength else { return }
        let steps = min(elapsed / self.slotLength, Int64(Self.slots))
        for _ in 0..<steps {
            self.current = (self.current + 1) % Self.slots
            self.deposits[self.current] = 0
            self.withdrawn[self.current] = 0
        }
        let passed = elapsed / self.slotLength * self.slotLength
        self.slotStart = self.slotStart.advanced(by: .nanoseconds(passed))
    }
}
