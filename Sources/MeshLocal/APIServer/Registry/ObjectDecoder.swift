import MeshModel

/// Brings what clients send into stored form: checked types, nothing undeclared, defaults filled in.
struct ObjectDecoder: Sendable {
    let table: TypeTable

    /// The outcome of decoding.
    struct Decoded {
        var object: JSONValue
        var unknownFields: [String]
    }

    /// Decodes an object of `kind`.
    func decode(_ value: JSONValue, _ kind: ResourceKind) throws(APIFailure) -> Decoded {
        guard let custom = kind.custom else {
            var decoder = ShapeDecoder(table: self.table)
            do {
                var object = try decoder.decode(value, as: kind.shape, kind: kind.kind)
                Defaults.apply(to: &object, kind)
                return Decoded(object: object, unknownFields: Self.ordered(decoder.unknownFields))
            } catch {
                throw Self.unreadable(kind, error.message)
            }
        }
        var dropped: [String] = []
        var object = custom.schema.pruned(value, isRoot: true, dropped: &dropped)
        var decoder = ShapeDecoder(table: self.table)
        if let metadata = object["metadata"] {
            object["metadata"] = try decoder.decode(metadata, as: .named("ObjectMeta"), kind: "ObjectMeta")
        }
        object = custom.schema.defaulted(object)
        dropped += decoder.unknownFields.map { "metadata.\($0)" }
        return Decoded(object: object, unknownFields: Self.ordered(dropped))
    }

    /// Nested members first, as documents are usually written.
    private static func ordered(_ paths: [String]) -> [String] {
        paths.sorted { left, right in
            let isLeftNested = left.contains(".")
            return isLeftNested == right.contains(".") ? left < right : isLeftNested
        }
    }

    static func unreadable(_ kind: ResourceKind, _ why: String) -> APIFailure {
        .badRequest("\(kind.kind) in version \"\(kind.version)\" cannot be handled as a \(kind.kind): \(why)")
    }

    /// What a client asked to be told of undeclared members: warnings, or the refusal.
    func report(
        _ unknown: [String], _ options: WriteOptions, _ kind: ResourceKind
    ) throws(APIFailure) -> [String] {
        let texts =
            options.duplicateFields.map { "duplicate field \"\($0)\"" } + unknown.map { "unknown field \"\($0)\"" }
        switch options.validation {
        case .ignore: return []
        case .warn: return texts
        case .strict:
            guard !texts.isEmpty else { return [] }
            throw Self.unreadable(kind, "strict decoding error: " + texts.joined(separator: ", "))
        }
    }
}
