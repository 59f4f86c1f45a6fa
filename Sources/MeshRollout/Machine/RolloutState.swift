/// What a rollout remembers between ticks: exactly what stands in the Canary's status, so that any controller can go on.
public struct RolloutState: Hashable, Sendable {
    /// Where it stands.
    public var phase: RolloutPhase
    /// Failed checks of this run; never falls within a run.
    public var failedChecks: Int
    /// Share of traffic on the new version, in percent.
    public var canaryWeight: Int
    /// Checks passed in a run that counts them.
    public var iterations: Int
    /// Digest of the template that the current or last run is about.
    public var lastAppliedSpec: String
    /// Digest of the template that the primary runs.
    public var lastPromotedSpec: String

    /// A state as read from a status; the default is that of a new Canary.
    public init(
        phase: RolloutPhase = .initializing, failedChecks: Int = 0, canaryWeight: Int = 0, iterations: Int = 0,
        lastAppliedSpec: String = "", lastPromotedSpec: String = ""
    ) {
        self.phase = phase
        self.failedChecks = failedChecks
        self.canaryWeight = canaryWeight
        self.iterations = iterations
        self.lastAppliedSpec = lastAppliedSpec
        self.lastPromotedSpec = lastPromotedSpec
    }
}
