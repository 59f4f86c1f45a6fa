/// A lock that must be renewed.
public struct Lease: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// Who holds it and until when.
    public var spec: LeaseSpec

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: LeaseSpec = LeaseSpec()) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// Who holds a lease and until when.
public struct LeaseSpec: Codable, Hashable, Sendable {
    /// The holder; absent or empty when free.
    public var holderIdentity: String?
    /// How long after its last change others may take it.
    public var leaseDurationSeconds: Int?
    /// When the holder took it.
    public var acquireTime: MicroTime?
    /// When the holder last renewed it.
    public var renewTime: MicroTime?
    /// How often the holder changed.
    public var leaseTransitions: Int?

    /// A value with these fields.
    public init(
        holderIdentity: String? = nil, leaseDurationSeconds: Int? = nil, acquireTime: MicroTime? = nil,
        renewTime: MicroTime? = nil, leaseTransitions: Int? = nil
    ) {
        self.holderIdentity = holderIdentity
        self.leaseDurationSeconds = leaseDurationSeconds
        self.acquireTime = acquireTime
        self.renewTime = renewTime
        self.leaseTransitions = leaseTransitions
    }
}

extension LeaseSpec: Omissible {
    static let omitted = LeaseSpec()
}
