import MeshModel
import MeshResources

extension Registry {
    /// How a client changes an object.
    enum Modification: Sendable {
        /// PUT: the whole object.
        case replace(JSONValue)
        case jsonPatch(JSONValue)
        case mergePatch(JSONValue)
        case strategicMergePatch(JSONValue)
        /// Server-side apply.
        case apply(JSONValue, force: Bool)
    }

    /// Replaces or patches an object, and creates it where that is the rule.
    func update(
        _ kind: ResourceKind, _ key: ObjectKey, subresource: String = "", _ change: Modification,
        _ options: WriteOptions
    ) async throws(APIFailure) -> WriteOutcome {
        for _ in 0..<Self.retryMax {
            do throws(Attempt) {
                return try await self.updateOnce(kind, key, subresource, change, options)
            } catch {
                switch error {
                case .retry: continue
                case .failed(let failure): throw failure
                }
            }
        }
        throw .conflict(kind.id, key.name)
    }

    private enum Attempt: Error {
        /// Another write came in between.
        case retry
        case failed(APIFailure)
    }

    private func updateOnce(
        _ kind: ResourceKind, _ key: ObjectKey, _ subresource: String, _ change: Modification,
        _ options: WriteOptions
    ) async throws(Attempt) -> WriteOutcome {
        guard let stored = self.store.get(kind.storage, key) else {
            do {
                return try await self.createMissing(kind, key, subresource, change, options)
            } catch {
                if error.reason == "AlreadyExists", case .apply = change { throw .retry }
                throw .failed(error)
            }
        }
        let live = Representation.view(stored.object, as: kind)
        var warnings: [String] = []
        var object: JSONValue
        do {
            object = try self.changed(live, kind, key, subresource, change, options, &warnings)
            try self.checkPreconditions(object, live: live, kind, change)
            if subresource.isEmpty { try Self.checkDeletionTime(object, live: live, kind) }
            let isApply = if case .apply = change { true } else { false }
            let appliedFields = object["metadata"]?["managedFields"]
            Strategy.prepareForUpdate(&object, old: live, kind, subresource: subresource)
            if isApply { object.set(["metadata", "managedFields"], appliedFields) }
            object.set(["metadata", "resourceVersion"], live["metadata"]?["resourceVersion"])
            if !isApply {
                let owner = ManagedFields.Owner(
                    manager: options.manager, operation: "Update", apiVersion: kind.apiVersion,
                    subresource: subresource)
                self.own(&object, live: live, kind, subresource, owner)
            }
            object = Self.withoutIdleTimes(object, live)
            if subresource.isEmpty {
                try self.admitInternally(&object, old: live, kind, options)
                try self.allocate(&object, old: live, kind, options)
            }
            object = try await self.admit(object, old: live, kind, key, subresource, options, &warnings)
        } catch {
            throw .failed(error)
        }
        return try self.commit(object, stored, kind, change, options, warnings)
    }

    private func admit(
        _ candidate: JSONValue, old: JSONValue, _ kind: ResourceKind, _ key: ObjectKey, _ subresource: String,
        _ options: WriteOptions, _ warnings: inout [String]
    ) async throws(APIFailure) -> JSONValue {
        var object = candidate
        var request = AdmissionRequest(
            kind: kind, subresource: subresource, operation: .update, key: key, object: object, old: old,
            options: options)
        let mutated = try await self.admission.mutate(request, in: self)
        warnings += mutated.warnings
        if mutated.object != object {
            object = try self.decodeMutated(mutated.object, kind)
            Strategy.prepareForUpdate(&object, old: old, kind, subresource: subresource)
        }
        try Validation.checkUpdate(object, old: old, kind, subresource: subresource, in: self.catalog.snapshot)
        request.object = object
        warnings += try await self.admission.validate(request, in: self)
        return object
    }

    private func commit(
        _ object: JSONValue, _ stored: ObjectStore.Stored, _ kind: ResourceKind, _ change: Modification,
        _ options: WriteOptions, _ warnings: [String]
    ) throws(Attempt) -> WriteOutcome {
        if options.isDryRun { return WriteOutcome(object: object, warnings: warnings) }
        let new = Representation.storage(object, of: kind, in: self.catalog.snapshot)
        do {
            let result: JSONValue
            if Self.isFinished(new, kind) {
                result = try self.finish(new, stored, kind)
            } else {
                result = try self.store.replace(kind.storage, new, expected: stored.revision)
                self.changed(kind, old: stored.object, new: result)
            }
            return WriteOutcome(object: Representation.view(result, as: kind), warnings: warnings)
        } catch .conflict, .missing {
            if case .replace(let body) = change, !body.resourceVersion.isEmpty, body.resourceVersion != "0" {
                throw .failed(.conflict(kind.id, object.objectName))
            }
            throw .retry
        } catch {
            throw .failed(.internalError("the object could not be stored"))
        }
    }

    /// True for an object whose deletion nothing holds up any more.
    static func isFinished(_ object: JSONValue, _ kind: ResourceKind) -> Bool {
        guard object.isDeleting, object.finalizers.isEmpty else { return false }
        if let grace = object["metadata"]?["deletionGracePeriodSeconds"]?.integer, grace > 0 { return false }
        if kind.kind == "Namespace", kind.group.isEmpty {
            return object["spec"]?["finalizers"]?.array?.isEmpty ?? true
        }
        return true
    }

    /// Stores the last state and removes it, in two steps that watchers see as one deletion.
    private func finish(
        _ object: JSONValue, _ stored: ObjectStore.Stored, _ kind: ResourceKind
    ) throws(ObjectStore.Failure) -> JSONValue {
        let removed = try self.store.remove(
            kind.storage, stored.object.objectKey, expected: stored.revision, last: object)
        self.changed(kind, old: stored.object, new: nil)
        return removed
    }

    /// A change that leaves nothing but new times in managed fields is no change.
    private static func withoutIdleTimes(_ object: JSONValue, _ live: JSONValue) -> JSONValue {
        func bare(_ value: JSONValue) -> JSONValue {
            var value = value
            value.update("metadata") { metadata in
                metadata.updateEach("managedFields") { $0["time"] = nil }
            }
            return value
        }
        return bare(object) == bare(live) ? live : object
    }

    /// Only a deletion sets when an object was deleted.
    private static func checkDeletionTime(
        _ object: JSONValue, live: JSONValue, _ kind: ResourceKind
    ) throws(APIFailure) {
        guard !live.isDeleting, let time = object["metadata"]?["deletionTimestamp"]?.string else { return }
        let text = time.replacing("T", with: " ").replacing("Z", with: " +0000 UTC")
        let error = FieldError(
            .invalid, "metadata.deletionTimestamp", "Invalid value: \(text): field is immutable")
        throw .invalid(kind.groupKind, live.objectName, [error])
    }

    private func checkPreconditions(
        _ object: JSONValue, live: JSONValue, _ kind: ResourceKind, _ change: Modification
    ) throws(APIFailure) {
        let name = live.objectName
        let uid = object.objectUID
        guard uid.isEmpty || uid == live.objectUID else {
            throw .conflict(
                kind.id, name,
                "StorageError: invalid object, Code: 4, Key: /registry/\(kind.plural)/\(live.objectKey), "
                    + "ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: \(uid), "
                    + "UID in object meta: \(live.objectUID)")
        }
        let version = object.resourceVersion
        if version.isEmpty || version == "0" {
            if case .replace = change, !kind.updatesUnconditionally {
                let id = GroupKind(group: kind.group, kind: kind.plural)
                throw .invalid(
                    id, name,
                    [
                        FieldError(
                            .invalid, "metadata.resourceVersion", "Invalid value: 0: must be specified for an update")
                    ])
            }
            return
        }
        guard version == live.resourceVersion else { throw .conflict(kind.id, name) }
    }

    // MARK: - The changed object

    /// What the client wants the object to be.
    private func changed(
        _ live: JSONValue, _ kind: ResourceKind, _ key: ObjectKey, _ subresource: String, _ change: Modification,
        _ options: WriteOptions, _ warnings: inout [String]
    ) throws(APIFailure) -> JSONValue {
        let raw: JSONValue
        switch change {
        case .replace(let body):
            try Self.checkName(body, key, kind)
            raw = body
        case .jsonPatch(let patch):
            do {
                raw = try JSONPatch.apply(patch, to: live)
            } catch {
                if error.isMalformed { throw .badRequest(error.text) }
                throw APIFailure.rejected()
            }
        case .mergePatch(let patch): raw = MergePatch.apply(patch, to: live)
        case .strategicMergePatch(let patch):
            guard !kind.isCustom else {
                throw APIFailure(
                    code: 415, reason: "UnsupportedMediaType",
                    message: "the body of the request was in an unknown format - accepted media types include: "
                        + "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml")
            }
            do {
                raw = try StrategicMergePatch(table: self.table).apply(patch, to: live, shape: kind.shape)
            } catch {
                throw .internal(error.text)
            }
        case .apply(let body, let force):
            return try self.applied(body, to: live, kind, key, subresource, options, force: force)
        }
        let decoded = try self.decode(raw, live: live, kind, change, options)
        warnings += decoded.warnings
        var object = decoded.object
        object.objectName = key.name
        object.set(["metadata", "namespace"], kind.isNamespaced ? .string(key.namespace) : nil)
        return object
    }

    private func decode(
        _ raw: JSONValue, live: JSONValue, _ kind: ResourceKind, _ change: Modification, _ options: WriteOptions
    ) throws(APIFailure) -> (object: JSONValue, warnings: [String]) {
        let decoded: ObjectDecoder.Decoded
        if case .replace = change {
            decoded = try self.decoder.decode(raw, kind)
            return (decoded.object, try self.decoder.report(decoded.unknownFields, options, kind))
        }
        if raw.objectName != live.objectName {
            throw .badRequest(
                "the name of the object (\(raw.objectName)) does not match the name on the URL (\(live.objectName))")
        }
        try Self.checkPatchedNamespace(raw, live)
        guard raw["apiVersion"] == live["apiVersion"], raw["kind"] == live["kind"] else {
            throw Self.unpatchable(raw, "the patch changes apiVersion or kind")
        }
        do {
            decoded = try self.decoder.decode(raw, kind)
        } catch {
            throw Self.unpatchable(raw, error.message)
        }
        do {
            return (decoded.object, try self.decoder.report(decoded.unknownFields, options, kind))
        } catch {
            let texts = decoded.unknownFields.map { "unknown field \"\($0)\"" }.joined(separator: ", ")
            throw Self.unpatchable(raw, "strict decoding error: \(texts)")
        }
    }

    private static func unpatchable(_ raw: JSONValue, _ why: String) -> APIFailure {
        .invalid(GroupKind(group: "", kind: ""), "", [.invalid("patch", .string(GoText.quoted(raw)), why)])
    }

    private static func checkPatchedNamespace(_ raw: JSONValue, _ live: JSONValue) throws(APIFailure) {
        guard raw.objectNamespace == live.objectNamespace else {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
    }

    static func checkName(_ body: JSONValue, _ key: ObjectKey, _ kind: ResourceKind) throws(APIFailure) {
        let name = body.objectName
        guard name.isEmpty || name == key.name else {
            throw .badRequest("the name of the object (\(name)) does not match the name on the URL (\(key.name))")
        }
        let namespace = body.objectNamespace
        guard namespace.isEmpty || !kind.isNamespaced || namespace == key.namespace else {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
    }

    /// Server-side apply to an object that exists or not.
    func applied(
        _ body: JSONValue, to live: JSONValue?, _ kind: ResourceKind, _ key: ObjectKey, _ subresource: String,
        _ options: WriteOptions, force: Bool
    ) throws(APIFailure) -> JSONValue {
        let version = body["apiVersion"]?.string ?? ""
        let name = body["kind"]?.string ?? ""
        guard version == kind.apiVersion, name == kind.kind else {
            throw .badRequest("invalid object type: \(version.contains("/") ? version : "/\(version)"), Kind=\(name)")
        }
        guard body["metadata"]?["managedFields"] == nil else { throw .badRequest("metadata.managedFields must be nil") }
        guard let given = body["metadata"]?["name"], given != "" else {
            throw .badRequest(
                "the name of the object (\(key.name) based on URL) was undeterminable: name must be provided")
        }
        let ownership = FieldOwnership(
            kind: kind, table: self.table, subresource: subresource, now: self.surroundings.now().description)
        let owner = ManagedFields.Owner(
            manager: options.manager, operation: "Apply", apiVersion: kind.apiVersion, subresource: subresource)
        let result: JSONValue
        do {
            try ownership.documents.check(body, kind.shape)
            if let live {
                try Self.checkName(body, key, kind)
                if !body.resourceVersion.isEmpty, body.resourceVersion != live.resourceVersion {
                    throw APIFailure.conflict(kind.id, key.name)
                }
            }
            result = try ownership.applied(body, to: live, owner: owner, force: force)
        } catch let failure as TypedDocuments.Failure {
            throw Self.untypeable(failure, body, kind)
        } catch let failure as APIFailure {
            throw failure
        } catch let failure as FieldOwnership.Failure {
            switch failure {
            case .document(let cause): throw Self.untypeable(cause, body, kind)
            case .conflicts(let conflicts): throw Self.failure(conflicts)
            }
        } catch {
            throw .internalError("apply failed")
        }
        let managed = result["metadata"]?["managedFields"]
        var object = try self.decoder.decode(result, kind).object
        object.set(["metadata", "managedFields"], managed)
        return object
    }

    private static func untypeable(_ failure: TypedDocuments.Failure, _ body: JSONValue, _ kind: ResourceKind)
        -> APIFailure
    {
        let version = kind.group.isEmpty ? "/\(kind.version)" : kind.apiVersion
        let name = body.objectName
        return .internal(
            "failed to create typed patch object (\(body.objectNamespace)/\(name); \(version), Kind=\(kind.kind)): "
                + failure.text)
    }

    private static func failure(_ conflicts: [FieldOwnership.Conflict]) -> APIFailure {
        func text(_ owner: ManagedFields.Owner) -> String {
            guard owner.operation == "Update" else { return "\"\(owner.manager)\"" }
            let part = owner.subresource.isEmpty ? "" : " with subresource \"\(owner.subresource)\""
            return "\"\(owner.manager)\"\(part) using \(owner.apiVersion)"
        }
        let count = conflicts.reduce(0) { $0 + $1.fields.count }
        var message = "Apply failed with \(count) conflict\(count == 1 ? "" : "s"): "
        if count == 1, let only = conflicts.first {
            message += "conflict with \(text(only.owner)): \(only.fields[0])"
        } else {
            message += conflicts.map { conflict in
                "conflicts with \(text(conflict.owner)):\n" + conflict.fields.map { "- \($0)" }.joined(separator: "\n")
            }.joined(separator: "\n")
        }
        var failure = APIFailure(code: 409, reason: "Conflict", message: message)
        failure.causes = conflicts.flatMap { conflict in
            conflict.fields.map {
                APIFailure.Cause(
                    reason: "FieldManagerConflict", message: "conflict with \(text(conflict.owner))", field: $0)
            }
        }
        return failure
    }

    /// A write to an object that is not there: an apply and some PUTs create it.
    private func createMissing(
        _ kind: ResourceKind, _ key: ObjectKey, _ subresource: String, _ change: Modification, _ options: WriteOptions
    ) async throws(APIFailure) -> WriteOutcome {
        guard subresource.isEmpty else { throw .notFound(kind.id, key.name) }
        switch change {
        case .replace(let body):
            try Self.checkName(body, key, kind)
            guard kind.createsOnUpdate, body.resourceVersion.isEmpty, body.objectUID.isEmpty else {
                throw .notFound(kind.id, key.name)
            }
            var body = body
            body.objectName = key.name
            return try await self.create(kind, namespace: key.namespace, body: body, options)
        case .apply(let body, let force):
            if !body.objectUID.isEmpty {
                throw .conflict(
                    kind.id, key.name,
                    "uid mismatch: the provided object specified uid \(body.objectUID), and no existing object was found"
                )
            }
            var object = try self.applied(body, to: nil, kind, key, subresource, options, force: force)
            try Self.checkName(object, key, kind)
            object.objectName = key.name
            object.set(["metadata", "resourceVersion"], nil)
            let managed = object["metadata"]?["managedFields"]
            return try await self.create(
                kind, namespace: key.namespace, decoded: object, options, managed: managed)
        default: throw .notFound(kind.id, key.name)
        }
    }
}
