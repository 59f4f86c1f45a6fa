import MeshModel

/// JSON patch (RFC 6902), with the leniency of the API server: `replace` of a member that is missing adds it.
enum JSONPatch {
    /// Why a patch does not apply.
    struct Failure: Error, Hashable {
        var text: String
        /// The patch itself is malformed, whatever the document.
        var isMalformed = false
    }

    /// The document after all operations.
    static func apply(_ patch: JSONValue, to document: JSONValue) throws(Failure) -> JSONValue {
        guard let operations = patch.array else {
            throw Failure(
                text: "json: cannot unmarshal object into Go value of type jsonpatch.Patch", isMalformed: true)
        }
        guard operations.count <= 10_000 else {
            throw Failure(
                text: "The allowed maximum operations in a JSON patch is 10000, got \(operations.count)",
                isMalformed: true)
        }
        var document = document
        for operation in operations { try Self.perform(operation, on: &document) }
        return document
    }

    private static func perform(_ operation: JSONValue, on document: inout JSONValue) throws(Failure) {
        let name = operation["op"]?.string ?? ""
        guard let pathText = operation["path"]?.string else { throw Failure(text: "missing path", isMalformed: true) }
        let path = try Self.pointer(pathText)
        switch name {
        case "add":
            guard let value = operation["value"] else { throw Failure(text: "\(name) operation without a value") }
            try Self.change(&document, path[...], .add(value), pathText)
        case "replace":
            guard let value = operation["value"] else { throw Failure(text: "\(name) operation without a value") }
            try Self.change(&document, path[...], .replace(value), pathText)
        case "remove":
            try Self.change(&document, path[...], .remove, pathText)
        case "move", "copy":
            let from = try Self.pointer(operation["from"]?.string ?? "")
            guard let value = Self.value(at: from, in: document) else {
                throw Failure(
                    text:
                        "\(name) operation does not apply: doc is missing from path: \(operation["from"]?.string ?? "")"
                )
            }
            if name == "move" { try Self.change(&document, from[...], .remove, pathText) }
            try Self.change(&document, path[...], .add(value), pathText)
        case "test":
            let wanted = operation["value"] ?? .null
            let found = Self.value(at: path, in: document) ?? .null
            guard found == wanted || found.double != nil && found.double == wanted.double else {
                throw Failure(text: "testing value \(pathText) failed: test failed")
            }
        default: throw Failure(text: "Unexpected kind: \(name)")
        }
    }

    private enum Edit {
        case add(JSONValue)
        case replace(JSONValue)
        case remove
    }

    private static func pointer(_ text: String) throws(Failure) -> [String] {
        if text.isEmpty { return [] }
        // A pointer without its first slash loses its first token, as in the library that the real server uses.
        return text.drop { $0 != "/" }.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            token in
            String(token.replacing("~1", with: "/").replacing("~0", with: "~"))
        }
    }

    private static func value(at path: [String], in document: JSONValue) -> JSONValue? {
        var value = document
        for token in path {
            switch value {
            case .object(let members):
                guard let member = members[token] else { return nil }
                value = member
            case .array(let elements):
                guard let index = Int(token), elements.indices.contains(index) else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        return value
    }

    private static func change(
        _ value: inout JSONValue, _ path: ArraySlice<String>, _ edit: Edit, _ text: String
    ) throws(Failure) {
        guard let token = path.first else {
            switch edit {
            case .add(let new), .replace(let new): value = new
            case .remove: value = .null
            }
            return
        }
        let isLast = path.count == 1
        switch value {
        case .object(var members):
            if isLast {
                switch edit {
                case .add(let new), .replace(let new): members[token] = new
                case .remove:
                    guard members.removeValue(forKey: token) != nil else {
                        throw Failure(
                            text: "error in remove for path: '\(text)': "
                                + "Unable to remove nonexistent key: \(token): missing value")
                    }
                }
            } else {
                guard var child = members[token] else { throw Self.missing(text, edit) }
                members[token] = nil
                try Self.change(&child, path.dropFirst(), edit, text)
                members[token] = child
            }
            value = .object(members)
        case .array(var elements):
            try Self.change(&elements, token, path, edit, text)
            value = .array(elements)
        default: throw Self.missing(text, edit)
        }
    }

    private static func change(
        _ elements: inout [JSONValue], _ token: String, _ path: ArraySlice<String>, _ edit: Edit, _ text: String
    ) throws(Failure) {
        let isLast = path.count == 1
        if isLast, case .add(let new) = edit {
            guard let index = token == "-" ? elements.count : Int(token), (0...elements.count).contains(index) else {
                throw Self.missing(text, edit)
            }
            elements.insert(new, at: index)
            return
        }
        guard let index = Int(token), elements.indices.contains(index) else { throw Self.missing(text, edit) }
        switch edit {
        case .remove where isLast: elements.remove(at: index)
        case .replace(let new) where isLast: elements[index] = new
        default: try Self.change(&elements[index], path.dropFirst(), edit, text)
        }
    }

    private static func missing(_ text: String, _ edit: Edit) -> Failure {
        let name =
            switch edit {
            case .add: "add"
            case .replace: "replace"
            case .remove: "remove"
            }
        return Failure(text: "\(name) operation does not apply: doc is missing path: \"\(text)\": missing value")
    }
}
