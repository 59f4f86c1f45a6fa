public import MeshModel

extension MonotonicTime {
    private static let start = ContinuousClock.now

    /// The time since this program first asked, also while it was suspended; for adapters only.
    public static var now: MonotonicTime {
        MonotonicTime(nanoseconds: (ContinuousClock.now - Self.start).clampedNanoseconds)
    }
}
