import MeshModel

/// Walks documents along their shapes: which fields they have, how they differ, how an apply merges them.
///
/// The rules are those of structured-merge-diff, on which server-side apply is built.
struct TypedDocuments {
    let table: TypeTable
    /// Members of built-in kinds that every object has, so that creating an object does not own them themselves.
    let alwaysPresent: Set<String>

    /// What an apply document gets wrong.
    struct Failure: Error, Hashable { var text: String }

    init(table: TypeTable, isCustom: Bool) {
        self.table = table
        self.alwaysPresent =
            isCustom
            ? ["metadata"]
            : [
                "metadata", "spec", "status", "template", "strategy", "updateStrategy", "jobTemplate", "roleRef",
                "containers",
            ]
    }

    /// A shape with what matters for walking.
    enum Form {
        case leaf
        case map((String) -> Shape.Field?, others: Shape?)
        case list(Shape, Shape.Topology)
    }

    func form(_ shape: Shape, _ value: JSONValue?) -> Form {
        switch self.table.resolve(shape) {
        case .scalar, .named: return .leaf
        case .object(let structure):
            if structure.isAtomic { return .leaf }
            return .map({ structure.fields[$0] }, others: structure.preservesUnknown ? .any : structure.others)
        case .map(let element, let isAtomic):
            return isAtomic ? .leaf : .map({ _ in nil }, others: element)
        case .list(let element, let topology):
            if case .atomic = topology { return .leaf }
            return .list(element, topology)
        case .any:
            // Untyped: objects merge, everything else is one value.
            if case .object = value { return .map({ _ in nil }, others: .any) }
            return .leaf
        }
    }

    func element(_ value: JSONValue, _ topology: Shape.Topology, _ shape: Shape) -> String? {
        FieldSet.element(of: value, topology) { key in
            guard case .object(let structure) = self.table.resolve(shape) else { return nil }
            return structure.fields[key]?.defaultValue
        }
    }

    // MARK: - Fields of a document

    /// The fields that a document sets.
    func fields(of value: JSONValue, _ shape: Shape) -> FieldSet {
        var set = FieldSet()
        switch self.form(shape, value) {
        case .leaf: set.isMember = true
        case .map(let field, let others):
            for (name, member) in value.object ?? [:] {
                let declared = field(name)
                var child = self.fields(of: member, declared?.shape ?? others ?? .any)
                if member.isNull || member.object?.isEmpty ?? false || declared == nil { child.isMember = true }
                set.children["f:\(name)"] = child
            }
        case .list(let element, let topology):
            for item in value.array ?? [] {
                guard let name = self.element(item, topology, element) else { continue }
                var child = self.fields(of: item, element)
                child.isMember = true
                set.children[name] = child
            }
        }
        return set
    }

    // MARK: - Differences

    /// What differs between two documents.
    struct Difference: Hashable {
        var added = FieldSet()
        var modified = FieldSet()
        var removed = FieldSet()
    }

    /// The difference from `old` to `new`.
    func compare(_ old: JSONValue?, _ new: JSONValue?, _ shape: Shape) -> Difference {
        var difference = Difference()
        self.compare(old, new, shape, [], &difference)
        return difference
    }

    private func compare(
        _ old: JSONValue?, _ new: JSONValue?, _ shape: Shape, _ path: [String], _ result: inout Difference
    ) {
        if old == new { return }
        switch self.form(shape, new ?? old) {
        case .leaf:
            if old == nil {
                result.added.insert(path)
            } else if new == nil {
                result.removed.insert(path)
            } else {
                result.modified.insert(path)
            }
            return
        case .map(let field, let others):
            let before = old?.object ?? [:]
            let after = new?.object ?? [:]
            for name in Set(before.keys).union(after.keys) {
                let shape = field(name)?.shape ?? others ?? .any
                var oldMember = before[name]
                var newMember = after[name]
                if field(name) != nil, self.alwaysPresent.contains(name) {
                    if oldMember == nil { oldMember = newMember?.emptied }
                    if newMember == nil { newMember = oldMember?.emptied }
                }
                self.compare(oldMember, newMember, shape, path + ["f:\(name)"], &result)
            }
        case .list(let element, let topology):
            let before = self.items(old, element, topology)
            let after = self.items(new, element, topology)
            for name in Set(before.keys).union(after.keys) {
                self.compare(before[name], after[name], element, path + [name], &result)
            }
        }
        guard !path.isEmpty else { return }
        if old == nil { result.added.insert(path) } else if new == nil { result.removed.insert(path) }
    }

    private func items(_ list: JSONValue?, _ element: Shape, _ topology: Shape.Topology) -> [String: JSONValue] {
        var result: [String: JSONValue] = [:]
        for item in list?.array ?? [] {
            if let name = self.element(item, topology, element), result[name] == nil { result[name] = item }
        }
        return result
    }

    // MARK: - Merging

    /// The live document with the applied one merged into it.
    func merge(_ live: JSONValue?, _ applied: JSONValue, _ shape: Shape) -> JSONValue {
        guard let live else { return applied }
        switch self.form(shape, applied) {
        case .leaf: return applied
        case .map(let field, let others):
            guard var members = live.object, let changes = applied.object else { return applied }
            for (name, change) in changes {
                members[name] = self.merge(members[name], change, field(name)?.shape ?? others ?? .any)
            }
            return .object(members)
        case .list(let element, let topology):
            guard let old = live.array, let new = applied.array else { return applied }
            return .array(self.mergeLists(old, new, element, topology))
        }
    }

    /// Entries of both lists in the order of the applied one; entries of the live list alone stay where they are met.
    private func mergeLists(
        _ old: [JSONValue], _ new: [JSONValue], _ shape: Shape, _ topology: Shape.Topology
    ) -> [JSONValue] {
        let oldNames = old.map { self.element($0, topology, shape) ?? "" }
        let newNames = new.map { self.element($0, topology, shape) ?? "" }
        let inNew = Set(newNames)
        var byName: [String: JSONValue] = [:]
        for (name, item) in zip(oldNames, old) where byName[name] == nil { byName[name] = item }
        var result: [JSONValue] = []
        var left = 0
        var right = 0
        while left < old.count || right < new.count {
            if left < old.count, !inNew.contains(oldNames[left]) {
                result.append(old[left])
                left += 1
            } else if right < new.count {
                let name = newNames[right]
                result.append(self.merge(byName[name], new[right], shape))
                if left < old.count, oldNames[left] == name { left += 1 }
                right += 1
                // Shared entries that were already placed, or will be, are passed over.
                while left < old.count, inNew.contains(oldNames[left]),
                    right >= new.count || oldNames[left] != newNames[right]
                {
                    left += 1
                }
            } else {
                left += 1
            }
        }
        return result
    }

    /// The document without what only `last` owned: fields in `last` and not in `owned`.
    func pruned(_ value: JSONValue, _ shape: Shape, last: FieldSet, owned: FieldSet) -> JSONValue {
        self.prune(value, shape, last, owned) ?? [:]
    }

    /// Nil when the value goes: `isNamed` says that it is a declared member, which belongs to whom its fields belong.
    private func prune(
        _ value: JSONValue, _ shape: Shape, _ last: FieldSet?, _ owned: FieldSet?, isNamed: Bool = false
    ) -> JSONValue? {
        guard let last, !last.isEmpty else { return value }
        if owned == nil, last.isMember || isNamed { return nil }
        let remains: JSONValue
        switch self.form(shape, value) {
        case .leaf: return last.isMember && owned == nil ? nil : value
        case .map(let field, let others):
            guard let members = value.object else { return value }
            var kept: [String: JSONValue] = [:]
            for (name, member) in members {
                let element = "f:\(name)"
                kept[name] = self.prune(
                    member, field(name)?.shape ?? others ?? .any, last.children[element], owned?.children[element],
                    isNamed: field(name) != nil)
            }
            remains = .object(kept)
        case .list(let shape, let topology):
            guard let items = value.array else { return value }
            remains = .array(
                items.compactMap { item in
                    guard let name = self.element(item, topology, shape) else { return item }
                    return self.prune(item, shape, last.children[name], owned?.children[name])
                })
        }
        return owned == nil && remains.isEmptyContainer ? nil : remains
    }
}

extension JSONValue {
    /// An empty container of the same sort; nil for anything else.
    fileprivate var emptied: JSONValue? {
        switch self {
        case .array: []
        case .object: [:]
        default: nil
        }
    }

    fileprivate var isEmptyContainer: Bool {
        switch self {
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        default: false
        }
    }
}
