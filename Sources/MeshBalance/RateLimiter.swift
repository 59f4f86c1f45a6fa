public import MeshModel

/// A bucket that admits `limit` requests per second on average and at most `limit` at once.
///
/// The generic cell rate algorithm: one point in time is all its state, and a bucket that has been idle for a second
/// is like a new one.
/// - Size: 8 bytes beside the limit, no references.
public struct RateLimiter: Hashable, Sendable {
    /// When the bucket would be full again.
    private var full: MonotonicTime
    /// Requests per second, ≥ 1.
    public let limit: UInt32

    private static let period: Int64 = 1_000_000_000

    /// A full bucket.
    public init(limit: UInt32) {
        self.limit = max(1, limit)
        self.full = MonotonicTime(nanoseconds: .min)
    }

    /// Takes a request; false when there is none left.
    public mutating func admit(at now: MonotonicTime) -> Bool {
        let cost = Self.period / Int64(self.limit)
        let base = max(self.full, now)
        guard base.nanoseconds(since: now) <= Self.period - cost else { return false }
        self.full = MonotonicTime(nanoseconds: base.nanoseconds + cost)
        return true
    }

    /// True when the bucket is as good as new.
    public func isFull(at now: MonotonicTime) -> Bool { self.full <= now }
}
