import MeshCodec
import MeshModel

/// Where a webhook is.
struct WebhookTarget: Hashable, Sendable {
    /// The URL, whose host is what the certificate must name.
    var url: String
    /// Where to connect when the host is not resolved by name.
    var address: SocketAddress?
    /// The certificate authority in PEM; empty for the system's.
    var authority: String
    var timeoutSeconds: Int64
}

/// Posts a review and hands back the answer's body; owned here, performed by an HTTP client.
protocol WebhookTransport: Sendable {
    /// - Throws: any error of the connection, whose description tells the user.
    func post(_ body: [UInt8], to target: WebhookTarget) async throws -> (status: Int, body: [UInt8])
}

/// Admission by the webhooks that are registered in the cluster.
struct WebhookAdmission: AdmissionCaller {
    let transport: any WebhookTransport
    /// Finds the address of a Service's port.
    let resolveService: @Sendable (_ namespace: String, _ name: String, _ port: Int) async -> SocketAddress?

    private static let group = "admissionregistration.k8s.io"

    func mutate(_ request: AdmissionRequest, in registry: Registry) async throws(APIFailure) -> AdmissionOutcome {
        var request = request
        var outcome = AdmissionOutcome(object: request.object ?? [:])
        guard let hooks = self.hooks("mutatingwebhookconfigurations", request, registry) else { return outcome }
        var seen: [(hook: Webhook, object: JSONValue)] = []
        for hook in hooks {
            guard let kind = hook.match(request, in: registry) else { continue }
            let result = try await self.call(hook, request, kind, registry, isMutating: true)
            outcome.warnings += result.warnings
            seen.append((hook, result.object ?? outcome.object))
            guard let object = result.object else { continue }
            outcome.object = object
            request.object = object
        }
        // Those that asked for it see what later ones have changed, once.
        for (hook, object) in seen where hook.isReinvoked && object != outcome.object {
            guard let kind = hook.match(request, in: registry) else { continue }
            let result = try await self.call(hook, request, kind, registry, isMutating: true)
            guard let object = result.object else { continue }
            outcome.object = object
            request.object = object
        }
        return outcome
    }

    func validate(_ request: AdmissionRequest, in registry: Registry) async throws(APIFailure) -> [String] {
        guard let hooks = self.hooks("validatingwebhookconfigurations", request, registry) else { return [] }
        var warnings: [String] = []
        for hook in hooks {
            guard let kind = hook.match(request, in: registry) else { continue }
            warnings += try await self.call(hook, request, kind, registry, isMutating: false).warnings
        }
        return warnings
    }

    /// The webhooks in their order; nil for what no webhook is asked about.
    private func hooks(_ plural: String, _ request: AdmissionRequest, _ registry: Registry) -> [Webhook]? {
        guard request.kind.group != Self.group else { return nil }
        let configurations = registry.store.list(ResourceID(group: Self.group, plural: plural)).items
        let hooks = configurations.flatMap { configuration in
            (configuration.object["webhooks"]?.array ?? []).map {
                Webhook(configuration: configuration.object.objectName, value: $0)
            }
        }
        return hooks.isEmpty ? nil : hooks
    }

    private struct CallOutcome {
        /// The changed object; nil when nothing changed.
        var object: JSONValue?
        var warnings: [String] = []
    }

    private func call(
        _ hook: Webhook, _ request: AdmissionRequest, _ kind: ResourceKind, _ registry: Registry, isMutating: Bool
    ) async throws(APIFailure) -> CallOutcome {
        let uid = registry.surroundings.makeUID()
        let response: JSONValue
        do {
            response = try await self.ask(hook, hook.review(request, as: kind, uid: uid), uid: uid)
        } catch {
            if hook.ignoresFailures { return CallOutcome() }
            throw .internalError("failed calling webhook \"\(hook.name)\": \(error.text)")
        }
        let warnings = (response["warnings"]?.array ?? []).compactMap(\.string)
        guard response["allowed"]?.bool ?? false else { throw Self.denial(hook, response["status"]) }
        guard isMutating, let patch = response["patch"]?.string, !patch.isEmpty else {
            return CallOutcome(warnings: warnings)
        }
        do {
            let object = try Self.patched(request.object ?? [:], patch, response)
            return CallOutcome(object: object, warnings: warnings)
        } catch {
            if hook.ignoresFailures { return CallOutcome() }
            throw .internalError(error.text)
        }
    }

    private struct CallFailure: Error { var text: String }

    private static func patched(
        _ object: JSONValue, _ patch: String, _ response: JSONValue
    ) throws(CallFailure) -> JSONValue {
        guard response["patchType"]?.string == "JSONPatch" else {
            throw CallFailure(text: "webhook returned a patch of unknown type \(response["patchType"]?.string ?? "")")
        }
        guard let bytes = Base64.decode(patch) else { throw CallFailure(text: "illegal base64 data in patch") }
        let operations: JSONValue
        do {
            operations = try JSONReader.read(bytes)
        } catch {
            throw CallFailure(text: "the patch is no JSON")
        }
        do {
            return try JSONPatch.apply(operations, to: object)
        } catch {
            throw CallFailure(text: error.text)
        }
    }

    private static func denial(_ hook: Webhook, _ status: JSONValue?) -> APIFailure {
        let code = Int(status?["code"]?.integer ?? 0)
        let text: String
        if let message = status?["message"]?.string, !message.isEmpty {
            text = "denied the request: \(message)"
        } else if let reason = status?["reason"]?.string, !reason.isEmpty {
            text = "denied the request: \(reason)"
        } else {
            text = "denied the request without explanation"
        }
        return APIFailure(
            code: code < 400 ? 400 : code, reason: status?["reason"]?.string ?? "",
            message: "admission webhook \"\(hook.name)\" \(text)")
    }

    // MARK: - The call

    private func ask(_ hook: Webhook, _ review: JSONValue, uid: String) async throws(CallFailure) -> JSONValue {
        let target = try await self.target(hook)
        let answer: (status: Int, body: [UInt8])
        do {
            answer = try await self.transport.post(JSONWriter.write(review), to: target)
        } catch {
            throw CallFailure(text: "failed to call webhook: Post \"\(target.url)\": \(error)")
        }
        guard answer.status == 200 else {
            let text = String(decoding: answer.body.prefix(512), as: UTF8.self).trimmed
            throw CallFailure(
                text: "failed to call webhook: the server responded with status \(answer.status): \(text)")
        }
        let value: JSONValue
        do {
            value = try JSONReader.read(answer.body, sizeMax: APIHandler.bodyMax)
        } catch {
            throw CallFailure(text: "failed to call webhook: the answer is no JSON")
        }
        guard value["kind"]?.string == "AdmissionReview", value["apiVersion"]?.string == "admission.k8s.io/v1" else {
            throw CallFailure(
                text: "received invalid webhook response: expected webhook response of admission.k8s.io/v1, "
                    + "Kind=AdmissionReview, got \(value["apiVersion"]?.string ?? "/"), Kind=\(value["kind"]?.string ?? "")"
            )
        }
        guard let response = value["response"], response.object != nil else {
            throw CallFailure(text: "received invalid webhook response: webhook response was absent")
        }
        guard response["uid"]?.string == uid else {
            throw CallFailure(
                text: "received invalid webhook response: expected response.uid=\"\(uid)\", got "
                    + "\"\(response["uid"]?.string ?? "")\"")
        }
        return response
    }

    private func target(_ hook: Webhook) async throws(CallFailure) -> WebhookTarget {
        let client = hook.value["clientConfig"] ?? [:]
        let authority = client["caBundle"]?.string.flatMap { Base64.decode($0) } ?? []
        let suffix = "?timeout=\(hook.timeoutSeconds)s"
        var target = WebhookTarget(
            url: "", authority: String(decoding: authority, as: UTF8.self), timeoutSeconds: hook.timeoutSeconds)
        if let url = client["url"]?.string {
            target.url = url + suffix
            return target
        }
        guard let service = client["service"], let namespace = service["namespace"]?.string,
            let name = service["name"]?.string
        else { throw CallFailure(text: "the webhook has no address") }
        let port = Int(service["port"]?.integer ?? 443)
        var path = service["path"]?.string ?? "/"
        if !path.hasPrefix("/") { path = "/" + path }
        target.url = "https://\(name).\(namespace).svc:\(port)\(path)\(suffix)"
        guard let address = await self.resolveService(namespace, name, port) else {
            throw CallFailure(
                text: "failed to call webhook: Post \"\(target.url)\": no endpoints available for service \"\(name)\"")
        }
        target.address = address
        return target
    }
}

/// Admission that asks nobody, for tests of the registry alone.
struct NoAdmission: AdmissionCaller {
    func mutate(_ request: AdmissionRequest, in registry: Registry) async throws(APIFailure) -> AdmissionOutcome {
        AdmissionOutcome(object: request.object ?? [:])
    }
    func validate(_ request: AdmissionRequest, in registry: Registry) async throws(APIFailure) -> [String] { [] }
}
