import MeshModel
import MeshResources

/// Who owns which fields of an object: `metadata.managedFields` as a value.
struct ManagedFields: Sendable {
    /// Whom fields belong to.
    struct Owner: Hashable, Sendable {
        var manager: String
        /// `Apply` or `Update`.
        var operation: String
        var apiVersion: String
        var subresource: String
    }
    struct Entry: Hashable, Sendable {
        var fields: FieldSet
        var time: String
    }

    var entries: [Owner: Entry]

    /// Reads the managed fields of an object.
    init(of object: JSONValue) {
        self.entries = [:]
        for entry in object["metadata"]?["managedFields"]?.array ?? [] {
            let owner = Owner(
                manager: entry["manager"]?.string ?? "", operation: entry["operation"]?.string ?? "Update",
                apiVersion: entry["apiVersion"]?.string ?? "", subresource: entry["subresource"]?.string ?? "")
            let fields = FieldSet(fieldsV1: entry["fieldsV1"] ?? [:])
            self.entries[owner] = Entry(fields: fields, time: entry["time"]?.string ?? "")
        }
    }

    /// The written form: applies first, then by time, then by name.
    var value: JSONValue? {
        let kept = self.entries.filter { !$0.value.fields.isEmpty }
        if kept.isEmpty { return nil }
        let sorted = kept.sorted { left, right in
            (left.key.operation, left.value.time, left.key.manager, left.key.apiVersion, left.key.subresource)
                < (
                    right.key.operation, right.value.time, right.key.manager, right.key.apiVersion,
                    right.key.subresource
                )
        }
        return .array(
            sorted.map { owner, entry in
                var value: JSONValue = [
                    "manager": .string(owner.manager), "operation": .string(owner.operation),
                    "apiVersion": .string(owner.apiVersion), "fieldsType": "FieldsV1",
                    "fieldsV1": entry.fields.fieldsV1,
                ]
                if !entry.time.isEmpty { value["time"] = .string(entry.time) }
                if !owner.subresource.isEmpty { value["subresource"] = .string(owner.subresource) }
                return value
            })
    }
}

/// Keeps managed fields through writes, and merges applies.
struct FieldOwnership {
    let documents: TypedDocuments
    let shape: Shape
    /// The fields that this endpoint does not write, and so does not own.
    let ignored: FieldSet
    let now: String

    /// Another manager owns a field that an apply wants to change.
    struct Conflict: Hashable {
        var owner: ManagedFields.Owner
        var fields: [String]
    }
    enum Failure: Error, Hashable {
        case conflicts([Conflict])
        case document(TypedDocuments.Failure)
    }

    /// Ownership at one endpoint of a resource.
    init(kind: ResourceKind, table: TypeTable, subresource: String, now: String) {
        self.documents = TypedDocuments(table: table, isCustom: kind.isCustom)
        self.shape = kind.shape
        self.now = now
        var ignored = FieldSet()
        ignored.insert(["f:apiVersion"])
        ignored.insert(["f:kind"])
        for name in [
            "name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields",
            "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds",
        ] { ignored.insert(["f:metadata", "f:\(name)"]) }
        if subresource == "status" {
            ignored.insert(["f:spec"])
            if kind.isCustom { ignored.insert(["f:metadata"]) }
        } else if subresource.isEmpty, kind.hasStatus {
            ignored.insert(["f:status"])
        }
        self.ignored = ignored
    }

    private func relevant(_ set: FieldSet) -> FieldSet {
        var set = set.subtractingBelow(self.ignored)
        set.children["f:metadata"]?.isMember = false
        if set.children["f:metadata"]?.isEmpty ?? false { set.children["f:metadata"] = nil }
        return set
    }

    /// The managed fields after `owner` changed `live` (nil: created) into `new` by anything but an apply.
    func updated(live: JSONValue?, new: JSONValue, owner: ManagedFields.Owner) -> JSONValue? {
        var managed = ManagedFields(of: live ?? [:])
        // A client that sends an empty list gives all ownership up.
        if let sent = new["metadata"]?["managedFields"]?.array, sent.allSatisfy({ $0 == [:] }) { return nil }
        // Nobody is tracked before the first apply.
        if live != nil, managed.entries.isEmpty { return nil }
        let difference = self.documents.compare(live, new, self.shape)
        let changed = difference.modified.union(difference.removed)
        for (other, entry) in managed.entries where other != owner {
            managed.entries[other]?.fields = entry.fields.subtracting(changed)
        }
        let before = managed.entries[owner]
        let gained = self.relevant(difference.modified.union(difference.added))
        let fields = (before?.fields ?? FieldSet()).union(gained).subtracting(difference.removed)
        if fields.isEmpty {
            managed.entries[owner] = nil
        } else if before == nil || !gained.isEmpty || before?.fields != fields {
            managed.entries[owner] = ManagedFields.Entry(fields: fields, time: self.now)
        }
        return managed.value
    }

    /// The document after `owner` applied `applied` to `live` (nil: absent), managed fields included.
    func applied(
        _ applied: JSONValue, to live: JSONValue?, owner: ManagedFields.Owner, force: Bool
    ) throws(Failure) -> JSONValue {
        do {
            try self.documents.check(applied, self.shape)
        } catch {
            throw .document(error)
        }
        var managed = ManagedFields(of: live ?? [:])
        if live != nil, managed.entries.isEmpty, let live {
            // What was there before anybody was tracked belongs to a manager of that name.
            let first = ManagedFields.Owner(
                manager: "before-first-apply", operation: "Update", apiVersion: owner.apiVersion, subresource: "")
            managed.entries[first] = ManagedFields.Entry(
                fields: self.relevant(self.documents.fields(of: live, self.shape)), time: self.now)
        }
        let last = managed.entries[owner]
        let fields = self.relevant(self.documents.fields(of: applied, self.shape))
        let merged = self.documents.merge(live, applied, self.shape)
        let difference = self.documents.compare(live, merged, self.shape)
        let changed = difference.modified.union(difference.added)
        var conflicts: [Conflict] = []
        for (other, entry) in managed.entries where other != owner {
            let common = entry.fields.intersection(changed)
            guard !common.isEmpty else { continue }
            conflicts.append(Conflict(owner: other, fields: common.paths))
            managed.entries[other]?.fields = entry.fields.subtracting(common)
        }
        guard conflicts.isEmpty || force else {
            throw .conflicts(
                conflicts.sorted { ($0.owner.manager, $0.owner.operation) < ($1.owner.manager, $1.owner.operation) })
        }
        if last?.fields != fields {
            managed.entries[owner] = ManagedFields.Entry(fields: fields, time: self.now)
        }
        let owned = managed.entries.values.reduce(FieldSet()) { $0.union($1.fields) }
        var result = merged
        if let last { result = self.documents.pruned(merged, self.shape, last: last.fields, owned: owned) }
        let removed = self.documents.compare(merged, result, self.shape).removed
        for (other, entry) in managed.entries where other != owner {
            managed.entries[other]?.fields = entry.fields.subtracting(removed)
        }
        result.set(["metadata", "managedFields"], managed.value)
        return result
    }
}
