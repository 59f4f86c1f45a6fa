public import MeshModel

/// What an answer can depend on, and what a change of an object touches.
///
/// The same set of values names both sides: whoever reads through a ``ClusterView`` leaves the topics of what was
/// read, and each change of a ``ClusterSnapshot`` names the topics that it touched.
public enum ClusterTopic: Hashable, Sendable {
    /// One object, whether it exists or not.
    case object(ClusterKind, ObjectKey)
    /// All objects of a kind in a namespace.
    case namespace(ClusterKind, String)
    /// All objects of a kind.
    case kind(ClusterKind)
    /// The objects that an index holds under a key.
    case index(ClusterIndexKey)
}

/// Something other than their names by which objects are found.
public enum ClusterIndexKey: Hashable, Sendable {
    /// Services by cluster IP.
    case clusterIP(IPAddress)
    /// Pods with an address of their own, by that address.
    case podIP(IPAddress)
    /// Pods by the address and port of their node that lead to them.
    case hostPort(SocketAddress)
    /// ExternalWorkloads by address.
    case externalIP(IPAddress)
    /// EndpointSlices by the Service whose addresses they hold.
    case slices(ObjectKey)
    /// Routes of one kind by an object that they want to attach to.
    case routes(ClusterKind, parent: ParentKey)
}

/// An object that routes attach to.
public struct ParentKey: Hashable, Sendable {
    /// The kinds that we attach routes to.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// `Server` of policy.linkerd.io: inbound routes.
        case server = "Server"
        /// `Service` of the core group: outbound routes.
        case service = "Service"
        /// `EgressNetwork` of policy.linkerd.io: outbound routes.
        case egressNetwork = "EgressNetwork"

        /// The API group, written as metadata and statuses write it.
        public var group: String {
            switch self {
            case .server, .egressNetwork: "policy.linkerd.io"
            case .service: "core"
            }
        }
    }

    /// What it is.
    public var kind: Kind
    /// Which one.
    public var key: ObjectKey

    /// Names a parent.
    public init(kind: Kind, key: ObjectKey) {
        self.kind = kind
        self.key = key
    }
}
