import Logging
import MeshKubernetes
import MeshModel
import MeshResources
import MeshRollout

/// One tick of one Canary: observes, lets the machine decide, acts, and remembers in the status.
struct RolloutRun: Sendable {
    /// The field manager of everything that rollouts write.
    static let manager = "heddle-rollout"
    /// Asks for the end of a run, or for promotion without further analysis: `abort` or `promote`.
    static let command = "heddle.dev/rollout"

    let client: KubernetesClient
    let traffic: TrafficReader
    let hooks: HookCaller
    let events: EventRecorder
    let logger: Logger

    /// Time between two ticks of `canary`; a plan that cannot be read is looked at again every 10 s.
    static func interval(of canary: Canary) -> Duration {
        do {
            return try RolloutPlan(canary.spec).interval
        } catch {
            return .seconds(10)
        }
    }

    /// Carries `canary` on; what goes wrong is logged and told as an event, and the next tick tries again.
    func tick(_ canary: Canary) async {
        do {
            try await self.carryOn(canary)
        } catch {
            self.logger.warning(
                "rollout tick failed", metadata: ["canary": "\(canary.key)", "error": "\(error)"])
            self.tell(canary, RolloutEvent(.warning, "This step failed and will be tried again: \(error)"))
        }
    }

    private func carryOn(_ canary: Canary) async throws {
        let plan = try RolloutPlan(canary.spec)
        let world = RolloutWorld(
            client: self.client, canary: canary, type: try WorkloadType.type(of: canary.spec.targetRef))
        let objects = try await world.objects()
        try await world.ensure(objects)
        var facts = try await world.facts(objects)
        let state = RolloutState(canary.status)
        while true {
            switch RolloutMachine.tick(state, plan: plan, facts: facts) {
            case .ask(let question):
                facts.answers[question] = try await self.answer(question, canary: canary, objects: objects)
            case .decided(let decision):
                for action in decision.actions { try await self.perform(action, canary, world, objects) }
                try await self.remember(decision, of: canary, since: state)
                for event in decision.events { self.tell(canary, event) }
                return
            }
        }
    }

    private func answer(
        _ question: RolloutQuestion, canary: Canary, objects: RolloutObjects
    ) async throws -> RolloutAnswer {
        switch question {
        case .hooks(let stage): return await self.hooks.answer(stage, for: canary)
        case .metrics:
            guard let analysis = canary.spec.analysis ?? canary.spec.canaryAnalysis else { return .passed }
            let checks = try MetricCheck.checks(of: analysis)
            let totals = try await self.traffic.window(
                of: canary.key, pods: objects.canarySelector, in: objects.names.namespace)
            return MetricCheck.combine(
                checks.map { check in
                    switch check.source {
                    case .successRate: check.judge(totals.successRate)
                    case .latency: check.judge(totals.latency(quantile: 0.99))
                    case .query:
                        // No metrics server is asked yet: unknown is not passed.
                        .failed("\(check.name): queries need a metrics server, which is not supported yet")
                    }
                })
        }
    }

    private func perform(
        _ action: RolloutAction, _ canary: Canary, _ world: RolloutWorld, _ objects: RolloutObjects
    ) async throws {
        switch action {
        case .startCanary: try await world.startCanary()
        case .stopCanary: try await world.stopCanary(objects)
        case .route(let share): try await world.route(share, objects)
        case .copyToPrimary: try await world.copyToPrimary(objects)
        case .restorePrimary: try await world.restorePrimary(objects)
        case .notify(let stage): _ = await self.hooks.answer(stage, for: canary)
        }
    }

    /// Writes the status when it differs from what stands there.
    private func remember(_ decision: RolloutDecision, of canary: Canary, since before: RolloutState) async throws {
        let state = decision.state
        guard state != before || canary.status.phase == nil else { return }
        let now = Timestamp.now
        let isPromoted: ConditionStatus =
            switch state.phase {
            case .initialized, .succeeded: .true
            case .failed: .false
            default: .unknown
            }
        let old = canary.status.conditions.first { $0.type == "Promoted" }
        let transition = old?.status == isPromoted ? old?.lastTransitionTime ?? now : now
        let message = decision.events.last?.message ?? old?.message ?? ""
        let status: JSONValue = [
            "phase": .string(state.phase.rawValue), "failedChecks": .integer(Int64(state.failedChecks)),
            "canaryWeight": .integer(Int64(state.canaryWeight)), "iterations": .integer(Int64(state.iterations)),
            "lastAppliedSpec": .string(state.lastAppliedSpec), "lastPromotedSpec": .string(state.lastPromotedSpec),
            "lastTransitionTime": .string(
                (state.phase == before.phase ? canary.status.lastTransitionTime ?? now : now).description),
            "conditions": [
                [
                    "type": "Promoted", "status": .string(isPromoted.rawValue), "reason": .string(state.phase.rawValue),
                    "message": .string(message), "lastUpdateTime": .string(now.description),
                    "lastTransitionTime": .string(transition.description),
                ]
            ],
        ]
        _ = try await self.client.patch(
            .merge(["status": status]), to: Canary.resourceType, canary.key, subresource: "status")
    }

    /// Tells an event and logs it; repetitions become one event with a rising count.
    private func tell(_ canary: Canary, _ event: RolloutEvent) {
        self.logger.notice(
            "rollout", metadata: ["canary": "\(canary.key)", "event": "\(event.message)"])
        self.events.record(
            event.severity == .info ? .normal : .warning, reason: "Synced", action: "Rollout", note: event.message,
            regarding: canary.objectReference)
    }
}
