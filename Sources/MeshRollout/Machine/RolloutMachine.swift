/// The rollout engine: one tick from state, plan and facts to actions, without I/O.
///
/// Every tick starts from the status alone, so a controller may stop between any two, and an action repeated after a
/// crash changes nothing. Rules: rollouts of Flagger, with these differences: a failed promotion gives the primary its
/// old template back instead of leaving all traffic on the canary, and a check without data waits instead of failing.
public struct RolloutMachine: Sendable {
    let plan: RolloutPlan
    let facts: RolloutFacts
    var state: RolloutState
    var actions: [RolloutAction] = []
    var events: [RolloutEvent] = []

    private init(plan: RolloutPlan, facts: RolloutFacts, state: RolloutState) {
        self.plan = plan
        self.facts = facts
        self.state = state
    }

    /// Carries a rollout on by one tick.
    public static func tick(_ state: RolloutState, plan: RolloutPlan, facts: RolloutFacts) -> RolloutOutcome {
        var machine = RolloutMachine(plan: plan, facts: facts, state: state)
        do throws(Unanswered) {
            try machine.tick()
        } catch {
            return .ask(error.question)
        }
        return .decided(RolloutDecision(state: machine.state, actions: machine.actions, events: machine.events))
    }

    /// A question that the facts do not answer yet.
    struct Unanswered: Error { let question: RolloutQuestion }

    func answer(_ question: RolloutQuestion) throws(Unanswered) -> RolloutAnswer {
        guard let answer = self.facts.answers[question] else { throw Unanswered(question: question) }
        return answer
    }

    mutating func tell(_ severity: RolloutSeverity, _ message: String) {
        self.events.append(RolloutEvent(severity, message))
    }

    private mutating func tick() throws(Unanswered) {
        guard !self.plan.isSuspended else { return }
        switch self.state.phase {
        case .initializing: self.initialize()
        case .initialized, .succeeded, .failed: try self.look()
        case .waiting: try self.start()
        case .progressing, .waitingPromotion: try self.progress()
        case .promoting: self.promote()
        case .finalising: self.finalise()
        case .terminating, .terminated: break
        }
    }

    private mutating func initialize() {
        guard case .ready = self.facts.primary else { return }
        self.state.phase = .initialized
        self.state.lastAppliedSpec = self.facts.targetSpec
        self.state.lastPromotedSpec = self.facts.targetSpec
        self.actions += [.route(.primaryOnly), .stopCanary]
        self.tell(.info, "The primary is ready; waiting for a new version.")
    }

    /// Looks for a new version while nothing runs.
    ///
    /// The template that is promoted already is not new, nor is one that was given up and has not changed since.
    private mutating func look() throws(Unanswered) {
        if self.facts.share != .primaryOnly, self.facts.primary == .ready {
            self.actions += [.route(.primaryOnly), .stopCanary]
        }
        guard self.facts.targetSpec != self.state.lastPromotedSpec,
            self.facts.targetSpec != self.state.lastAppliedSpec
        else { return }
        guard case .ready = self.facts.primary else { return }
        try self.start()
    }

    private mutating func start() throws(Unanswered) {
        if case .failed(let reason) = try self.answer(.hooks(.confirmRollout)) {
            if self.state.phase != .waiting { self.tell(.warning, "The new version waits for a gate: \(reason)") }
            self.state.phase = .waiting
            return
        }
        self.state = RolloutState(
            phase: .progressing, lastAppliedSpec: self.facts.targetSpec,
            lastPromotedSpec: self.state.lastPromotedSpec)
        self.actions += [.route(.primaryOnly), .startCanary]
        self.tell(.info, "A new version was found; starting it.")
    }

    /// Under analysis: the checks that come before the strategy's own step.
    private mutating func progress() throws(Unanswered) {
        guard self.facts.targetSpec == self.state.lastAppliedSpec else { return self.restart() }
        guard !self.facts.isAborted else { return self.rollBack("somebody asked for it") }
        if case .failed(let reason) = self.facts.primary {
            return self.rollBack("the primary fails: \(reason)")
        }
        if case .failed(let reason) = self.facts.canary {
            return self.rollBack("the new version does not become ready: \(reason)")
        }
        guard self.facts.primary == .ready, self.facts.canary == .ready else { return self.halt() }
        if self.plan.skipsAnalysis || self.facts.isPromotedNow {
            self.tell(.info, "Promoting without further analysis.")
            return self.beginPromotion()
        }
        if try self.answer(.hooks(.rollback)) == .passed { return self.rollBack("a rollback hook asked for it") }
        try self.check()
    }

    /// A version that is not ready gets no traffic, or no more of it.
    private mutating func halt() {
        if case .waiting(let reason) = self.facts.canary {
            self.tell(.info, "Halted at \(self.facts.share.canary) %: the new version is not ready: \(reason)")
        }
    }

    /// The template changed in the middle of a run.
    private mutating func restart() {
        self.state = RolloutState(
            phase: .progressing, lastAppliedSpec: self.facts.targetSpec,
            lastPromotedSpec: self.state.lastPromotedSpec)
        self.actions += [.route(.primaryOnly), .startCanary]
        self.tell(.info, "The version changed during its analysis; starting over.")
    }

    mutating func rollBack(_ reason: String) {
        self.state.phase = .failed
        self.state.canaryWeight = 0
        self.state.iterations = 0
        self.actions += [.route(.primaryOnly), .stopCanary, .notify(.postRollout)]
        self.tell(.error, "Rolled back: \(reason).")
    }
}
