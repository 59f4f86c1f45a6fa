import MeshModel

/// What a path names.
struct RequestTarget: Hashable, Sendable {
    var group: String
    var version: String
    /// Nil for all namespaces and for cluster-scoped resources.
    var namespace: String?
    var plural: String
    var name: String?
    var subresource: String = ""
    /// What comes after the subresource.
    var rest: [String] = []

    /// Reads `/api/VERSION/…` and `/apis/GROUP/VERSION/…`; nil when the path names no resource.
    init?(_ path: String) {
        var parts = path.split(separator: "/").map { PercentCoding.decode($0) }[...]
        switch parts.popFirst() {
        case "api": self.group = ""
        case "apis":
            guard let group = parts.popFirst() else { return nil }
            self.group = group
        default: return nil
        }
        guard let version = parts.popFirst(), let first = parts.popFirst() else { return nil }
        self.version = version
        // `namespaces/NAME/PLURAL` is a path into a namespace, `namespaces/NAME/status` is not.
        if first == "namespaces", self.group.isEmpty || parts.count >= 2, parts.count >= 2,
            !(self.group.isEmpty && parts.count == 2 && ["status", "finalize"].contains(parts.last ?? ""))
        {
            self.namespace = parts.popFirst()
            self.plural = parts.popFirst() ?? ""
        } else {
            self.plural = first
        }
        self.name = parts.popFirst()
        self.subresource = parts.popFirst() ?? ""
        self.rest = Array(parts)
    }
}
