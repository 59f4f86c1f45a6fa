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

/// What a webhook answered, as far as it can be taken for an answer.
struct WebhookAnswer: Sendable {
    var isAllowed: Bool
    var status: JSONValue?
    var warnings: [String]
    /// The operations of its patch; nil without one.
    var patch: JSONValue?
}

/// Asks one webhook and verifies that what comes back is an answer.
struct WebhookCaller: Sendable {
    let transport: any WebhookTransport
    /// Finds the address of a Service's port.
    let resolveService: @Sendable (_ namespace: String, _ name: String, _ port: Int) async -> SocketAddress?

    /// Why there is no answer.
    struct Failure: Error, Hashable {
        var text: String

        static func uncalled(_ text: String) -> Failure { Failure(text: "failed to call webhook: \(text)") }
        static func invalid(_ text: String) -> Failure { Failure(text: "received invalid webhook response: \(text)") }
    }

    func ask(
        _ hook: Webhook, _ review: JSONValue, uid: String, isMutating: Bool
    ) async throws(Failure) -> WebhookAnswer {
        let target = try await self.target(hook)
        let answer: (status: Int, body: [UInt8])
        do {
            answer = try await self.transport.post(JSONWriter.write(review), to: target)
        } catch {
            throw .uncalled("Post \"\(target.url)\": \(error)")
        }
        let response = try Self.response(answer.status, answer.body)
        guard response["uid"]?.string == uid else {
            throw .invalid("expected response.uid=\"\(uid)\", got \"\(response["uid"]?.string ?? "")\"")
        }
        return WebhookAnswer(
            isAllowed: response["allowed"]?.bool ?? false, status: response["status"],
            warnings: (response["warnings"]?.array ?? []).compactMap(\.string),
            patch: try Self.patch(response, isMutating: isMutating))
    }

    private static func response(_ status: Int, _ body: [UInt8]) throws(Failure) -> JSONValue {
        switch status {
        case 200: break
        case 404: throw .uncalled("the server could not find the requested resource")
        case 500...: throw .uncalled("an error on the server (\"unknown\") has prevented the request from succeeding")
        default: throw .uncalled("the server responded with the status code \(status)")
        }
        let value: JSONValue
        do {
            value = try JSONReader.read(body, sizeMax: APIHandler.bodyMax)
        } catch {
            throw .uncalled("couldn't get version/kind; json parse error: \(error)")
        }
        let version = value["apiVersion"]?.string ?? ""
        let kind = value["kind"]?.string ?? ""
        guard kind == "AdmissionReview", version.hasPrefix("admission.k8s.io/") else {
            throw .uncalled("no kind \"\(kind)\" is registered for version \"\(version)\"")
        }
        guard version == "admission.k8s.io/v1" else {
            throw .uncalled(
                "converting (\(version.dropFirst("admission.k8s.io/".count)).AdmissionReview) to "
                    + "(v1.AdmissionReview): unknown conversion")
        }
        guard let response = value["response"], response.object != nil else {
            throw .invalid("webhook response was absent")
        }
        return response
    }

    private static func patch(_ response: JSONValue, isMutating: Bool) throws(Failure) -> JSONValue? {
        var bytes: [UInt8] = []
        if let text = response["patch"]?.string {
            guard let decoded = Base64.decode(text) else {
                throw .uncalled("illegal base64 data at input byte \(Base64.firstInvalid(text) ?? 0)")
            }
            bytes = decoded
        }
        let type = response["patchType"]?.string
        guard isMutating else {
            if !bytes.isEmpty { throw .invalid("validating webhook may not return response.patch") }
            if type != nil { throw .invalid("validating webhook may not return response.patchType") }
            return nil
        }
        guard let type else {
            if bytes.isEmpty { return nil }
            throw .invalid("webhook returned response.patch but not response.patchType")
        }
        guard !bytes.isEmpty else { throw .invalid("webhook returned response.patchType but not response.patch") }
        guard type == "JSONPatch" || type == "MergePatch" else {
            throw .invalid("invalid response.patchType=\"\(type)\"")
        }
        let operations: JSONValue
        do {
            operations = try JSONReader.read(bytes, sizeMax: APIHandler.bodyMax)
        } catch {
            throw Failure(text: "received undecodable patch in webhook response: \(error)")
        }
        guard operations.array != nil else {
            throw Failure(
                text: "received undecodable patch in webhook response: "
                    + "json: cannot unmarshal object into Go value of type jsonpatch.Patch")
        }
        return operations
    }

    private func target(_ hook: Webhook) async throws(Failure) -> WebhookTarget {
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
        else { throw .uncalled("the webhook has no address") }
        let port = Int(service["port"]?.integer ?? 443)
        var path = service["path"]?.string ?? "/"
        if !path.hasPrefix("/") { path = "/" + path }
        target.url = "https://\(name).\(namespace).svc:\(port)\(path)\(suffix)"
        guard let address = await self.resolveService(namespace, name, port) else {
            throw .uncalled("Post \"\(target.url)\": no endpoints available for service \"\(name)\"")
        }
        target.address = address
        return target
    }
}
