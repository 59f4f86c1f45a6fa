/// A point on the monotonic clock, in nanoseconds since an arbitrary start.
///
/// Pure code is handed values of this type and never reads a clock.
public struct MonotonicTime: Hashable, Sendable, Comparable {
    /// Nanoseconds; differences are meaningful, absolute values are not.
    public var nanoseconds: Int64

    /// A point `nanoseconds` after the arbitrary start.
    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The earlier point is smaller.
    @inlinable
    public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The point `duration` later; saturates instead of trapping.
    @inlinable
    public func advanced(by duration: Duration) -> Self {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
        return Self(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// Nanoseconds from `earlier` to here, negative when `earlier` is later; saturates.
    @inlinable
    public func nanoseconds(since earlier: Self) -> Int64 {
        let (difference, overflow) = self.nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        return overflow ? (self < earlier ? .min : .max) : difference
    }
}

extension Duration {
    /// Whole nanoseconds, clamped to `Int64` (about ±292 years).
    @inlinable
    public var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }
}
