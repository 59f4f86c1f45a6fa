import MeshRollout
import MeshTestKit
import Testing

@Suite struct RolloutPropertyTests {
    @Test("whatever happens, no rule of a rollout is broken", arguments: 0..<UInt64(300))
    func invariants(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let plan = try Self.plan(using: &random)
        var state = RolloutState()
        var share = TrafficShare.primaryOnly
        for _ in 0..<60 {
            var facts = Self.facts(share: share, using: &random)
            let decision = Self.decide(state, plan: plan, facts: &facts, using: &random)
            let failed = facts.answers.values.contains { if case .failed = $0 { true } else { false } }
            for action in decision.actions {
                guard case .route(let next) = action else { continue }
                #expect(next.canary + next.primary == 100)
                if next.canary > share.canary {
                    #expect(facts.canary == .ready, "no version that is not ready gets more traffic")
                    #expect(
                        facts.answers[.metrics].map { $0 == .passed } ?? true, "a failed check never raises the share")
                }
                share = next
            }
            if state.phase == decision.state.phase, failed {
                #expect(decision.state.failedChecks >= state.failedChecks)
            }
            // A crash loses what was not written: the status alone must be enough to go on.
            if !Bool.random(using: &random) || decision.actions.isEmpty { state = decision.state }
        }
    }

    private static func plan(using random: inout SplitMix64) throws -> RolloutPlan {
        let iterations = Int.random(in: 1...4, using: &random)
        let strategies: [RolloutPlan.Strategy] = [
            .canary(weights: RolloutPlan.weights(step: Int.random(in: 1...60, using: &random), maximum: 100)),
            .blueGreen(iterations: iterations), .abTesting(iterations: iterations),
        ]
        return try RolloutPlan(
            strategy: strategies[Int.random(in: 0..<3, using: &random)],
            threshold: Int.random(in: 1...4, using: &random),
            promotionStep: [0, 25][Int.random(in: 0..<2, using: &random)], mirrors: Bool.random(using: &random))
    }

    private static func facts(share: TrafficShare, using random: inout SplitMix64) -> RolloutFacts {
        let readiness: [Readiness] = [.ready, .ready, .ready, .waiting("starting"), .failed("crash loop")]
        return RolloutFacts(
            targetSpec: "v\(Int.random(in: 1...3, using: &random))",
            primary: readiness[Int.random(in: 0..<5, using: &random)],
            canary: readiness[Int.random(in: 0..<5, using: &random)], share: share,
            isAborted: Int.random(in: 0..<20, using: &random) == 0)
    }

    private static func decide(
        _ state: RolloutState, plan: RolloutPlan, facts: inout RolloutFacts, using random: inout SplitMix64
    ) -> RolloutDecision {
        let answers: [RolloutAnswer] = [.passed, .passed, .passed, .failed("no"), .inconclusive("nothing yet")]
        while true {
            switch RolloutMachine.tick(state, plan: plan, facts: facts) {
            case .ask(let question): facts.answers[question] = answers[Int.random(in: 0..<5, using: &random)]
            case .decided(let decision): return decision
            }
        }
    }
}
