/// An exponential schedule of waits with jitter, as a value: randomness is passed in.
///
/// Wait `n` is `min(minimum · 2ⁿ, maximum)` plus up to `jitter` of itself, together never above `maximum`.
public struct Backoff: Hashable, Sendable {
    /// The first wait.
    public var minimum: Duration
    /// No wait is longer.
    public var maximum: Duration
    /// Share of the wait that is added at random, ≥ 0.
    public var jitter: Double

    /// A schedule from `minimum` to `maximum`.
    public init(minimum: Duration, maximum: Duration, jitter: Double) {
        precondition(minimum > .zero && maximum >= minimum && jitter >= 0, "a backoff needs 0 < minimum ≤ maximum")
        self.minimum = minimum
        self.maximum = maximum
        self.jitter = jitter
    }

    /// The wait before attempt `attempt` (0 is the first retry).
    public func delay(attempt: Int, using random: inout some RandomNumberGenerator) -> Duration {
        let base = min(self.minimum * (1 << min(max(attempt, 0), 30)), self.maximum)
        return min(base + base * (Double.random(in: 0...1, using: &random) * self.jitter), self.maximum)
    }
}
