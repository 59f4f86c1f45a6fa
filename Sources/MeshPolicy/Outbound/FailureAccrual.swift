public import MeshModel

/// When an endpoint is taken out, and for how long.
public enum FailureAccrual: Hashable, Sendable {
    /// After `maxFailures` failures in a row; 0 never.
    case consecutive(maxFailures: UInt32, backoff: Backoff)
    /// After failures in a row or by success rate, whichever trips first.
    case unified(SuccessRate, backoff: Backoff, respectsRetryAfter: Bool)

    /// When a success rate is too low.
    public struct SuccessRate: Hashable, Sendable {
        /// 0…1; 0 turns the rate off.
        public var threshold: Double
        /// Over which the rate is taken, ≥ 10 ms.
        public var window: Duration
        /// With fewer requests in the window nothing trips; ≤ 1,000,000.
        public var minRequests: UInt32
        /// Failures in a row that trip as well; 0 turns that off.
        public var maxConsecutiveFailures: UInt32

        /// A rate below `threshold` over `window` trips.
        public init(threshold: Double, window: Duration, minRequests: UInt32, maxConsecutiveFailures: UInt32) {
            self.threshold = threshold
            self.window = window
            self.minRequests = minRequests
            self.maxConsecutiveFailures = maxConsecutiveFailures
        }
    }
}
