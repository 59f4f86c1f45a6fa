/// The name of a Kubernetes object within its kind.
public struct ObjectKey: Hashable, Sendable, Comparable {
    /// Empty for cluster-scoped objects.
    public let namespace: String
    /// `metadata.name`.
    public let name: String

    /// Names an object; `namespace` is empty for cluster-scoped ones.
    public init(namespace: String = "", name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// By namespace, then name.
    public static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}

extension ObjectKey: CustomStringConvertible {
    /// `namespace/name`, or `name` alone for cluster-scoped objects.
    public var description: String { self.namespace.isEmpty ? self.name : "\(self.namespace)/\(self.name)" }
}
