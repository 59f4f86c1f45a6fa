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
            default: throw Failure(text: "unknown patch type found: \(directive)")
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
        let structure = self.structure(shape)
        let valueShape: Shape? = if case .map(let value, _) = self.table.resolve(shape) { value } else { nil }
        for (name, change) in changes where !name.hasPrefix("$") {
            let field = structure?.fields[name]
            if change.isNull {
                members[name] = nil
                continue
            }
            switch change {
            case .object:
                let child = field?.shape ?? valueShape ?? .any
                members[name] = try self.merge(change, into: members[name] ?? [:], child)
            case .array(let elements):
                guard let field, field.mergesStrategically, case .list(let element, _) = field.shape else {
                    members[name] = change
                    continue
                }
                var list = members[name]?.array ?? []
                if let key = field.patchKey {
                    try self.mergeList(elements, into: &list, key: key, element)
                } else {
                    for element in elements where !list.contains(element) { list.append(element) }
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
            members[field] = .array(Self.ordered(list, wanted, key: structure?.fields[field]?.patchKey))
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
                    text: "map: map[\(GoText.quoted(element))] does not contain declared merge key: \(key)")
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

    /// The list with the elements that `order` names in that order, the others staying near their neighbours.
    private static func ordered(_ list: [JSONValue], _ order: [JSONValue], key: String?) -> [JSONValue] {
        func rank(_ element: JSONValue) -> Int? {
            order.firstIndex { wanted in
                if let key { wanted[key] == element[key] } else { wanted == element }
            }
        }
        let named = list.filter { rank($0) != nil }.sorted { (rank($0) ?? 0) < (rank($1) ?? 0) }
        var remaining = named[...]
        var result: [JSONValue] = []
        for element in list {
            if rank(element) == nil {
                result.append(element)
            } else if let next = remaining.popFirst() {
                result.append(next)
            }
        }
        return result
    }
}
