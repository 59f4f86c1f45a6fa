extension RolloutMachine {
    /// Checks the new version; when it holds, takes the strategy's next step.
    mutating func check() throws(Unanswered) {
        guard self.state.failedChecks < self.plan.threshold else {
            return self.rollBack("\(self.state.failedChecks) checks failed, which is the limit")
        }
        let isFirst = self.state.canaryWeight == 0 && self.state.iterations == 0 && !self.facts.share.isMirrored
        if isFirst {
            guard self.passes(try self.answer(.hooks(.preRollout))) else { return }
        } else {
            guard self.passes(try self.answer(.hooks(.rollout))), self.passes(try self.answer(.metrics)) else { return }
        }
        switch self.plan.strategy {
        case .canary: try self.shift(isFirst: isFirst)
        case .blueGreen(let iterations): try self.iterate(of: iterations, isMatched: false)
        case .abTesting(let iterations): try self.iterate(of: iterations, isMatched: true)
        }
    }

    /// True when a check passed; otherwise counts and tells what is wrong.
    private mutating func passes(_ answer: RolloutAnswer) -> Bool {
        switch answer {
        case .passed: return true
        case .inconclusive(let reason):
            self.tell(.info, "Waiting at \(self.state.canaryWeight) %: \(reason)")
        case .failed(let reason):
            self.state.failedChecks += 1
            self.tell(
                .warning, "Check \(self.state.failedChecks) of at most \(self.plan.threshold) failed: \(reason)")
            if self.state.failedChecks >= self.plan.threshold {
                self.rollBack("\(self.state.failedChecks) checks failed, which is the limit")
            }
        }
        return false
    }

    /// Canary: a greater share, or promotion after the last one.
    private mutating func shift(isFirst: Bool) throws(Unanswered) {
        if isFirst, self.plan.mirrors {
            self.actions.append(.route(TrafficShare(canary: 0, isMirrored: true)))
            self.tell(.info, "Copying requests to the new version.")
            return
        }
        if case .failed(let reason) = try self.answer(.hooks(.confirmTrafficIncrease)) {
            self.tell(.warning, "Held at \(self.state.canaryWeight) % by a gate: \(reason)")
            return
        }
        guard let next = self.plan.weight(after: self.state.canaryWeight) else { return try self.finishAnalysis() }
        self.state.phase = .progressing
        self.state.canaryWeight = next
        self.actions.append(.route(TrafficShare(canary: next)))
        self.tell(.info, "Advanced to \(next) %.")
    }

    /// Blue/green and A/B: one more passed check, or promotion after the last one.
    private mutating func iterate(of iterations: Int, isMatched: Bool) throws(Unanswered) {
        guard self.state.iterations >= iterations else {
            self.state.iterations += 1
            if isMatched {
                self.state.canaryWeight = 100
                self.actions.append(.route(TrafficShare(canary: 100, isMatched: true)))
            } else if self.plan.mirrors {
                self.actions.append(.route(TrafficShare(canary: 0, isMirrored: true)))
            }
            self.tell(.info, "Iteration \(self.state.iterations) of \(iterations).")
            return
        }
        try self.finishAnalysis()
    }

    private mutating func finishAnalysis() throws(Unanswered) {
        if case .failed(let reason) = try self.answer(.hooks(.confirmPromotion)) {
            if self.state.phase != .waitingPromotion {
                self.tell(.warning, "The promotion waits for a gate: \(reason)")
            }
            self.state.phase = .waitingPromotion
            return
        }
        self.beginPromotion()
    }

    /// Puts all traffic of blue/green on the new version, and the new version on the primary.
    mutating func beginPromotion() {
        if case .blueGreen = self.plan.strategy {
            self.state.canaryWeight = 100
            self.actions.append(.route(TrafficShare(canary: 100)))
        }
        self.state.phase = .promoting
        self.actions.append(.copyToPrimary)
        self.tell(.info, "The analysis passed; copying the new version to the primary.")
    }

    /// Promoting: traffic moves back once the primary runs the new version.
    mutating func promote() {
        switch self.facts.primary {
        case .waiting: return
        case .failed(let reason):
            // The canary has passed its analysis and serves until the primary is itself again.
            self.state.phase = .failed
            self.actions += [.restorePrimary, .notify(.postRollout)]
            return self.tell(.error, "The promotion failed and the primary gets its old version back: \(reason).")
        case .ready: break
        }
        let step = self.plan.promotionStep
        let isMatched = self.facts.share.isMatched
        guard step > 0, !isMatched, self.facts.share.canary > step else {
            self.state.phase = .finalising
            self.state.canaryWeight = 0
            self.actions.append(.route(.primaryOnly))
            return self.tell(.info, "All traffic is back on the primary, which runs the new version.")
        }
        self.state.canaryWeight = self.facts.share.canary - step
        self.actions.append(.route(TrafficShare(canary: self.state.canaryWeight)))
        self.tell(.info, "The promoted primary has \(100 - self.state.canaryWeight) % of the traffic.")
    }

    mutating func finalise() {
        self.state.phase = .succeeded
        self.state.canaryWeight = 0
        self.state.iterations = 0
        self.state.lastPromotedSpec = self.state.lastAppliedSpec
        self.actions += [.stopCanary, .notify(.postRollout)]
        self.tell(.info, "The new version is promoted.")
    }
}
