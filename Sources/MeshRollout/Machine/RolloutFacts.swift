/// Whether a workload can take traffic.
public enum Readiness: Hashable, Sendable {
    /// Enough replicas of its current template are available.
    case ready
    /// Not yet; why, for people.
    case waiting(String)
    /// It will not become ready by waiting; why, for people.
    case failed(String)
}

/// How requests are shared out, in percent.
public struct TrafficShare: Hashable, Sendable {
    /// Share of the new version; the primary has the rest.
    public var canary: Int
    /// Requests are copied to the new version and its answers dropped.
    public var isMirrored: Bool
    /// Only requests that match the plan's conditions reach the new version.
    public var isMatched: Bool

    /// A share; the primary's part is what is left of 100.
    public init(canary: Int, isMirrored: Bool = false, isMatched: Bool = false) {
        precondition((0...100).contains(canary), "a share is a percentage")
        self.canary = canary
        self.isMirrored = isMirrored
        self.isMatched = isMatched
    }

    /// The primary's share.
    public var primary: Int { 100 - self.canary }

    /// Everything on the primary.
    public static let primaryOnly = TrafficShare(canary: 0)
}

/// Something that only the outside can answer; asked for when the machine needs it and not before.
public enum RolloutQuestion: Hashable, Sendable {
    /// Do all webhooks of this stage agree?
    case hooks(HookStage)
    /// Do all metrics hold?
    case metrics
}

/// When a webhook is called; the raw values are the manifest's.
public enum HookStage: String, Hashable, Sendable, CaseIterable {
    /// Before the new version is started.
    case confirmRollout = "confirm-rollout"
    /// Before it gets any traffic.
    case preRollout = "pre-rollout"
    /// At each check.
    case rollout = "rollout"
    /// Before each growth of its share.
    case confirmTrafficIncrease = "confirm-traffic-increase"
    /// Before it is promoted.
    case confirmPromotion = "confirm-promotion"
    /// After the run, whatever its end.
    case postRollout = "post-rollout"
    /// While it runs: agreement asks for a rollback.
    case rollback = "rollback"
}

/// The answer to a question.
public enum RolloutAnswer: Hashable, Sendable {
    /// Yes, or nothing to ask.
    case passed
    /// No; which hook or metric and why.
    case failed(String)
    /// Nothing is known yet (no traffic): neither passed nor failed; why.
    case inconclusive(String)
}

/// What is observed at a tick.
public struct RolloutFacts: Hashable, Sendable {
    /// Digest of the workload's template and of the configuration that it uses.
    public var targetSpec: String
    /// The primary's readiness.
    public var primary: Readiness
    /// The new version's readiness.
    public var canary: Readiness
    /// How the route shares requests out now.
    public var share: TrafficShare
    /// Somebody asked for the end of the run.
    public var isAborted: Bool
    /// Somebody asked for promotion without further analysis.
    public var isPromotedNow: Bool
    /// Answers obtained so far in this tick.
    public var answers: [RolloutQuestion: RolloutAnswer]

    /// Facts of one tick.
    public init(
        targetSpec: String, primary: Readiness = .ready, canary: Readiness = .ready,
        share: TrafficShare = .primaryOnly, isAborted: Bool = false, isPromotedNow: Bool = false,
        answers: [RolloutQuestion: RolloutAnswer] = [:]
    ) {
        self.targetSpec = targetSpec
        self.primary = primary
        self.canary = canary
        self.share = share
        self.isAborted = isAborted
        self.isPromotedNow = isPromotedNow
        self.answers = answers
    }
}
