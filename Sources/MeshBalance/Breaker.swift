public import MeshModel

/// Takes an endpoint out after failures and lets it back in after one request that succeeds.
///
/// Open: requests flow, failures in a row (and, when asked for, a bad success rate) shut it. Shut: no requests, and
/// answers to earlier ones change nothing. When the wait is over, exactly one request is admitted on probation:
/// success opens, failure shuts for the next wait of the schedule.
public struct Breaker: Sendable {
    /// How an answer counts.
    public enum Grade: Hashable, Sendable {
        /// Neither way a reason to trip.
        case success
        /// A failure.
        case failure
        /// Too many requests: it lowers the success rate and fails a probation, but is no failure in a row.
        case limited
    }

    /// A success rate that is too low.
    public struct RateRule: Hashable, Sendable {
        /// 0…1; 0 turns the rule off.
        public var threshold: Double
        /// Over which the rate is taken.
        public var window: Duration
        /// With fewer answers nothing trips.
        public var minRequests: UInt32

        /// Trips below `threshold` over `window` once there are `minRequests` answers.
        public init(threshold: Double, window: Duration, minRequests: UInt32) {
            self.threshold = threshold
            self.window = window
            self.minRequests = minRequests
        }
    }

    private enum State: Sendable {
        case open(failures: UInt32)
        case shut(until: MonotonicTime)
        case probation(admitted: Bool)
    }

    private var state = State.open(failures: 0)
    private var attempt = 0
    private let maxFailures: UInt32
    private let backoff: Backoff
    private var rate: SuccessWindow?

    /// Trips after `maxFailures` in a row, 0 for never, and by `rate` when given.
    public init(maxFailures: UInt32, backoff: Backoff, rate: RateRule? = nil, now: MonotonicTime) {
        self.maxFailures = maxFailures
        self.backoff = backoff
        self.rate = rate.flatMap { $0.threshold > 0 ? SuccessWindow($0, now: now) : nil }
    }

    /// True when a request may be sent; ask before ``admit(at:)``.
    public func isReady(at now: MonotonicTime) -> Bool {
        switch self.state {
        case .open: true
        case .shut(let until): until <= now
        case .probation(let admitted): !admitted
        }
    }

    /// When a shut breaker will admit its next request; nil unless it waits for that.
    public var retryTime: MonotonicTime? {
        if case .shut(let until) = self.state { until } else { nil }
    }

    /// Counts a request that is sent now; false when none may be.
    public mutating func admit(at now: MonotonicTime) -> Bool {
        guard self.isReady(at: now) else { return false }
        if case .open = self.state { return true }
        self.state = .probation(admitted: true)
        return true
    }

    /// The request that was admitted on probation came to no answer that counts, such as one cancelled by its client.
    public mutating func abandoned() {
        if case .probation = self.state { self.state = .probation(admitted: false) }
    }

    /// Counts an answer.
    public mutating func graded(
        _ grade: Grade, at now: MonotonicTime, using random: inout some RandomNumberGenerator
    ) {
        switch self.state {
        case .shut: return
        case .probation(admitted: false): return
        case .probation(admitted: true):
            guard grade == .success else {
                self.shut(at: now, using: &random)
                return
            }
            self.attempt = 0
            self.rate?.clear(at: now)
            self.state = .open(failures: 0)
        case .open(let failures):
            self.rate?.count(isSuccess: grade == .success, at: now)
            let inRow = grade == .failure ? failures &+ 1 : grade == .success ? 0 : failures
            self.state = .open(failures: inRow)
            if (self.maxFailures > 0 && inRow >= self.maxFailures) || (self.rate?.isTooLow ?? false) {
                self.shut(at: now, using: &random)
            }
        }
    }

    private mutating func shut(at now: MonotonicTime, using random: inout some RandomNumberGenerator) {
        self.state = .shut(until: now.advanced(by: self.backoff.delay(attempt: self.attempt, using: &random)))
        self.attempt += 1
    }
}

/// Answers and successes of the last while, in ten slots.
struct SuccessWindow: Sendable {
    private var totals: InlineArray<10, UInt32> = .init(repeating: 0)
    private var successes: InlineArray<10, UInt32> = .init(repeating: 0)
    private var current = 0
    private var slotStart: MonotonicTime
    private let slotLength: Int64
    private let threshold: Double
    private let minRequests: UInt32

    init(_ rule: Breaker.RateRule, now: MonotonicTime) {
        self.slotLength = max(1, rule.window.clampedNanoseconds / 10)
        self.threshold = rule.threshold
        self.minRequests = max(1, rule.minRequests)
        self.slotStart = now
    }

    mutating func count(isSuccess: Bool, at now: MonotonicTime) {
        let elapsed = now.nanoseconds(since: self.slotStart)
        if elapsed >= self.slotLength {
            for _ in 0..<min(elapsed / self.slotLength, 10) {
                self.current = (self.current + 1) % 10
                self.totals[self.current] = 0
                self.successes[self.current] = 0
            }
            self.slotStart = self.slotStart.advanced(
                by: .nanoseconds(elapsed / self.slotLength * self.slotLength))
        }
        self.totals[self.current] &+= 1
        if isSuccess { self.successes[self.current] &+= 1 }
    }

    var isTooLow: Bool {
        var total: UInt64 = 0
        var good: UInt64 = 0
        for index in 0..<10 {
            total += UInt64(self.totals[index])
            good += UInt64(self.successes[index])
        }
        return total >= UInt64(self.minRequests) && Double(good) < self.threshold * Double(total)
    }

    mutating func clear(at now: MonotonicTime) {
        for index in 0..<10 {
            self.totals[index] = 0
            self.successes[index] = 0
        }
        self.slotStart = now
    }
}
