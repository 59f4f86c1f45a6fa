import AsyncHTTPClient
import MeshCodec
import MeshModel
import MeshResources
import MeshRollout
import NIOCore
import NIOHTTP1

/// Calls the webhooks of a Canary, with Flagger's payload.
struct HookCaller: Sendable {
    private static let reasonBytesMax = 4096

    let http: HTTPClient

    /// Asks all hooks of `stage`; with none the answer is that of hooks that have nothing against going on.
    func answer(_ stage: HookStage, for canary: Canary) async -> RolloutAnswer {
        let analysis = canary.spec.analysis ?? canary.spec.canaryAnalysis
        let hooks = (analysis?.webhooks ?? []).filter { ($0.type ?? "rollout") == stage.rawValue }
        // A rollback hook that agrees asks for a rollback, so silence there means no.
        guard !hooks.isEmpty else { return stage == .rollback ? .failed("no rollback hook") : .passed }
        var answers: [RolloutAnswer] = []
        for hook in hooks {
            let answer = await self.call(hook, stage: stage, for: canary)
            if stage == .rollback, answer == .passed { return .passed }
            answers.append(answer)
        }
        return MetricCheck.combine(answers)
    }

    private func call(_ hook: CanaryWebhook, stage: HookStage, for canary: Canary) async -> RolloutAnswer {
        let isCurrent = stage == .confirmRollout || stage == .rollback || stage == .postRollout
        let payload: JSONValue = [
            "name": .string(canary.key.name), "namespace": .string(canary.key.namespace),
            "phase": .string(isCurrent ? canary.status.phase ?? "" : RolloutPhase.progressing.rawValue),
            "checksum": .string(canary.status.lastAppliedSpec ?? ""),
            "metadata": .object(hook.metadata.mapValues { .string($0) }),
        ]
        let timeout = hook.timeout.flatMap { Duration(goText: $0) } ?? .seconds(10)
        var reason = ""
        for _ in 0...max(hook.retries ?? 0, 0) {
            do {
                var request = HTTPClientRequest(url: hook.url)
                request.method = .POST
                request.headers.add(name: "content-type", value: "application/json")
                request.body = .bytes(ByteBuffer(bytes: JSONWriter.write(payload)))
                let response = try await self.http.execute(
                    request, timeout: .nanoseconds(timeout.clampedNanoseconds))
                let body = try await response.body.collect(upTo: Self.reasonBytesMax)
                guard response.status.code > 202 else { return .passed }
                reason = "status \(response.status.code): \(String(buffer: body))"
            } catch {
                reason = "\(error)"
            }
        }
        return .failed("hook \(hook.name): \(reason)")
    }
}
