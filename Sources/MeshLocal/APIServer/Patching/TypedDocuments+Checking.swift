import MeshModel

extension TypedDocuments {
    /// Checks that an apply document fits its shape; server-side apply takes nothing that it does not know.
    func check(_ value: JSONValue, _ shape: Shape) throws(Failure) {
        try self.check(value, shape, "")
    }

    private func check(_ value: JSONValue, _ shape: Shape, _ path: String) throws(Failure) {
        if value.isNull { return }
        switch self.table.resolve(shape) {
        case .scalar(let scalar): try Self.check(value, scalar, path)
        case .object(let structure):
            guard let members = value.object else { throw Self.expected("map", value, path) }
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                if let field = structure.fields[name] {
                    try self.check(member, field.shape, "\(path).\(name)")
                } else if !structure.preservesUnknown {
                    throw Failure(text: "\(path).\(name): field not declared in schema")
                }
            }
        case .map(let element, _):
            guard let members = value.object else { throw Self.expected("map", value, path) }
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                try self.check(member, element, "\(path).\(name)")
            }
        case .list(let element, let topology):
            guard let items = value.array else { throw Self.expected("list", value, path) }
            var seen: Set<String> = []
            for (index, item) in items.enumerated() {
                if let name = self.element(item, topology, element) {
                    if !seen.insert(name).inserted {
                        var set = FieldSet()
                        set.insert([name])
                        throw Failure(text: "\(path): duplicate entries for key \(set.paths.first ?? "")")
                    }
                    try self.check(item, element, path + Self.shown(name))
                } else {
                    try self.check(item, element, "\(path)[\(index)]")
                }
            }
        case .named, .any: return
        }
    }

    private static func shown(_ name: String) -> String {
        var set = FieldSet()
        set.insert([name])
        return set.paths.first ?? ""
    }

    private static func expected(_ what: String, _ value: JSONValue, _ path: String) -> Failure {
        Failure(text: "\(path): expected \(what), got &{\(GoText.quoted(value))}")
    }

    private static func check(_ value: JSONValue, _ scalar: Shape.Scalar, _ path: String) throws(Failure) {
        let name: String
        let fits: Bool
        switch (scalar, value) {
        case (.string, .string), (.bytes, .string), (.time, .string), (.microTime, .string): return
        case (.string, _), (.bytes, _), (.time, _), (.microTime, _):
            throw Failure(text: "\(path): expected string, got &value.valueUnstructured{Value:\(GoText.quoted(value))}")
        case (.int32, _), (.int64, _), (.number, _):
            fits = value.double != nil
            name = "numeric (int or float)"
        case (.boolean, _):
            fits = value.bool != nil
            name = "boolean"
        case (.quantity, _), (.intOrString, _):
            fits = value.string != nil || value.double != nil
            name = "string or number"
        }
        guard fits else { throw Failure(text: "\(path): expected \(name), got \(SchemaValidator.typeName(value))") }
    }
}
