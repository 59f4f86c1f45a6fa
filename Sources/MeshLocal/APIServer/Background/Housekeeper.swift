import MeshModel
import MeshResources

/// The server's own loops: owners and dependents, dying namespaces and definitions, furniture of new namespaces.
///
/// Each pass looks at everything and does what is due, so nothing depends on having seen a single event.
struct Housekeeper: Sendable {
    let registry: Registry
    /// The rest between two passes.
    var pause = Duration.milliseconds(15)

    /// Runs until cancelled.
    func run() async {
        for await _ in self.registry.store.observe() {
            await self.pass()
            do {
                try await Task.sleep(for: self.pause)
            } catch {
                return  // Cancelled.
            }
        }
    }

    /// One pass.
    func pass() async {
        self.registry.furnishNamespaces()
        await self.collect()
        await self.finishNamespaces()
        await self.registry.finishDefinitions()
    }

    private static let namespaces = ResourceID(group: "", plural: "namespaces")

    // MARK: - Owners and dependents

    private func collect() async {
        var uids: Set<String> = []
        var owners: [(ResourceID, ObjectKey, ObjectStore.Stored)] = []
        var foreground: Set<String> = []
        var orphaning: Set<String> = []
        let dependents = self.registry.store.scan { resource, key, stored in
            uids.insert(stored.uid)
            if stored.object.isDeleting {
                let finalizers = stored.object.finalizers
                if finalizers.contains("foregroundDeletion") { foreground.insert(stored.uid) }
                if finalizers.contains("orphan") { orphaning.insert(stored.uid) }
                if foreground.contains(stored.uid) || orphaning.contains(stored.uid) {
                    owners.append((resource, key, stored))
                }
            }
            return !stored.owners.isEmpty
        }
        for (resource, key, stored) in dependents {
            await self.treat(resource, key, stored, uids: uids, foreground: foreground, orphaning: orphaning)
        }
        for (resource, key, stored) in owners { self.release(resource, key, stored, dependents) }
    }

    private func treat(
        _ resource: ResourceID, _ key: ObjectKey, _ stored: ObjectStore.Stored, uids: Set<String>,
        foreground: Set<String>, orphaning: Set<String>
    ) async {
        let gone = stored.owners.filter { !uids.contains($0) }
        let dying = stored.owners.filter { foreground.contains($0) }
        let leaving = stored.owners.filter { orphaning.contains($0) }
        if !leaving.isEmpty {
            self.removeReferences(to: Set(leaving), resource, key)
        } else if gone.count + dying.count == stored.owners.count {
            guard !stored.object.isDeleting, let kind = self.registry.catalog.snapshot.kind(storing: resource) else {
                return
            }
            var options = DeletionOptions(propagation: dying.isEmpty ? .background : .foreground)
            options.uid = stored.uid
            do {
                _ = try await self.registry.delete(kind, key, options)
            } catch {
                return  // Gone already, or refused: the next pass looks again.
            }
        } else if !gone.isEmpty {
            self.removeReferences(to: Set(gone), resource, key)
        }
    }

    private func removeReferences(to owners: Set<String>, _ resource: ResourceID, _ key: ObjectKey) {
        self.change(resource, key) { object in
            let references = object["metadata"]?["ownerReferences"]?.array ?? []
            let kept = references.filter { !owners.contains($0["uid"]?.string ?? "") }
            object.set(["metadata", "ownerReferences"], kept.isEmpty ? nil : .array(kept))
        }
    }

    /// Lets an owner go whose dependents are gone or have been let go.
    private func release(
        _ resource: ResourceID, _ key: ObjectKey, _ stored: ObjectStore.Stored,
        _ dependents: [(ResourceID, ObjectKey, ObjectStore.Stored)]
    ) {
        let finalizers = stored.object.finalizers
        let blocking = dependents.filter { resource, key, dependent in
            guard dependent.owners.contains(stored.uid) else { return false }
            guard let now = self.registry.store.get(resource, key), now.uid == dependent.uid else { return false }
            let reference = now.object["metadata"]?["ownerReferences"]?.array?.first { $0["uid"]?.string == stored.uid }
            return finalizers.contains("orphan") ? reference != nil : reference?["blockOwnerDeletion"]?.bool ?? false
        }
        guard blocking.isEmpty else { return }
        self.change(resource, key) { object in
            let rest = object.finalizers.filter { $0 != "foregroundDeletion" && $0 != "orphan" }
            object.set(["metadata", "finalizers"], rest.isEmpty ? nil : .array(rest.map(JSONValue.string)))
        }
    }

    /// Changes a stored object, and removes it when nothing holds it any more.
    private func change(_ resource: ResourceID, _ key: ObjectKey, _ edit: (inout JSONValue) -> Void) {
        guard let stored = self.registry.store.get(resource, key),
            let kind = self.registry.catalog.snapshot.kind(storing: resource)
        else { return }
        var object = stored.object
        edit(&object)
        do {
            if Registry.isFinished(object, kind) {
                try self.registry.store.remove(resource, key, expected: stored.revision, last: object)
                self.registry.changed(kind, old: stored.object, new: nil)
            } else {
                _ = try self.registry.store.replace(resource, object, expected: stored.revision)
            }
        } catch {
            return  // Changed meanwhile: that write has woken the next pass.
        }
    }

    // MARK: - Namespaces

    private func finishNamespaces() async {
        for namespace in self.registry.store.list(Self.namespaces).items where namespace.object.isDeleting {
            await self.empty(namespace.object.objectName)
            let remaining = self.registry.store.scan { _, key, _ in key.namespace == namespace.object.objectName }
            if remaining.isEmpty {
                self.change(Self.namespaces, namespace.object.objectKey) { object in
                    let kept = (object["spec"]?["finalizers"]?.array ?? []).filter { $0 != "kubernetes" }
                    object.set(["spec", "finalizers"], kept.isEmpty ? nil : .array(kept))
                }
            } else {
                self.report(remaining, namespace.object.objectKey)
            }
        }
    }

    private func empty(_ namespace: String) async {
        let catalog = self.registry.catalog.snapshot
        let objects = self.registry.store.scan { _, key, stored in
            key.namespace == namespace && !stored.object.isDeleting
        }
        for (resource, key, stored) in objects {
            guard let kind = catalog.kind(storing: resource) else { continue }
            var options = DeletionOptions(propagation: .background)
            options.uid = stored.uid
            do {
                _ = try await self.registry.delete(kind, key, options)
            } catch {
                continue  // The next pass tries again.
            }
        }
    }

    /// Says in the namespace's status what still holds it.
    private func report(_ remaining: [(ResourceID, ObjectKey, ObjectStore.Stored)], _ key: ObjectKey) {
        var kinds: [String: Int] = [:]
        var finalizers: [String: Int] = [:]
        for (resource, _, stored) in remaining {
            kinds["\(resource.plural).\(resource.group)", default: 0] += 1
            for finalizer in stored.object.finalizers { finalizers[finalizer, default: 0] += 1 }
        }
        let contents = kinds.sorted { $0.key < $1.key }.map { "\($0.key) has \($0.value) resource instances" }
        let held = finalizers.sorted { $0.key < $1.key }.map { "\($0.key) in \($0.value) resource instances" }
        let now = JSONValue.string(self.registry.surroundings.now().description)
        self.change(Self.namespaces, key) { object in
            let before = object["status"]?["conditions"]?.array ?? []
            func condition(_ type: String, _ isTrue: Bool, _ reason: String, _ message: String) -> JSONValue {
                let status: JSONValue = isTrue ? "True" : "False"
                let old = before.first { $0["type"]?.string == type }
                return [
                    "type": .string(type), "status": status, "reason": .string(reason), "message": .string(message),
                    "lastTransitionTime": old?["status"] == status ? old?["lastTransitionTime"] ?? now : now,
                ]
            }
            object.set(
                ["status", "conditions"],
                [
                    condition(
                        "NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered",
                        "All resources successfully discovered"),
                    condition(
                        "NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions",
                        "All legacy kube types successfully parsed"),
                    condition(
                        "NamespaceDeletionContentFailure", false, "ContentDeleted",
                        "All content successfully deleted, may be waiting on finalization"),
                    condition(
                        "NamespaceContentRemaining", true, "SomeResourcesRemain",
                        "Some resources are remaining: " + contents.joined(separator: ", ")),
                    held.isEmpty
                        ? condition(
                            "NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers",
                            "All content-preserving finalizers finished")
                        : condition(
                            "NamespaceFinalizersRemaining", true, "SomeFinalizersRemain",
                            "Some content in the namespace has finalizers remaining: " + held.joined(separator: ", ")),
                ])
        }
    }
}
