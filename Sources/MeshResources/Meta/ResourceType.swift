/// A kind of object as the API server serves it: where it lives and what it is called.
public struct ResourceType: Hashable, Sendable {
    /// Empty for the core group.
    public let group: String
    /// The version that is read and written, such as `v1`.
    public let version: String
    /// As in manifests: `Service`.
    public let kind: String
    /// As in paths: `services`.
    public let plural: String
    /// False for cluster-scoped kinds.
    public let isNamespaced: Bool

    /// Describes a kind; `group` is empty for the core group.
    public init(group: String = "", version: String, kind: String, plural: String, isNamespaced: Bool = true) {
        self.group = group
        self.version = version
        self.kind = kind
        self.plural = plural
        self.isNamespaced = isNamespaced
    }

    /// `group/version`, or `version` alone in the core group.
    public var apiVersion: String { self.group.isEmpty ? self.version : "\(self.group)/\(self.version)" }

    /// `plural.group`, as in RBAC rules and CRD names; `plural` alone in the core group.
    public var groupResource: String { self.group.isEmpty ? self.plural : "\(self.plural).\(self.group)" }

    /// The path of a collection or an object.
    ///
    /// Without a namespace a namespaced kind's path spans all namespaces. The parts are taken as they are: names of
    /// objects need no escaping.
    public func path(namespace: String? = nil, name: String? = nil, subresource: String? = nil) -> String {
        var path = self.group.isEmpty ? "/api/\(self.version)" : "/apis/\(self.group)/\(self.version)"
        if self.isNamespaced, let namespace, !namespace.isEmpty { path += "/namespaces/\(namespace)" }
        path += "/\(self.plural)"
        if let name { path += "/\(name)" }
        if let subresource { path += "/\(subresource)" }
        return path
    }
}

extension ResourceType: CustomStringConvertible {
    /// `plural.version.group`.
    public var description: String {
        self.group.isEmpty ? "\(self.plural).\(self.version)" : "\(self.plural).\(self.version).\(self.group)"
    }
}
