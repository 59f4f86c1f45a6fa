import MeshCodec
public import MeshModel
import MeshResources

/// Whose log is wanted, and how much of it.
public struct PodLogRequest: Sendable {
    /// The pod.
    public var pod: ObjectKey
    /// Empty: the only or the first container.
    public var container: String
    /// The log of the container before its last restart.
    public var previous: Bool
    /// Whether to go on with what is written later.
    public var follow: Bool
    /// How many of the last lines; nil for all.
    public var tailLines: Int?
    /// How far back, in seconds; nil for all.
    public var sinceSeconds: Int?
    /// Whether each line begins with its time.
    public var timestamps: Bool
}

/// The answer to a request for a log.
public enum PodLogAnswer: Sendable {
    /// The bytes, as they come.
    case stream(AsyncStream<[UInt8]>)
    /// There is no such log; why.
    case unavailable(String)
}

extension APIHandler {
    func answerSubresource(
        _ request: APIRequest, _ target: RequestTarget, _ kind: ResourceKind, _ verb: String, _ user: UserInfo
    ) async throws(APIFailure) -> APIReply {
        guard let subresource = kind.subresource(target.subresource) else {
            // A part that a definition could have switched on is told apart from one that does not exist.
            if kind.isCustom, ["status", "scale"].contains(target.subresource) {
                throw .notFound(kind.id, target.name ?? "")
            }
            throw .noSuchPath()
        }
        guard subresource.verbs.contains(verb) else {
            throw .methodNotAllowed("the server does not allow this method on the requested resource")
        }
        guard !kind.isNamespaced || target.namespace != nil, let name = target.name else { throw .noSuchPath() }
        guard
            let negotiation = Negotiation.choose(request.headers["accept"], allowsTable: true)
                ?? (target.subresource == "log" ? Negotiation() : nil)
        else { throw Negotiation.refusal(isList: false) }
        let key = ObjectKey(namespace: target.namespace ?? "", name: name)
        switch target.subresource {
        case "log": return try await self.log(request, kind, key)
        case "scale": return try await self.scale(request, kind, key, verb, user, negotiation)
        case "binding": return try await self.bind(request, kind, key, user)
        case "eviction": return try await self.evict(request, kind, key, user)
        case "token": return try await self.token(request, kind, key, user)
        default: break
        }
        if verb == "get" { return self.reply(try self.registry.get(kind, key), kind, request, negotiation) }
        if verb == "patch" {
            let outcome = try await self.patch(request, kind, key, target.subresource, user)
            return self.reply(outcome, kind, request, negotiation)
        }
        let options = try self.writeOptions(request, user, "UpdateOptions")
        let body = try self.body(request, kind, options)
        let outcome = try await self.registry.update(
            kind, key, subresource: target.subresource, .replace(body.value), body.options)
        return self.reply(outcome, kind, request, negotiation)
    }

    // MARK: - Pods

    private func log(_ request: APIRequest, _ kind: ResourceKind, _ key: ObjectKey) async throws(APIFailure) -> APIReply
    {
        let pod = try self.registry.get(kind, key)
        let spec = pod["spec"] ?? [:]
        let names = ["containers", "initContainers"].map { (spec[$0]?.array ?? []).compactMap { $0["name"]?.string } }
        var container = request.query["container"] ?? ""
        if container.isEmpty {
            container =
                pod["metadata"]?["annotations"]?["kubectl.kubernetes.io/default-container"]?.string ?? names[0].first
                ?? ""
        }
        guard names[0].contains(container) || names[1].contains(container) else {
            throw .badRequest("container \(container) is not valid for pod \(key.name)")
        }
        guard !(spec["nodeName"]?.string ?? "").isEmpty else { return APIReply(status: 204, body: .bytes([])) }
        guard let logs = self.logs else { throw .internalError("no node keeps logs") }
        let query = request.query
        let wanted = PodLogRequest(
            pod: key, container: container, previous: query.flag("previous"), follow: query.flag("follow"),
            tailLines: query["tailLines"].flatMap { Int($0) }, sinceSeconds: query["sinceSeconds"].flatMap { Int($0) },
            timestamps: query.flag("timestamps"))
        switch await logs(wanted) {
        case .stream(let stream):
            return APIReply(status: 200, headers: [("content-type", "text/plain")], body: .stream(stream))
        case .unavailable(let why): throw .badRequest(why)
        }
    }

    private func bind(
        _ request: APIRequest, _ kind: ResourceKind, _ key: ObjectKey, _ user: UserInfo
    ) async throws(APIFailure) -> APIReply {
        let options = try self.writeOptions(request, user, "CreateOptions")
        let body = try self.document(of: request, as: "Binding")
        try self.registry.bind(key, to: body["target"]?["name"]?.string ?? "", kind, options)
        return Documents.reply(
            ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201], status: 201)
    }

    private func evict(
        _ request: APIRequest, _ kind: ResourceKind, _ key: ObjectKey, _ user: UserInfo
    ) async throws(APIFailure) -> APIReply {
        let body = try self.document(of: request, as: "Eviction")
        var options = DeletionOptions(user: user)
        options.graceSeconds = body["deleteOptions"]?["gracePeriodSeconds"]?.integer
        options.isDryRun = body["deleteOptions"]?["dryRun"]?.array?.isEmpty == false || request.query["dryRun"] == "All"
        _ = try await self.registry.delete(kind, key, options)
        return Documents.reply(
            ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201], status: 201)
    }

    /// The body of a subresource whose documents are of another type than the object.
    func document(of request: APIRequest, as type: String) throws(APIFailure) -> JSONValue {
        if Self.mediaType(request) == ProtobufBody.mediaType {
            return try self.readProtobuf(request.body, .named(type))
        }
        do {
            return try JSONReader.read(request.body)
        } catch {
            throw .badRequest("couldn't get version/kind; json parse error: unexpected end of JSON input")
        }
    }

    // MARK: - Scale

    private func scale(
        _ request: APIRequest, _ kind: ResourceKind, _ key: ObjectKey, _ verb: String, _ user: UserInfo,
        _ negotiation: Negotiation
    ) async throws(APIFailure) -> APIReply {
        let paths = ScalePaths(kind)
        let live = try self.registry.get(kind, key)
        let current = try paths.view(of: live)
        if verb == "get" { return Documents.reply(current, negotiation) }
        let wanted: JSONValue
        let options: WriteOptions
        if verb == "patch" {
            let (change, patchOptions) = try self.modification(request, kind, user)
            options = patchOptions
            switch change {
            case .mergePatch(let patch), .strategicMergePatch(let patch): wanted = MergePatch.apply(patch, to: current)
            case .jsonPatch(let patch):
                do {
                    wanted = try JSONPatch.apply(patch, to: current)
                } catch {
                    throw APIFailure.rejected()
                }
            case .apply(let body, let force):
                let apply = Registry.Modification.apply(paths.applied(body, kind: kind, key: key), force: force)
                let outcome = try await self.registry.update(kind, key, apply, options)
                return Documents.reply(try paths.view(of: outcome.object), negotiation)
            case .replace: throw .noSuchPath()
            }
        } else {
            options = try self.writeOptions(request, user, "UpdateOptions")
            wanted = try self.document(of: request, as: "Scale")
        }
        if !kind.isCustom, let replicas = wanted["spec"]?["replicas"]?.integer, replicas < 0 {
            throw .invalid(
                GroupKind(group: "autoscaling", kind: "Scale"), key.name,
                [.invalid("spec.replicas", .integer(replicas), "must be greater than or equal to 0")])
        }
        guard let replicas = wanted["spec"]?["replicas"]?.integer ?? (verb == "update" ? 0 : nil) else {
            throw .badRequest("spec.replicas must be a number")
        }
        var patch: JSONValue = [:]
        patch.set(paths.specReplicas, .integer(replicas))
        if let version = wanted["metadata"]?["resourceVersion"]?.string, !version.isEmpty {
            patch.set(["metadata", "resourceVersion"], .string(version))
        }
        let outcome = try await self.registry.update(kind, key, .mergePatch(patch), options)
        return Documents.reply(try paths.view(of: outcome.object), negotiation)
    }
}

/// Where a kind keeps its replicas.
private struct ScalePaths {
    let specReplicas: [String]
    let statusReplicas: [String]
    let selector: [String]
    let isCustom: Bool

    init(_ kind: ResourceKind) {
        func path(_ text: String) -> [String] { text.split(separator: ".").map(String.init) }
        self.isCustom = kind.isCustom
        if let scale = kind.custom?.scale {
            self.specReplicas = path(scale.specReplicas)
            self.statusReplicas = path(scale.statusReplicas)
            self.selector = path(scale.labelSelector ?? "")
        } else {
            self.specReplicas = ["spec", "replicas"]
            self.statusReplicas = ["status", "replicas"]
            self.selector = ["spec", "selector"]
        }
    }

    func view(of object: JSONValue) throws(APIFailure) -> JSONValue {
        guard let replicas = object.at(self.specReplicas)?.integer else {
            throw .internalError(
                "the spec replicas field \".\(self.specReplicas.joined(separator: "."))\" does not exist")
        }
        var metadata: JSONValue = [:]
        for name in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            metadata[name] = object["metadata"]?[name]
        }
        var status: JSONValue = ["replicas": .integer(object.at(self.statusReplicas)?.integer ?? 0)]
        let text: String
        if self.isCustom {
            text = self.selector.isEmpty ? "" : object.at(self.selector)?.string ?? ""
        } else {
            let labels = object.at(self.selector)
            text = TableLayout.pairs(labels?["matchLabels"] ?? labels)
        }
        if !text.isEmpty, text != "<none>" { status["selector"] = .string(text) }
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
            "spec": replicas == 0 ? [:] : ["replicas": .integer(replicas)], "status": status,
        ]
    }

    /// An apply of a Scale as an apply of the object.
    func applied(_ body: JSONValue, kind: ResourceKind, key: ObjectKey) -> JSONValue {
        var result: JSONValue = [
            "apiVersion": .string(kind.apiVersion), "kind": .string(kind.kind), "metadata": ["name": .string(key.name)],
        ]
        result.set(self.specReplicas, body["spec"]?["replicas"] ?? 0)
        return result
    }
}

extension Registry {
    /// Places a pod on a node.
    func bind(_ key: ObjectKey, to node: String, _ kind: ResourceKind, _ options: WriteOptions) throws(APIFailure) {
        guard !node.isEmpty else {
            throw .invalid(GroupKind(group: "", kind: "Binding"), key.name, [.required("target.name")])
        }
        for _ in 0..<Self.retryMax {
            guard let stored = self.store.get(kind.storage, key) else { throw .notFound(kind.id, key.name) }
            if let placed = stored.object["spec"]?["nodeName"]?.string, !placed.isEmpty {
                throw .conflict(
                    ResourceID(group: "", plural: "pods/binding"), key.name,
                    "pod \(key.name) is already assigned to node \"\(placed)\"")
            }
            var pod = stored.object
            pod.set(["spec", "nodeName"], .string(node))
            let time = JSONValue.string(self.surroundings.now().description)
            var conditions = (pod["status"]?["conditions"]?.array ?? []).filter { $0["type"]?.string != "PodScheduled" }
            conditions.append(
                ["type": "PodScheduled", "status": "True", "lastProbeTime": nil, "lastTransitionTime": time])
            pod.set(["status", "conditions"], .array(conditions))
            if options.isDryRun { return }
            do {
                _ = try self.store.replace(kind.storage, pod, expected: stored.revision)
                return
            } catch {
                continue
            }
        }
        throw .conflict(kind.id, key.name)
    }
}
