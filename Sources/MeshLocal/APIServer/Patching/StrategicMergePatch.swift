import MeshModel

/// Strategic merge patch: merge patch that merges lists by key, for built-in kinds.
///
/// Directives: `$patch: replace|delete|merge`, `$retainKeys`, `$deleteFromPrimitiveList/NAME`,
/// `$setElementOrder/NAME`.
struct StrategicMergePatch {
    /// Why a patch does not apply.
    struct Failure: Error, Hashable { var text: String }

    let table: TypeTable

    /// The document with the patch merged into it.
    func apply(_ patch: JSONValue, to document: JSONValue, shape: Shape) throws(Failure) -> JSONValue {
        guard patch.object != nil else { throw Failure(text: "patch is not an object") }
        return try self.merge(patch, into: document, shape) ?? [:]
    }

    private func structure(_ shape: Shape) -> Shape.Structure? {
        if case .object(let structure) = self.table.resolve(shape) { structure } else { nil }
    }

    private func merge(
        _ patch: JSONValue, into document: JSONValue, _ shape: Shape
    ) throws(Failure) -> JSONValue? {
        guard var changes = patch.object else { return patch.isNull ? nil : patch }
        var members = document.object ?? [:]
        if let directive = changes.removeValue(forKey: "$patch")?.string {
            switch directive {
            case "replace": return .object(changes)
            case "delete": return nil
            case "merge": break
            default: throw Failure(text: "unknown patch type: \(directive) in map: \(GoText.map(patch))")
            }
        }
        if let retained = changes.removeValue(forKey: "$retainKeys")?.array?.compactMap(\.string) {
            members = members.filter { retained.contains($0.key) }
        }
        try self.mergeMembers(changes, into: &members, shape)
        return .object(members)
    }

    private func mergeMembers(
        _ changes: [String: JSONValue], into members: inout [String: JSONValue], _ shape: Shape
    ) throws(Failure) {
        let before = members
        let structure = self.structure(shape)
        let valueShape: Shape? = if case .map(let value, _) = self.table.resolve(shape) { value } else { nil }
        for (name, change) in changes where !name.hasPrefix("$") {
            let field = structure?.fields[name]
            if change.isNull {
                members[name] = nil
                continue
            }
            switch change {
            case .object where change["$patch"] != nil && members[name] == nil:
                continue  // A directive about something that is not there.
            case .object:
                let child = field?.shape ?? valueShape ?? .any
                members[name] = try self.merge(change, into: members[name] ?? [:], child)
            case .array(let elements):
                guard let field, field.mergesStrategically, case .list(let element, _) = field.shape else {
                    members[name] = change
                    continue
                }
                let live = members[name]?.array ?? []
                var list = live
                if let key = field.patchKey {
                    try self.mergeList(elements, into: &list, key: key, element)
                } else {
                    for element in elements where !list.contains(element) { list.append(element) }
                }
                let isReplaced = elements.contains { $0["$patch"]?.string == "replace" }
                if !isReplaced, changes["$setElementOrder/\(name)"] == nil {
                    list = Self.ordered(list, named: elements, live: live, key: field.patchKey)
                }
                members[name] = .array(list)
            default: members[name] = change
            }
        }
        for (name, values) in changes where name.hasPrefix("$deleteFromPrimitiveList/") {
            let field = String(name.dropFirst("$deleteFromPrimitiveList/".count))
            guard let list = members[field]?.array, let removed = values.array else { continue }
            members[field] = .array(list.filter { !removed.contains($0) })
        }
        for (name, order) in changes where name.hasPrefix("$setElementOrder/") {
            let field = String(name.dropFirst("$setElementOrder/".count))
            guard let list = members[field]?.array, let wanted = order.array else { continue }
            members[field] = .array(
                Self.ordered(
                    list, named: wanted, live: before[field]?.array ?? [], key: structure?.fields[field]?.patchKey))
        }
    }

    private func mergeList(
        _ elements: [JSONValue], into list: inout [JSONValue], key: String, _ shape: Shape
    ) throws(Failure) {
        if elements.contains(where: { $0["$patch"]?.string == "replace" }) {
            list = elements.filter { $0["$patch"] == nil }
            return
        }
        for element in elements {
            guard let value = element[key] else {
                throw Failure(
                    text: "map: \(GoText.map(element)) does not contain declared merge key: \(key)")
            }
            let position = list.firstIndex { $0[key] == value }
            if element["$patch"]?.string == "delete" {
                list.removeAll { $0[key] == value }
            } else if let position {
                list[position] = try self.merge(element, into: list[position], shape) ?? [:]
            } else {
                list.append(try self.merge(element, into: [:], shape) ?? [:])
            }
        }
    }

    /// The merged list in the order of the real server: what the patch names in its order, everything else where it
    /// was, and what is new before what it cannot be compared with.
    private static func ordered(
        _ list: [JSONValue], named order: [JSONValue], live: [JSONValue], key: String?
    ) -> [JSONValue] {
        func identity(_ element: JSONValue) -> JSONValue? { key.map { element[$0] } ?? element }
        let wanted = order.compactMap(identity)
        let before = live.compactMap(identity)
        func rank(_ element: JSONValue, in names: [JSONValue]) -> Int? {
            identity(element).flatMap { names.firstIndex(of: $0) }
        }
        var named = list.filter { rank($0, in: wanted) != nil }
            .sorted { (rank($0, in: wanted) ?? 0) < (rank($1, in: wanted) ?? 0) }[...]
        var others = list.filter { rank($0, in: wanted) == nil }[...]
        var result: [JSONValue] = []
        while let other = others.first, let next = named.first {
            if let left = rank(other, in: before), let right = rank(next, in: before), left < right {
                result.append(other)
                others = others.dropFirst()
            } else {
                result.append(next)
                named = named.dropFirst()
            }
        }
        return result + others + named
    }
}
