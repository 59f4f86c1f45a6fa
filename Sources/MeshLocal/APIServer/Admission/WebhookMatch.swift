import MeshModel

/// One webhook of a configuration.
struct Webhook: Sendable {
    let configuration: String
    let value: JSONValue

    var name: String { self.value["name"]?.string ?? "" }
    var ignoresFailures: Bool { self.value["failurePolicy"]?.string == "Ignore" }
    var timeoutSeconds: Int64 { self.value["timeoutSeconds"]?.integer ?? 10 }
    var isReinvoked: Bool { self.value["reinvocationPolicy"]?.string == "IfNeeded" }

    /// The version in which the webhook wants the object; nil when its rules do not reach the request.
    func match(_ request: AdmissionRequest, in registry: Registry) -> ResourceKind? {
        guard self.selectsNamespace(request, in: registry), self.selectsObject(request) else { return nil }
        let rules = self.value["rules"]?.array ?? []
        if rules.contains(where: { Self.covers($0, request, request.kind) }) { return request.kind }
        guard self.value["matchPolicy"]?.string != "Exact" else { return nil }
        let others = registry.catalog.snapshot.kinds.filter {
            $0.storage == request.kind.storage && $0.apiVersion != request.kind.apiVersion
        }
        return others.first { other in rules.contains { Self.covers($0, request, other) } }
    }

    private static func covers(_ rule: JSONValue, _ request: AdmissionRequest, _ kind: ResourceKind) -> Bool {
        func has(_ name: String, _ wanted: String) -> Bool {
            let values = (rule[name]?.array ?? []).compactMap(\.string)
            return values.contains("*") || values.contains(wanted)
        }
        guard has("operations", request.operation.rawValue), has("apiGroups", kind.group),
            has("apiVersions", kind.version)
        else { return false }
        switch rule["scope"]?.string {
        case "Namespaced": guard kind.isNamespaced else { return false }
        case "Cluster": guard !kind.isNamespaced else { return false }
        default: break
        }
        return (rule["resources"]?.array ?? []).compactMap(\.string).contains { pattern in
            let parts = pattern.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            let part = parts.count > 1 ? parts[1] : ""
            return (parts[0] == "*" || parts[0] == kind.plural)
                && (pattern == "*/*" || part == "*" || part == request.subresource)
        }
    }

    private func selectsNamespace(_ request: AdmissionRequest, in registry: Registry) -> Bool {
        let selection = LabelSelection(object: self.value["namespaceSelector"])
        if selection.requirements.isEmpty { return true }
        let isNamespace = request.kind.kind == "Namespace" && request.kind.group.isEmpty
        if isNamespace { return selection.matches((request.object ?? request.old ?? [:]).labels) }
        guard request.kind.isNamespaced else { return true }
        let namespaces = ResourceID(group: "", plural: "namespaces")
        let namespace = registry.store.get(namespaces, ObjectKey(name: request.key.namespace))
        return selection.matches(namespace?.object.labels ?? [:])
    }

    private func selectsObject(_ request: AdmissionRequest) -> Bool {
        let selection = LabelSelection(object: self.value["objectSelector"])
        if selection.requirements.isEmpty { return true }
        return [request.object, request.old].contains { $0.map { selection.matches($0.labels) } ?? false }
    }

    /// The review that is sent.
    func review(_ request: AdmissionRequest, as kind: ResourceKind, uid: String) -> JSONValue {
        func view(_ object: JSONValue?) -> JSONValue {
            guard let object else { return .null }
            guard kind.apiVersion != request.kind.apiVersion else { return object }
            return Representation.view(Representation.storage(object, of: request.kind), as: kind)
        }
        func kindValue(_ kind: ResourceKind) -> JSONValue {
            ["group": .string(kind.group), "version": .string(kind.version), "kind": .string(kind.kind)]
        }
        func resourceValue(_ kind: ResourceKind) -> JSONValue {
            ["group": .string(kind.group), "version": .string(kind.version), "resource": .string(kind.plural)]
        }
        var options: JSONValue = ["apiVersion": "meta.k8s.io/v1"]
        switch request.operation {
        case .create: options["kind"] = "CreateOptions"
        case .update: options["kind"] = "UpdateOptions"
        case .delete, .connect: options["kind"] = "DeleteOptions"
        }
        if !request.options.manager.isEmpty { options["fieldManager"] = .string(request.options.manager) }
        if request.options.isDryRun { options["dryRun"] = ["All"] }
        var body: JSONValue = [
            "uid": .string(uid), "kind": kindValue(kind), "resource": resourceValue(kind),
            "requestKind": kindValue(request.kind), "requestResource": resourceValue(request.kind),
            "name": .string(request.key.name), "operation": .string(request.operation.rawValue),
            "userInfo": request.options.user.value, "object": view(request.object), "oldObject": view(request.old),
            "dryRun": .bool(request.options.isDryRun), "options": options,
        ]
        if request.kind.isNamespaced { body["namespace"] = .string(request.key.namespace) }
        if !request.subresource.isEmpty {
            body["subResource"] = .string(request.subresource)
            body["requestSubResource"] = .string(request.subresource)
        }
        return ["kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": body]
    }
}
