/// What a Canary asks for, checked and with its defaults filled in.
public struct RolloutPlan: Hashable, Sendable {
    /// How traffic reaches the new version.
    public enum Strategy: Hashable, Sendable {
        /// Growing shares of traffic, in percent, strictly increasing, 1…100.
        case canary(weights: [Int])
        /// A number of checks without traffic of users, then all of it at once.
        case blueGreen(iterations: Int)
        /// A number of checks with only those requests that match.
        case abTesting(iterations: Int)
    }

    /// How traffic reaches the new version.
    public var strategy: Strategy
    /// Failed checks that end the run, ≥ 1.
    public var threshold: Int
    /// Time between two ticks, ≥ 1 s.
    public var interval: Duration
    /// Share of traffic that moves back to the promoted primary at each tick, in percent; 0 moves it at once.
    public var promotionStep: Int
    /// Copies requests to the new version before it answers any.
    public var mirrors: Bool
    /// Promotes without analysis.
    public var skipsAnalysis: Bool
    /// Does nothing for now.
    public var isSuspended: Bool

    /// A plan from values that hold the documented ranges.
    ///
    /// - Throws: the first ``RolloutPlanError``.
    public init(
        strategy: Strategy, threshold: Int = 1, interval: Duration = .seconds(60), promotionStep: Int = 0,
        mirrors: Bool = false, skipsAnalysis: Bool = false, isSuspended: Bool = false
    ) throws(RolloutPlanError) {
        switch strategy {
        case .canary(let weights):
            guard let last = weights.last else { throw .noSteps }
            for (earlier, later) in zip([0] + weights, weights) where later <= earlier {
                throw .weightsNotIncreasing(weights)
            }
            guard last <= 100 else { throw .weightOutOfRange(last) }
        case .blueGreen(let iterations), .abTesting(let iterations):
            guard iterations >= 1 else { throw .noSteps }
        }
        guard (0...100).contains(promotionStep) else { throw .weightOutOfRange(promotionStep) }
        self.strategy = strategy
        self.threshold = max(threshold, 1)
        self.interval = max(interval, .seconds(1))
        self.promotionStep = promotionStep
        self.mirrors = mirrors
        self.skipsAnalysis = skipsAnalysis
        self.isSuspended = isSuspended
    }

    /// The shares of a canary that grows by `step` until it reaches `maximum`: 20 up to 50 is 20, 40, 60.
    public static func weights(step: Int, maximum: Int) -> [Int] {
        guard step > 0 else { return [] }
        var weights: [Int] = []
        while (weights.last ?? 0) < min(maximum, 100) { weights.append(min((weights.last ?? 0) + step, 100)) }
        return weights
    }

    /// The share after `weight`, nil when the plan has none: the analysis is then over.
    ///
    /// A share that is no step of the plan (edited by somebody else) goes on at the next higher step.
    public func weight(after weight: Int) -> Int? {
        guard case .canary(let weights) = self.strategy else { return nil }
        return weights.first { $0 > weight }
    }
}

/// Why a Canary cannot be carried out.
public enum RolloutPlanError: Error, Hashable, Sendable {
    /// Neither a weight nor an iteration is asked for.
    case noSteps
    /// Each share must be greater than the one before.
    case weightsNotIncreasing([Int])
    /// A share is a percentage.
    case weightOutOfRange(Int)
}
