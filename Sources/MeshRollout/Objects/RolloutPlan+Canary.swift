public import MeshResources

extension RolloutPlan {
    /// The plan of a Canary: iterations make it blue/green, or A/B when requests are matched; otherwise weights.
    ///
    /// Defaults are Flagger's; an interval below 1 s becomes 1 s (Flagger: below 10 s becomes 10 s).
    public init(_ spec: CanarySpec) throws(RolloutPlanError) {
        guard let analysis = spec.analysis ?? spec.canaryAnalysis else {
            try self.init(strategy: .canary(weights: [100]), skipsAnalysis: true, isSuspended: spec.suspend)
            return
        }
        let strategy: Strategy
        if let iterations = analysis.iterations, iterations > 0 {
            strategy = analysis.match.isEmpty ? .blueGreen(iterations: iterations) : .abTesting(iterations: iterations)
        } else if let step = analysis.stepWeight, step > 0 {
            strategy = .canary(weights: Self.weights(step: step, maximum: analysis.maxWeight ?? 100))
        } else {
            strategy = .canary(weights: analysis.stepWeights)
        }
        try self.init(
            strategy: strategy, threshold: analysis.threshold ?? 1,
            interval: analysis.interval.flatMap { Duration(goText: $0) } ?? .seconds(60),
            promotionStep: analysis.stepWeightPromotion ?? 0, mirrors: analysis.mirror,
            skipsAnalysis: spec.skipAnalysis, isSuspended: spec.suspend)
    }
}

extension MetricCheck {
    /// The checks of an analysis; a metric that is neither builtin nor a query has no source and is refused.
    public static func checks(of analysis: CanaryAnalysis) throws(MetricCheckError) -> [MetricCheck] {
        var checks: [MetricCheck] = []
        for metric in analysis.metrics {
            let source: Source
            switch (metric.query, metric.name) {
            case (let query?, _): source = .query(query)
            case (nil, "request-success-rate"): source = .successRate
            case (nil, "request-duration"): source = .latency
            case (nil, let name): throw .noSource(metric: name)
            }
            // An old-style threshold is the least success rate, and the most of anything else.
            let isRate = source == .successRate
            checks.append(
                MetricCheck(
                    name: metric.name, source: source,
                    minimum: metric.thresholdRange?.min ?? (isRate ? metric.threshold : nil),
                    maximum: metric.thresholdRange?.max ?? (isRate ? nil : metric.threshold)))
        }
        return checks
    }
}

/// Why a metric cannot be checked.
public enum MetricCheckError: Error, Hashable, Sendable {
    /// Neither a builtin name nor a query.
    case noSource(metric: String)
}

extension RolloutState {
    /// The state that a status remembers; an unknown phase counts as new.
    public init(_ status: CanaryStatus) {
        self.init(
            phase: status.phase.flatMap(RolloutPhase.init(rawValue:)) ?? .initializing,
            failedChecks: status.failedChecks ?? 0, canaryWeight: status.canaryWeight ?? 0,
            iterations: status.iterations ?? 0, lastAppliedSpec: status.lastAppliedSpec ?? "",
            lastPromotedSpec: status.lastPromotedSpec ?? "")
    }
}
