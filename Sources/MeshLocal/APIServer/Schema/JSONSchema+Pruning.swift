import MeshModel

extension JSONSchema {
    /// The value without members that the schema does not declare; their paths are added to `dropped`.
    ///
    /// `apiVersion`, `kind` and `metadata` of the root and of embedded objects stay.
    func pruned(_ value: JSONValue, isRoot: Bool = false, path: String = "", dropped: inout [String]) -> JSONValue {
        switch value {
        case .array(let elements):
            guard let items = self.items else {
                return self.preservesUnknown || self.type == nil ? value : value
            }
            return .array(
                elements.enumerated().map { index, element in
                    items.pruned(element, path: "\(path)[\(index)]", dropped: &dropped)
                })
        case .object(let members):
            var result: [String: JSONValue] = [:]
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                let memberPath = path.isEmpty ? name : "\(path).\(name)"
                if (isRoot || self.isEmbedded), ["apiVersion", "kind", "metadata"].contains(name) {
                    result[name] = member
                } else if let property = self.properties[name] {
                    result[name] = property.pruned(member, path: memberPath, dropped: &dropped)
                } else if let additional = self.additional {
                    result[name] = additional.pruned(member, path: memberPath, dropped: &dropped)
                } else if self.allowsAdditional || self.preservesUnknown {
                    result[name] = member
                } else {
                    dropped.append(memberPath)
                }
            }
            return .object(result)
        default: return value
        }
    }

    /// The value with defaults for members that are missing, or null where null is not allowed.
    func defaulted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements):
            guard let items = self.items else { return value }
            return .array(
                elements.map { element in
                    element.isNull && !items.isNullable
                        ? items.defaultValue.map(items.defaulted) ?? element : items.defaulted(element)
                })
        case .object(var members):
            for (name, property) in self.properties {
                let current = members[name]
                if let current, !(current.isNull && !property.isNullable) {
                    members[name] = property.defaulted(current)
                } else if let standard = property.defaultValue {
                    members[name] = property.defaulted(standard)
                } else if current != nil, !property.isNullable {
                    // A null in a place that takes none counts as absent.
                    members[name] = nil
                }
            }
            if let additional = self.additional {
                for (name, member) in members where self.properties[name] == nil {
                    if member.isNull, !additional.isNullable {
                        members[name] = additional.defaultValue.map(additional.defaulted) ?? member
                    } else {
                        members[name] = additional.defaulted(member)
                    }
                }
            }
            return .object(members)
        default: return value
        }
    }
}
