/// The workload that a proxy serves.
public struct WorkloadName: Hashable, Sendable {
    /// What runs there.
    public enum Kind: Hashable, Sendable {
        /// A pod.
        case pod
        /// An ExternalWorkload.
        case external
    }

    /// Its namespace.
    public var namespace: String
    /// What it is.
    public var kind: Kind
    /// Its name.
    public var name: String

    /// Names a workload.
    public init(namespace: String, kind: Kind = .pod, name: String) {
        self.namespace = namespace
        self.kind = kind
        self.name = name
    }
}
