import MeshCodec
import MeshModel

extension APIHandler {
    /// PATCH of an object or of a part of it.
    func patch(
        _ request: APIRequest, _ kind: ResourceKind, _ key: ObjectKey, _ subresource: String, _ user: UserInfo
    ) async throws(APIFailure) -> WriteOutcome {
        let (change, options) = try self.modification(request, kind, user)
        return try await self.registry.update(kind, key, subresource: subresource, change, options)
    }

    /// What a PATCH asks for.
    func modification(
        _ request: APIRequest, _ kind: ResourceKind, _ user: UserInfo
    ) throws(APIFailure) -> (Registry.Modification, WriteOptions) {
        let options = try self.writeOptions(request, user, "PatchOptions")
        let type = Self.mediaType(request)
        if type != "application/apply-patch+yaml", request.query["force"] != nil {
            throw .invalid(
                GroupKind(group: "meta.k8s.io", kind: "PatchOptions"), "",
                [.forbidden("force", "may not be specified for non-apply patch")])
        }
        switch type {
        case "application/json-patch+json":
            let patch = try Self.document(request.body)
            guard patch.array != nil else {
                throw .badRequest(
                    "error decoding patch: json: cannot unmarshal \(SchemaValidator.typeName(patch)) into Go value of "
                        + "type []handlers.jsonPatchOp")
            }
            return (.jsonPatch(patch), options)
        case "application/merge-patch+json": return (.mergePatch(try Self.object(request.body)), options)
        case "application/strategic-merge-patch+json" where !kind.isCustom:
            return (.strategicMergePatch(try Self.object(request.body)), options)
        case "application/apply-patch+yaml":
            guard let manager = request.query["fieldManager"], !manager.isEmpty else {
                throw .invalid(
                    GroupKind(group: "meta.k8s.io", kind: "PatchOptions"), "",
                    [.required("fieldManager", "is required for apply patch")])
            }
            let body =
                request.body.first { ![0x20, 0x0A, 0x0D, 0x09].contains($0) } == UInt8(ascii: "{")
                ? try Self.document(request.body) : try Self.yaml(request.body)
            return (.apply(body, force: request.query.flag("force")), options)
        default:
            guard type == "application/strategic-merge-patch+json" else { throw Self.unsupportedType([]) }
            throw Self.unsupportedType([
                "application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml",
            ])
        }
    }

    private static func yaml(_ bytes: [UInt8]) throws(APIFailure) -> JSONValue {
        do {
            return try Documents.readYAML(bytes)
        } catch {
            throw .badRequest("error decoding YAML: \(error.message)")
        }
    }

    private static func document(_ bytes: [UInt8]) throws(APIFailure) -> JSONValue {
        do {
            return try JSONReader.read(bytes)
        } catch .truncated {
            throw .badRequest("error decoding patch: unexpected end of JSON input")
        } catch {
            throw .badRequest("error decoding patch: \(error)")
        }
    }

    private static func object(_ bytes: [UInt8]) throws(APIFailure) -> JSONValue {
        let value = try Self.document(bytes)
        guard value.object != nil else {
            throw .badRequest(
                "error decoding patch: json: cannot unmarshal \(SchemaValidator.typeName(value)) into Go value of type "
                    + "map[string]interface {}")
        }
        return value
    }

    // MARK: - Deleting

    /// The options of a deletion, from the body or the query.
    private func deletionOptions(_ request: APIRequest, _ user: UserInfo) throws(APIFailure) -> DeletionOptions {
        var source: JSONValue = [:]
        if !request.body.isEmpty {
            source = try self.document(of: request, as: "DeleteOptions")
            if let kind = source["kind"]?.string, !kind.isEmpty, kind != "DeleteOptions" {
                throw .badRequest(
                    "no kind \"\(kind)\" is registered for version \"\(source["apiVersion"]?.string ?? "")\" in scheme "
                        + "\"pkg/apis/meta/internalversion/scheme/register.go:27\"")
            }
        } else {
            source["propagationPolicy"] = request.query["propagationPolicy"].map(JSONValue.string)
            source["gracePeriodSeconds"] = request.query["gracePeriodSeconds"].flatMap { Int64($0) }.map(
                JSONValue.integer)
        }
        func invalid(_ error: FieldError) -> APIFailure {
            .invalid(GroupKind(group: "meta.k8s.io", kind: "DeleteOptions"), "", [error])
        }
        var options = DeletionOptions(user: user)
        if let text = source["propagationPolicy"]?.string {
            if source["orphanDependents"] != nil {
                throw invalid(
                    .invalid(
                        "propagationPolicy", .string(text),
                        "orphanDependents and deletionPropagation cannot be both set"))
            }
            guard let propagation = DeletionOptions.Propagation(rawValue: text) else {
                throw invalid(
                    .notSupported("propagationPolicy", .string(text), ["Foreground", "Background", "Orphan", "nil"]))
            }
            options.propagation = propagation
        } else if let orphan = source["orphanDependents"]?.bool {
            options.propagation = orphan ? .orphan : .background
        }
        options.graceSeconds = source["gracePeriodSeconds"]?.integer
        options.uid = source["preconditions"]?["uid"]?.string
        options.resourceVersion = source["preconditions"]?["resourceVersion"]?.string
        let dryRun =
            (source["dryRun"]?.array ?? []).compactMap(\.string) + request.query.all("dryRun").filter { !$0.isEmpty }
        guard dryRun.allSatisfy({ $0 == "All" }) else {
            throw invalid(.notSupported("dryRun", .array(dryRun.map(JSONValue.string)), ["All"]))
        }
        options.isDryRun = !dryRun.isEmpty
        return options
    }

    func delete(
        _ request: APIRequest, _ kind: ResourceKind, _ key: ObjectKey, _ user: UserInfo, _ negotiation: Negotiation
    ) async throws(APIFailure) -> APIReply {
        let options = try self.deletionOptions(request, user)
        let (outcome, warnings) = try await self.registry.delete(kind, key, options)
        var reply: APIReply
        switch outcome {
        case .pending(let object): reply = self.reply(object, kind, request, negotiation)
        case .gone(let object) where Registry.answersWithObject(kind):
            reply = self.reply(object, kind, request, negotiation)
        case .gone(let object): reply = Documents.reply(Self.success(object, kind), negotiation)
        }
        reply.headers += warnings.map { ("warning", Self.warning($0)) }
        return reply
    }

    private static func success(_ object: JSONValue, _ kind: ResourceKind) -> JSONValue {
        var details: JSONValue = [
            "name": .string(object.objectName), "kind": .string(kind.plural), "uid": .string(object.objectUID),
        ]
        if !kind.group.isEmpty { details["group"] = .string(kind.group) }
        return ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details]
    }

    func deleteCollection(
        _ request: APIRequest, _ kind: ResourceKind, _ namespace: String?, _ user: UserInfo, _ negotiation: Negotiation
    ) async throws(APIFailure) -> APIReply {
        let options = try self.deletionOptions(request, user)
        let labels: LabelSelection?
        if let text = request.query["labelSelector"], !text.isEmpty {
            labels = try LabelSelection(text)
        } else {
            labels = nil
        }
        let fields: FieldSelection?
        if let text = request.query["fieldSelector"], !text.isEmpty {
            fields = try FieldSelection(text, kind: kind)
        } else {
            fields = nil
        }
        let items = try await self.registry.deleteCollection(
            kind, namespace: namespace,
            isIncluded: { object in (labels?.matches(object.labels) ?? true) && (fields?.matches(object) ?? true) },
            options)
        return Documents.reply(
            [
                "kind": .string(kind.listKind), "apiVersion": .string(kind.apiVersion),
                "metadata": Self.listMetadata(self.registry.store.revision, kind),
                "items": .array(kind.isCustom ? items : items.map(Self.withoutType)),
            ], negotiation)
    }
}
