import MeshRollout
import Testing

@Suite struct RolloutMachineTests {
    /// A small world that carries out what the machine asks for.
    struct World {
        var state = RolloutState()
        var facts = RolloutFacts(targetSpec: "v1")
        var answers: [RolloutQuestion: RolloutAnswer] = [:]
        var primarySpec = "v1"
        var previousSpec = "v1"
        var isCanaryRunning = false
        var events: [RolloutEvent] = []
        var shares: [TrafficShare] = []

        mutating func tick(_ plan: RolloutPlan) {
            self.facts.answers = [:]
            while true {
                switch RolloutMachine.tick(self.state, plan: plan, facts: self.facts) {
                case .ask(let question): self.facts.answers[question] = self.answers[question] ?? self.usual(question)
                case .decided(let decision):
                    for action in decision.actions { self.perform(action) }
                    self.state = decision.state
                    self.events += decision.events
                    return
                }
            }
        }

        private func usual(_ question: RolloutQuestion) -> RolloutAnswer {
            question == .hooks(.rollback) ? .failed("no hook") : .passed
        }

        private mutating func perform(_ action: RolloutAction) {
            switch action {
            case .startCanary: self.isCanaryRunning = true
            case .stopCanary: self.isCanaryRunning = false
            case .route(let share):
                self.facts.share = share
                self.shares.append(share)
            case .copyToPrimary:
                self.previousSpec = self.primarySpec
                self.primarySpec = self.facts.targetSpec
            case .restorePrimary: self.primarySpec = self.previousSpec
            case .notify: break
            }
        }
    }

    private func plan(_ weights: [Int] = [10, 50], threshold: Int = 2) throws -> RolloutPlan {
        try RolloutPlan(strategy: .canary(weights: weights), threshold: threshold)
    }

    @Test("a canary grows by its steps, is promoted, and leaves all traffic on the primary")
    func promotion() throws {
        let plan = try self.plan()
        var world = World()
        world.tick(plan)
        #expect(world.state.phase == .initialized)
        world.facts.targetSpec = "v2"
        for _ in 0..<8 { world.tick(plan) }
        #expect(world.state.phase == .succeeded)
        #expect(world.primarySpec == "v2")
        #expect(!world.isCanaryRunning)
        #expect(world.shares.map(\.canary) == [0, 0, 10, 50, 0])
        world.tick(plan)
        #expect(world.state.phase == .succeeded)
    }

    @Test("failed checks up to the threshold roll back and start no second run of the same version")
    func rollback() throws {
        let plan = try self.plan()
        var world = World()
        world.tick(plan)
        world.facts.targetSpec = "v3"
        for _ in 0..<2 { world.tick(plan) }
        #expect(world.facts.share.canary == 10)
        world.answers[.metrics] = .failed("success rate 70 is below 99")
        for _ in 0..<2 { world.tick(plan) }
        #expect(world.state.phase == .failed)
        #expect(world.facts.share == .primaryOnly)
        #expect(world.primarySpec == "v1")
        for _ in 0..<3 { world.tick(plan) }
        #expect(world.state.phase == .failed)
        world.facts.targetSpec = "v4"
        world.answers = [:]
        for _ in 0..<8 { world.tick(plan) }
        #expect(world.state.phase == .succeeded)
    }

    @Test("a check without traffic waits and counts as no failure")
    func inconclusive() throws {
        let plan = try self.plan()
        var world = World()
        world.tick(plan)
        world.facts.targetSpec = "v2"
        world.answers[.metrics] = .inconclusive("no traffic")
        for _ in 0..<10 { world.tick(plan) }
        #expect(world.state.phase == .progressing)
        #expect(world.state.failedChecks == 0)
        #expect(world.facts.share.canary == 10)
    }

    @Test("a promotion that fails gives the primary its old version back, then its traffic")
    func failedPromotion() throws {
        let plan = try self.plan([50])
        var world = World()
        world.tick(plan)
        world.facts.targetSpec = "v2"
        while world.state.phase != .promoting { world.tick(plan) }
        world.facts.primary = .failed("image cannot be pulled")
        world.tick(plan)
        #expect(world.state.phase == .failed)
        #expect(world.primarySpec == "v1")
        #expect(world.facts.share.canary == 50)
        world.facts.primary = .ready
        world.tick(plan)
        #expect(world.facts.share == .primaryOnly)
    }

    @Test("a change in the middle of a run starts over with all traffic on the primary")
    func changeMidRun() throws {
        let plan = try self.plan()
        var world = World()
        world.tick(plan)
        world.facts.targetSpec = "v2"
        for _ in 0..<3 { world.tick(plan) }
        world.facts.targetSpec = "v3"
        world.tick(plan)
        #expect(world.facts.share == .primaryOnly)
        #expect(world.state.phase == .progressing)
        #expect(world.state.lastAppliedSpec == "v3")
    }

    @Test("gates hold a run where they stand")
    func gates() throws {
        let plan = try self.plan()
        var world = World()
        world.tick(plan)
        world.facts.targetSpec = "v2"
        world.answers[.hooks(.confirmRollout)] = .failed("closed")
        world.tick(plan)
        #expect(world.state.phase == .waiting)
        #expect(!world.isCanaryRunning)
        world.answers = [.hooks(.confirmPromotion): .failed("closed")]
        for _ in 0..<6 { world.tick(plan) }
        #expect(world.state.phase == .waitingPromotion)
        #expect(world.facts.share.canary == 50)
        world.answers = [:]
        for _ in 0..<3 { world.tick(plan) }
        #expect(world.state.phase == .succeeded)
    }

    @Test(
        "blue/green and A/B promote after their iterations",
        arguments: [
            RolloutPlan.Strategy.blueGreen(iterations: 3), .abTesting(iterations: 3),
        ])
    func iterations(strategy: RolloutPlan.Strategy) throws {
        let plan = try RolloutPlan(strategy: strategy)
        var world = World()
        world.tick(plan)
        world.facts.targetSpec = "v2"
        for _ in 0..<10 { world.tick(plan) }
        #expect(world.state.phase == .succeeded)
        #expect(world.primarySpec == "v2")
        #expect(world.facts.share == .primaryOnly)
    }

    @Test("what no plan can carry out is refused")
    func refusedPlans() {
        #expect(throws: RolloutPlanError.noSteps) { try RolloutPlan(strategy: .canary(weights: [])) }
        #expect(throws: RolloutPlanError.weightsNotIncreasing([10, 10])) {
            try RolloutPlan(strategy: .canary(weights: [10, 10]))
        }
        #expect(throws: RolloutPlanError.weightOutOfRange(101)) { try RolloutPlan(strategy: .canary(weights: [101])) }
        #expect(RolloutPlan.weights(step: 20, maximum: 50) == [20, 40, 60])
        #expect(RolloutPlan.weights(step: 30, maximum: 100) == [30, 60, 90, 100])
    }
}
