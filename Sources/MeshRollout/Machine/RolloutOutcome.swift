/// A change to the cluster that a tick asks for; each is idempotent.
public enum RolloutAction: Hashable, Sendable {
    /// Gives the new version its replicas.
    case startCanary
    /// Takes the new version's replicas away.
    case stopCanary
    /// Shares requests out.
    case route(TrafficShare)
    /// Copies the new version's template and configuration to the primary, keeping the old one for a restore.
    case copyToPrimary
    /// Gives the primary the template back that it had before the copy.
    case restorePrimary
    /// Tells hooks of the stage, whose answers change nothing.
    case notify(HookStage)
}

/// How much an event matters, and to whom alerts of it go.
public enum RolloutSeverity: String, Hashable, Sendable {
    /// Good or neutral news.
    case info
    /// A person may have to act.
    case warning = "warn"
    /// The new version was given up.
    case error
}

/// Something worth telling, for Events, alerts and history.
public struct RolloutEvent: Hashable, Sendable {
    /// How much it matters.
    public let severity: RolloutSeverity
    /// One sentence.
    public let message: String

    /// An event of the rollout.
    public init(_ severity: RolloutSeverity, _ message: String) {
        self.severity = severity
        self.message = message
    }
}

/// What a tick comes to.
public struct RolloutDecision: Hashable, Sendable {
    /// What to remember; written after the actions have been carried out.
    public var state: RolloutState
    /// What to do, in this order; when one fails the tick ends, nothing is remembered and the next tick tries again.
    public var actions: [RolloutAction]
    /// What to tell.
    public var events: [RolloutEvent]
}

/// The end of one call of the machine.
public enum RolloutOutcome: Hashable, Sendable {
    /// Answer this and call again with the answer among the facts.
    case ask(RolloutQuestion)
    /// The tick is decided.
    case decided(RolloutDecision)
}
