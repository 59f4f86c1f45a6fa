import MeshModel
import MeshResources

extension Registry {
    /// The answer to a deletion.
    enum DeletionOutcome: Sendable {
        /// The object is gone; some kinds answer with it, the others with a status.
        case gone(JSONValue)
        /// The object stays for a finalizer or a grace period.
        case pending(JSONValue)
    }

    /// Deletes an object, or marks it for deletion.
    func delete(
        _ kind: ResourceKind, _ key: ObjectKey, _ options: DeletionOptions
    ) async throws(APIFailure) -> (outcome: DeletionOutcome, warnings: [String]) {
        var warnings: [String] = []
        for _ in 0..<Self.retryMax {
            guard let stored = self.store.get(kind.storage, key) else { throw .notFound(kind.id, key.name) }
            let view = Representation.view(stored.object, as: kind)
            try Self.checkPreconditions(options, view, kind)
            try Self.checkProtected(kind, key)
            let request = AdmissionRequest(
                kind: kind, subresource: "", operation: .delete, key: key, object: nil, old: view,
                options: WriteOptions(user: options.user, manager: "", isDryRun: options.isDryRun))
            warnings = try await self.admission.mutate(request, in: self).warnings
            warnings += try await self.admission.validate(request, in: self)
            do {
                return (try self.deleteOnce(stored, view, kind, key, options), warnings)
            } catch .conflict {
                continue
            } catch {
                throw .notFound(kind.id, key.name)
            }
        }
        throw .conflict(kind.id, key.name)
    }

    private static func checkProtected(_ kind: ResourceKind, _ key: ObjectKey) throws(APIFailure) {
        let isNamespace = kind.kind == "Namespace" && kind.group.isEmpty
        guard isNamespace, ["default", "kube-system", "kube-public", "kube-node-lease"].contains(key.name) else {
            return
        }
        throw .forbidden(kind.id, key.name, "this namespace may not be deleted")
    }

    private static func checkPreconditions(
        _ options: DeletionOptions, _ object: JSONValue, _ kind: ResourceKind
    ) throws(APIFailure) {
        func failure(_ text: String) -> APIFailure {
            var failure = APIFailure.conflict(kind.id, object.objectName, text)
            failure.kind = kind.kind
            failure.message = "Operation cannot be fulfilled on \(kind.groupKind) \"\(object.objectName)\": \(text)"
            return failure
        }
        if let uid = options.uid, uid != object.objectUID {
            throw failure(
                "the UID in the precondition (\(uid)) does not match the UID in record (\(object.objectUID)). "
                    + "The object might have been deleted and then recreated")
        }
        if let version = options.resourceVersion, version != object.resourceVersion {
            throw failure(
                "the ResourceVersion in the precondition (\(version)) does not match the ResourceVersion in record "
                    + "(\(object.resourceVersion)). The object might have been modified")
        }
    }

    private func deleteOnce(
        _ stored: ObjectStore.Stored, _ view: JSONValue, _ kind: ResourceKind, _ key: ObjectKey,
        _ options: DeletionOptions
    ) throws(ObjectStore.Failure) -> DeletionOutcome {
        var object = stored.object
        let grace = Self.grace(for: object, kind, options)
        self.addFinalizers(&object, kind, options)
        let isHeld = !object.finalizers.isEmpty || Self.hasNamespaceFinalizers(object, kind)
        guard isHeld || grace > 0 else {
            if options.isDryRun { return .gone(view) }
            // A pod's last state says that it was deleted, and that nothing was waited for.
            if kind.kind == "Pod", kind.group.isEmpty { self.markDeleted(&object, kind, grace: 0) }
            let removed = try self.store.remove(kind.storage, key, expected: stored.revision, last: object)
            self.changed(kind, old: stored.object, new: nil)
            return .gone(Representation.view(removed, as: kind))
        }
        self.markDeleted(&object, kind, grace: grace)
        if options.isDryRun { return .pending(Representation.view(object, as: kind)) }
        let result = try self.store.replace(kind.storage, object, expected: stored.revision)
        self.changed(kind, old: stored.object, new: result)
        return .pending(Representation.view(result, as: kind))
    }

    private static func hasNamespaceFinalizers(_ object: JSONValue, _ kind: ResourceKind) -> Bool {
        kind.kind == "Namespace" && kind.group.isEmpty && !(object["spec"]?["finalizers"]?.array?.isEmpty ?? true)
    }

    /// How long the object may stay: only pods that run somewhere have a grace period.
    private static func grace(for object: JSONValue, _ kind: ResourceKind, _ options: DeletionOptions) -> Int64 {
        guard kind.kind == "Pod", kind.group.isEmpty else { return 0 }
        let isPlaced = !(object["spec"]?["nodeName"]?.string ?? "").isEmpty
        let phase = object["status"]?["phase"]?.string ?? ""
        guard isPlaced, phase != "Succeeded", phase != "Failed" else { return 0 }
        let standard = object["spec"]?["terminationGracePeriodSeconds"]?.integer ?? 30
        let wanted = max(0, options.graceSeconds ?? standard)
        // A second deletion can only shorten the period.
        guard let current = object["metadata"]?["deletionGracePeriodSeconds"]?.integer else { return wanted }
        return options.graceSeconds == nil ? current : min(current, wanted)
    }

    private func addFinalizers(_ object: inout JSONValue, _ kind: ResourceKind, _ options: DeletionOptions) {
        var finalizers = object.finalizers.filter { $0 != "foregroundDeletion" && $0 != "orphan" }
        let existing = object.finalizers.filter { $0 == "foregroundDeletion" || $0 == "orphan" }
        switch options.propagation {
        case .foreground: finalizers.append("foregroundDeletion")
        case .orphan: finalizers.append("orphan")
        case .background: break
        case nil: finalizers += existing
        }
        if kind.storage == Self.definitions, !finalizers.contains(Self.definitionFinalizer) {
            finalizers.append(Self.definitionFinalizer)
        }
        object.set(["metadata", "finalizers"], finalizers.isEmpty ? nil : .array(finalizers.map(JSONValue.string)))
    }

    private func markDeleted(_ object: inout JSONValue, _ kind: ResourceKind, grace: Int64) {
        let now = self.surroundings.now()
        let isShortened = object["metadata"]?["deletionGracePeriodSeconds"]?.integer.map { grace < $0 } ?? false
        if !object.isDeleting || isShortened {
            object.set(["metadata", "deletionTimestamp"], .string(now.advanced(by: .seconds(grace)).description))
            if !isShortened, let generation = object["metadata"]?["generation"]?.integer {
                object.set(["metadata", "generation"], .integer(generation + 1))
            }
        }
        if kind.kind == "Namespace", kind.group.isEmpty {
            object.set(["status", "phase"], "Terminating")
        } else {
            object.set(["metadata", "deletionGracePeriodSeconds"], .integer(grace))
        }
    }

    /// Deletes what a list would show.
    func deleteCollection(
        _ kind: ResourceKind, namespace: String?, isIncluded: (JSONValue) -> Bool, _ options: DeletionOptions
    ) async throws(APIFailure) -> [JSONValue] {
        let items = self.store.list(kind.storage, namespace: namespace).items
            .map { Representation.view($0.object, as: kind) }.filter(isIncluded)
        for item in items {
            do {
                _ = try await self.delete(kind, item.objectKey, options)
            } catch {
                // Somebody else was faster.
                guard error.code == 404 else { throw error }
            }
        }
        return items
    }

    /// Whether the answer to a deletion is the object itself rather than a status.
    static func answersWithObject(_ kind: ResourceKind) -> Bool {
        kind.group.isEmpty
            && ["Pod", "Service", "ServiceAccount", "PersistentVolumeClaim", "ResourceQuota"].contains(kind.kind)
    }
}
