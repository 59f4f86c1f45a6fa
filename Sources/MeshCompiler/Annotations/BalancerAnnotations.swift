import MeshModel
public import MeshPolicy

/// `balancer.linkerd.io/…` and `balancer.alpha.linkerd.io/…` of Services and EgressNetworks.
public enum BalancerAnnotations {
    private static let accrual = "balancer.linkerd.io/failure-accrual"
    private static let alpha = "balancer.alpha.linkerd.io/"

    /// When endpoints are taken out; nil without the annotation that chooses a mode.
    ///
    /// - Throws: for the first value that cannot be read; then endpoints are never taken out.
    public static func failureAccrual(annotations: [String: String]) throws(AnnotationError) -> FailureAccrual? {
        let reader = AnnotationReader(annotations: annotations)
        guard let mode = reader.text(self.accrual) else { return nil }
        switch mode {
        case "consecutive":
            return .consecutive(maxFailures: try self.maxFailures(reader), backoff: try self.backoff(reader))
        case "unified":
            return try self.unified(reader)
        default:
            throw AnnotationError(key: self.accrual, value: mode, expected: "expected consecutive or unified")
        }
    }

    /// How the load of endpoints is estimated: with a penalty for failures when asked for.
    ///
    /// - Throws: for the first value that cannot be read; then failures do not count.
    public static func load(annotations: [String: String]) throws(AnnotationError) -> LoadEstimate {
        let reader = AnnotationReader(annotations: annotations)
        guard try reader.flag(self.alpha + "penalize-failures") ?? false else { return LoadEstimate() }
        let key = self.alpha + "load-biaser-penalty"
        let penalty = try reader.duration(key) ?? .seconds(5)
        guard penalty <= .milliseconds(Int64(UInt32.max)) else {
            throw AnnotationError(key: key, value: reader.text(key) ?? "", expected: "at most 4294967295ms")
        }
        let retryAfter = try reader.duration(self.alpha + "load-biaser-max-retry-after") ?? .seconds(300)
        return LoadEstimate(penalty: .init(latency: penalty, maxRetryAfter: retryAfter))
    }

    private static func maxFailures(_ reader: AnnotationReader) throws(AnnotationError) -> UInt32 {
        try reader.value(self.accrual + "-consecutive-max-failures", "expected a number") { UInt32($0) } ?? 7
    }

    private static func backoff(_ reader: AnnotationReader) throws(AnnotationError) -> Backoff {
        let prefix = self.accrual + "-consecutive-"
        let maximum = try reader.duration(prefix + "max-penalty") ?? .seconds(60)
        guard maximum > .zero else {
            throw AnnotationError(key: prefix + "max-penalty", value: "\(maximum)", expected: "must be above 0")
        }
        let minimum = try reader.duration(prefix + "min-penalty") ?? .seconds(1)
        guard minimum <= maximum, minimum > .zero else {
            throw AnnotationError(
                key: prefix + "min-penalty", value: "\(minimum)", expected: "must be above 0, at most max-penalty")
        }
        let jitter = try reader.value(prefix + "jitter-ratio", "expected 0…100") { text in
            Double(text).flatMap { (0...100).contains($0) ? $0 : nil }
        }
        return Backoff(minimum: minimum, maximum: maximum, jitter: jitter ?? 0.5)
    }

    private static func unified(_ reader: AnnotationReader) throws(AnnotationError) -> FailureAccrual {
        let prefix = self.alpha + "failure-accrual-success-rate-"
        let threshold =
            try reader.value(prefix + "threshold", "expected 0…1") { text in
                Double(text).flatMap { (0...1).contains($0) ? $0 : nil }
            } ?? 0.8
        let window = try reader.duration(prefix + "window") ?? .seconds(10)
        let shortest: Duration = threshold == 0 ? .milliseconds(1) : .milliseconds(10)
        guard window >= shortest else {
            throw AnnotationError(
                key: prefix + "window", value: reader.text(prefix + "window") ?? "", expected: "at least 10ms")
        }
        let minRequests =
            try reader.value(prefix + "min-requests", "expected a number, at most 1000000") { text in
                UInt32(text).flatMap { $0 <= 1_000_000 || threshold == 0 ? $0 : nil }
            } ?? 5
        let hint = try reader.flag(self.alpha + "failure-accrual-honor-retry-after") ?? false
        return .unified(
            .init(
                threshold: threshold, window: window, minRequests: minRequests,
                maxConsecutiveFailures: try self.maxFailures(reader)),
            backoff: try self.backoff(reader), respectsRetryAfter: hint)
    }
}
