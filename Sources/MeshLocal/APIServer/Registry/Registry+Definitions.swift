import MeshModel
import MeshResources

extension Registry {
    static let definitions = ResourceID(group: "apiextensions.k8s.io", plural: "customresourcedefinitions")

    /// Serves what a definition says, and tells so in its status.
    func definitionChanged(old: JSONValue?, new: JSONValue?) {
        guard let new else {
            if let old { self.stopServing(old) }
            return
        }
        let name = new.objectName
        let clash = self.nameClash(of: new)
        if clash == nil { self.catalog.update(definition: name, ResourceKind.custom(from: new)) }
        self.settle(name, clash: clash)
    }

    private func stopServing(_ definition: JSONValue) {
        self.catalog.update(definition: definition.objectName, nil)
        let group = definition["spec"]?["group"]?.string ?? ""
        let plural = definition["spec"]?["names"]?["plural"]?.string ?? ""
        self.store.drop(ResourceID(group: group, plural: plural))
    }

    /// A kind that another definition of the group has taken.
    private func nameClash(of definition: JSONValue) -> String? {
        let group = definition["spec"]?["group"]?.string ?? ""
        let kind = definition["spec"]?["names"]?["kind"]?.string ?? ""
        let other = self.catalog.snapshot.kinds.first {
            $0.group == group && $0.kind == kind && $0.custom?.definition != definition.objectName
        }
        return other == nil ? nil : kind
    }

    /// Writes the conditions and the accepted names.
    private func settle(_ name: String, clash: String?) {
        for _ in 0..<Self.retryMax {
            guard let stored = self.store.get(Self.definitions, ObjectKey(name: name)) else { return }
            var object = stored.object
            let now = JSONValue.string(self.surroundings.now().description)
            var conditions = object["status"]?["conditions"]?.array ?? []
            func set(_ type: String, _ isTrue: Bool, _ reason: String, _ message: String) {
                let status: JSONValue = isTrue ? "True" : "False"
                let index = conditions.firstIndex { $0["type"]?.string == type }
                let before = index.map { conditions[$0] }
                var condition: JSONValue = [
                    "type": .string(type), "status": status, "reason": .string(reason), "message": .string(message),
                ]
                condition["lastTransitionTime"] = before?["status"] == status ? before?["lastTransitionTime"] : now
                if let index { conditions[index] = condition } else { conditions.append(condition) }
            }
            if let clash {
                set("NamesAccepted", false, "ListKindConflict", "\"\(clash)List\" is already in use")
                set("Established", false, "NotAccepted", "not all names are accepted")
            } else {
                set("NamesAccepted", true, "NoConflicts", "no conflicts found")
                set("Established", true, "InitialNamesAccepted", "the initial names have been accepted")
                object.set(["status", "acceptedNames"], object["spec"]?["names"])
            }
            object.set(["status", "conditions"], .array(conditions))
            do {
                _ = try self.store.replace(Self.definitions, object, expected: stored.revision)
                return
            } catch .conflict {
                continue
            } catch {
                return  // Gone meanwhile.
            }
        }
    }

    /// Removes the instances of definitions that are being deleted, then the definitions.
    func finishDefinitions() async {
        for stored in self.store.list(Self.definitions).items where stored.object.isDeleting {
            let group = stored.object["spec"]?["group"]?.string ?? ""
            let plural = stored.object["spec"]?["names"]?["plural"]?.string ?? ""
            let resource = ResourceID(group: group, plural: plural)
            if let kind = self.catalog.snapshot.kind(storing: resource) {
                for item in self.store.list(resource).items where !item.object.isDeleting {
                    do {
                        _ = try await self.delete(kind, item.object.objectKey, DeletionOptions())
                    } catch {
                        continue  // The next pass tries again.
                    }
                }
            }
            guard self.store.list(resource).items.isEmpty else { continue }
            var object = stored.object
            let rest = object.finalizers.filter { $0 != Self.definitionFinalizer }
            object.set(["metadata", "finalizers"], rest.isEmpty ? nil : .array(rest.map(JSONValue.string)))
            do {
                if rest.isEmpty {
                    try self.store.remove(Self.definitions, object.objectKey, expected: stored.revision)
                    self.stopServing(stored.object)
                } else {
                    _ = try self.store.replace(Self.definitions, object, expected: stored.revision)
                }
            } catch {
                continue  // Changed meanwhile: the next pass sees it.
            }
        }
    }

    /// Holds a definition until its instances are gone.
    static let definitionFinalizer = "customresourcecleanup.apiextensions.k8s.io"
}
