/// Where a rollout stands; the raw values are those of Flagger's `status.phase`.
public enum RolloutPhase: String, Hashable, Sendable, CaseIterable {
    /// The primary is being made for the first time.
    case initializing = "Initializing"
    /// The primary serves and there is nothing to do.
    case initialized = "Initialized"
    /// A new version waits for a gate before it is started.
    case waiting = "Waiting"
    /// The new version is under analysis.
    case progressing = "Progressing"
    /// The analysis has passed and a gate holds the promotion.
    case waitingPromotion = "WaitingPromotion"
    /// The new version is being copied to the primary, and traffic moves back to it.
    case promoting = "Promoting"
    /// Traffic is back on the primary; the canary is about to be scaled down.
    case finalising = "Finalising"
    /// The new version is the primary.
    case succeeded = "Succeeded"
    /// The new version was given up.
    case failed = "Failed"
    /// The Canary is being deleted and its workload restored.
    case terminating = "Terminating"
    /// The workload has been restored.
    case terminated = "Terminated"

    /// True while a run is under way that a tick must carry on, whatever the workload's template says.
    public var isRunning: Bool {
        switch self {
        case .waiting, .progressing, .waitingPromotion, .promoting, .finalising: true
        case .initializing, .initialized, .succeeded, .failed, .terminating, .terminated: false
        }
    }
}
