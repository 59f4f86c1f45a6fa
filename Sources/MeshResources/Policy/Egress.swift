/// A part of the world outside the cluster.
public struct EgressNetwork: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "policy.linkerd.io", version: "v1alpha1", kind: "EgressNetwork", plural: "egressnetworks")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// Which part, and whether it may be reached.
    public var spec: EgressNetworkSpec
    /// What the controller made of it.
    public var status: ConditionsStatus

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: EgressNetworkSpec, status: ConditionsStatus = ConditionsStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// Which part of the world, and whether it may be reached.
public struct EgressNetworkSpec: Codable, Hashable, Sendable {
    /// Whether it may be reached without a route.
    public var trafficPolicy: EgressTrafficPolicy
    /// Absent means everything outside the cluster's networks.
    public var networks: [CIDRBlock]?

    /// A value with these fields.
    public init(trafficPolicy: EgressTrafficPolicy, networks: [CIDRBlock]? = nil) {
        self.trafficPolicy = trafficPolicy
        self.networks = networks
    }
}

/// Whether traffic may leave.
public enum EgressTrafficPolicy: String, Hashable, Sendable, Codable, CaseIterable {
    /// It may.
    case allow = "Allow"
    /// It may not.
    case deny = "Deny"
}

/// A status of conditions alone.
public struct ConditionsStatus: Codable, Hashable, Sendable {
    /// The conditions.
    public var conditions: [Condition]

    /// A value with these fields.
    public init(conditions: [Condition] = []) {
        self.conditions = conditions
    }
}

extension ConditionsStatus: Omissible {
    static let omitted = ConditionsStatus()
}
