public import MeshModel

/// A JSON patch (RFC 6902) that only adds, as admission webhooks answer with.
public struct JSONPatch: Hashable, Sendable {
    /// One addition.
    public struct Addition: Hashable, Sendable {
        /// A JSON pointer (RFC 6901); a final `-` appends.
        public let path: String
        /// What is put there.
        public let value: JSONValue
    }

    /// In the order in which they apply.
    public private(set) var additions: [Addition] = []

    /// Changes nothing.
    public init() {}

    /// True when nothing is changed.
    public var isEmpty: Bool { self.additions.isEmpty }

    /// Adds `value` at the place that `path` names by member names and indices, none of them escaped yet.
    mutating func add(_ path: [String], _ value: JSONValue) {
        let pointer = path.map { segment in
            var escaped = ""
            for character in segment {
                switch character {
                case "~": escaped += "~0"
                case "/": escaped += "~1"
                default: escaped.append(character)
                }
            }
            return "/" + escaped
        }
        self.additions.append(Addition(path: pointer.joined(), value: value))
    }

    /// The patch as the document that the API server applies.
    public var document: JSONValue {
        .array(
            self.additions.map { addition in
                .object(["op": "add", "path": .string(addition.path), "value": addition.value])
            })
    }
}
