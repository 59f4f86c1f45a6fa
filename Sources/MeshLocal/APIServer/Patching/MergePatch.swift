import MeshModel

/// JSON merge patch (RFC 7386).
enum MergePatch {
    /// The document with the patch merged into it.
    static func apply(_ patch: JSONValue, to document: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members = document.object ?? [:]
        for (name, change) in changes {
            if change.isNull {
                members[name] = nil
            } else {
                members[name] = Self.apply(change, to: members[name] ?? .null)
            }
        }
        return .object(members)
    }
}
