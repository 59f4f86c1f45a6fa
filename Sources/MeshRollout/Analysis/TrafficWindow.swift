/// What a set of proxies answered, as totals since they started: classes of responses and a histogram of latencies.
public struct TrafficTotals: Hashable, Sendable {
    /// Responses that count as successes.
    public var successes: Double
    /// Responses that count as failures.
    public var failures: Double
    /// Cumulative counts by upper bound in milliseconds, the last one infinite.
    public var latencies: [Double: Double]

    /// Totals; all zero unless told otherwise.
    public init(successes: Double = 0, failures: Double = 0, latencies: [Double: Double] = [:]) {
        self.successes = successes
        self.failures = failures
        self.latencies = latencies
    }

    /// Adds up the inbound families of one proxy's page.
    ///
    /// Requests that did not come through the application's port (probes, scrapes) are told apart by `isCounted`.
    public init(of samples: [MetricSample], where isCounted: ([String: String]) -> Bool = { _ in true }) {
        self.init()
        for sample in samples where sample.labels["direction"] == "inbound" && isCounted(sample.labels) {
            switch sample.name {
            case "response_total" where sample.labels["classification"] == "failure": self.failures += sample.value
            case "response_total": self.successes += sample.value
            case "response_latency_ms_bucket":
                guard let text = sample.labels["le"], let bound = text == "+Inf" ? .infinity : Double(text) else {
                    continue
                }
                self.latencies[bound, default: 0] += sample.value
            default: break
            }
        }
    }

    /// What came on top since `earlier`; a total that fell (a proxy restarted) counts from zero.
    public func since(_ earlier: TrafficTotals) -> TrafficTotals {
        let difference = { (now: Double, before: Double) in now >= before ? now - before : now }
        return TrafficTotals(
            successes: difference(self.successes, earlier.successes),
            failures: difference(self.failures, earlier.failures),
            latencies: self.latencies.reduce(into: [:]) { result, entry in
                result[entry.key] = difference(entry.value, earlier.latencies[entry.key] ?? 0)
            })
    }

    /// Both together.
    public static func + (left: TrafficTotals, right: TrafficTotals) -> TrafficTotals {
        TrafficTotals(
            successes: left.successes + right.successes, failures: left.failures + right.failures,
            latencies: left.latencies.merging(right.latencies, uniquingKeysWith: +))
    }

    /// All responses.
    public var responses: Double { self.successes + self.failures }

    /// Percentage of responses that count as successes; nil without responses.
    public var successRate: Double? {
        self.responses > 0 ? self.successes / self.responses * 100 : nil
    }

    /// The latency in milliseconds that the share `quantile` of responses did not exceed; nil without responses.
    ///
    /// Linear inside a bucket, as Prometheus's `histogram_quantile`; the last finite bound when it lies beyond.
    public func latency(quantile: Double) -> Double? {
        let buckets = self.latencies.sorted { $0.key < $1.key }
        guard let total = buckets.last?.value, total > 0 else { return nil }
        let rank = quantile * total
        var lower = (bound: 0.0, count: 0.0)
        for (bound, count) in buckets {
            if count >= rank {
                guard bound.isFinite else { return lower.bound }
                guard count > lower.count else { return bound }
                return lower.bound + (bound - lower.bound) * (rank - lower.count) / (count - lower.count)
            }
            lower = (bound, count)
        }
        return lower.bound
    }
}
