import MeshCodec
import MeshModel

/// Admission by the webhooks that are registered in the cluster.
struct WebhookAdmission: AdmissionCaller {
    private let caller: WebhookCaller

    /// Calls over `transport`; `resolveService` finds the address of a Service's port.
    init(
        transport: any WebhookTransport,
        resolveService: @escaping @Sendable (_ namespace: String, _ name: String, _ port: Int) async -> SocketAddress?
    ) {
        self.caller = WebhookCaller(transport: transport, resolveService: resolveService)
    }

    private static let group = "admissionregistration.k8s.io"

    // MARK: - Changing objects

    func mutate(_ request: AdmissionRequest, in registry: Registry) async throws(APIFailure) -> AdmissionOutcome {
        var request = request
        var outcome = AdmissionOutcome(object: request.object ?? [:])
        let hooks = self.hooks("mutatingwebhookconfigurations", request, registry)
        var seen: [(hook: Webhook, object: JSONValue)] = []
        for hook in hooks {
            guard let kind = hook.match(request, in: registry) else { continue }
            try await self.mutate(&request, &outcome, hook, kind, registry)
            seen.append((hook, outcome.object))
        }
        // Those that asked for it see what later ones have changed, once.
        for (hook, object) in seen where hook.isReinvoked && object != outcome.object {
            guard let kind = hook.match(request, in: registry) else { continue }
            try await self.mutate(&request, &outcome, hook, kind, registry)
        }
        return outcome
    }

    private func mutate(
        _ request: inout AdmissionRequest, _ outcome: inout AdmissionOutcome, _ hook: Webhook, _ kind: ResourceKind,
        _ registry: Registry
    ) async throws(APIFailure) {
        guard let answer = try await self.answer(hook, request, kind, registry, isMutating: true) else { return }
        outcome.warnings += answer.warnings
        guard answer.isAllowed else { throw Self.denial(hook, answer, outcome.warnings) }
        guard let patch = answer.patch, patch.array?.isEmpty == false else { return }
        guard request.object != nil else {
            throw .internalError(
                "admission webhook \"\(hook.name)\" attempted to modify the object, "
                    + "which is not supported for this operation")
        }
        do {
            outcome.object = try JSONPatch.apply(patch, to: outcome.object)
        } catch {
            // The webhook did answer: its policy for failures says nothing about what it answered.
            throw .internalError(error.text)
        }
        request.object = outcome.object
    }

    // MARK: - Refusing objects

    func validate(_ request: AdmissionRequest, in registry: Registry) async throws(APIFailure) -> [String] {
        let hooks = self.hooks("validatingwebhookconfigurations", request, registry).compactMap { hook in
            hook.match(request, in: registry).map { (hook, $0) }
        }
        guard !hooks.isEmpty else { return [] }
        // All are asked at once, and the first in order that refuses is the one that is heard.
        let verdicts = await withTaskGroup(of: (Int, Verdict).self) { group in
            for (index, (hook, kind)) in hooks.enumerated() {
                group.addTask { (index, await self.verdict(hook, request, kind, registry)) }
            }
            return await group.reduce(into: [Int: Verdict]()) { $0[$1.0] = $1.1 }
        }
        let ordered = verdicts.sorted { $0.key < $1.key }.map(\.value)
        let warnings = ordered.flatMap(\.warnings)
        if var failure = ordered.lazy.compactMap(\.failure).first {
            failure.warnings = warnings
            throw failure
        }
        return warnings
    }

    private struct Verdict: Sendable {
        var warnings: [String] = []
        var failure: APIFailure?
    }

    private func verdict(
        _ hook: Webhook, _ request: AdmissionRequest, _ kind: ResourceKind, _ registry: Registry
    ) async -> Verdict {
        do {
            guard let answer = try await self.answer(hook, request, kind, registry, isMutating: false) else {
                return Verdict()
            }
            let failure = answer.isAllowed ? nil : Self.denial(hook, answer, [])
            return Verdict(warnings: answer.warnings, failure: failure)
        } catch {
            return Verdict(failure: error)
        }
    }

    // MARK: - One webhook

    /// The webhooks in their order; none for what no webhook is asked about.
    private func hooks(_ plural: String, _ request: AdmissionRequest, _ registry: Registry) -> [Webhook] {
        guard request.kind.group != Self.group else { return [] }
        let configurations = registry.store.list(ResourceID(group: Self.group, plural: plural)).items
        return configurations.flatMap { configuration in
            (configuration.object["webhooks"]?.array ?? []).map {
                Webhook(configuration: configuration.object.objectName, value: $0)
            }
        }
    }

    /// What a webhook answers; nil when it fails and its failures are to be ignored.
    private func answer(
        _ hook: Webhook, _ request: AdmissionRequest, _ kind: ResourceKind, _ registry: Registry, isMutating: Bool
    ) async throws(APIFailure) -> WebhookAnswer? {
        let uid = registry.surroundings.makeUID()
        do {
            return try await self.caller.ask(
                hook, hook.review(request, as: kind, uid: uid), uid: uid, isMutating: isMutating)
        } catch {
            if hook.ignoresFailures { return nil }
            throw .internalError("failed calling webhook \"\(hook.name)\": \(error.text)")
        }
    }

    private static func denial(_ hook: Webhook, _ answer: WebhookAnswer, _ warnings: [String]) -> APIFailure {
        let status = answer.status
        let code = Int(clamping: status?["code"]?.integer ?? 0)
        let text: String
        if let message = status?["message"]?.string, !message.isEmpty {
            text = "denied the request: \(message)"
        } else if let reason = status?["reason"]?.string, !reason.isEmpty {
            text = "denied the request: \(reason)"
        } else {
            text = "denied the request without explanation"
        }
        var failure = APIFailure(
            code: (400...599).contains(code) ? code : 400, reason: status?["reason"]?.string ?? "",
            message: "admission webhook \"\(hook.name)\" \(text)")
        let details = status?["details"]
        failure.name = details?["name"]?.string
        failure.group = details?["group"]?.string
        failure.kind = details?["kind"]?.string
        failure.causes = (details?["causes"]?.array ?? []).map { cause in
            APIFailure.Cause(
                reason: cause["reason"]?.string ?? "", message: cause["message"]?.string ?? "",
                field: cause["field"]?.string)
        }
        failure.warnings = warnings
        return failure
    }
}

/// Admission that asks nobody, for tests of the registry alone.
struct NoAdmission: AdmissionCaller {
    func mutate(_ request: AdmissionRequest, in registry: Registry) async throws(APIFailure) -> AdmissionOutcome {
        AdmissionOutcome(object: request.object ?? [:])
    }
    func validate(_ request: AdmissionRequest, in registry: Registry) async throws(APIFailure) -> [String] { [] }
}
