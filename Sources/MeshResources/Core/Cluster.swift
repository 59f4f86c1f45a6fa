/// A scope of names.
public struct Namespace: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        version: "v1", kind: "Namespace", plural: "namespaces", isNamespaced: false)

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// Its state.
    public var status: NamespaceStatus

    /// A value with these fields.
    public init(metadata: ObjectMeta, status: NamespaceStatus = NamespaceStatus()) {
        self.metadata = metadata
        self.status = status
    }
}

/// The state of a namespace.
public struct NamespaceStatus: Codable, Hashable, Sendable {
    /// `Active` or `Terminating`.
    public var phase: String?

    /// A value with these fields.
    public init(phase: String? = nil) {
        self.phase = phase
    }
}

extension NamespaceStatus: Omissible {
    static let omitted = NamespaceStatus()
}

/// A machine that runs pods.
public struct Node: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(version: "v1", kind: "Node", plural: "nodes", isNamespaced: false)

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// Its settings.
    public var spec: NodeSpec
    /// Its state.
    public var status: NodeStatus

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: NodeSpec = NodeSpec(), status: NodeStatus = NodeStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// Settings of a node.
public struct NodeSpec: Codable, Hashable, Sendable {
    /// The addresses of its pods.
    public var podCIDR: String?
    /// The same for both families.
    public var podCIDRs: [String]
    /// True keeps new pods away.
    public var unschedulable: Bool

    /// A value with these fields.
    public init(podCIDR: String? = nil, podCIDRs: [String] = [], unschedulable: Bool = false) {
        self.podCIDR = podCIDR
        self.podCIDRs = podCIDRs
        self.unschedulable = unschedulable
    }
}

extension NodeSpec: Omissible {
    static let omitted = NodeSpec()
}

/// The state of a node.
public struct NodeStatus: Codable, Hashable, Sendable {
    /// Its addresses.
    public var addresses: [NodeAddress]
    /// `Ready` and others.
    public var conditions: [Condition]

    /// A value with these fields.
    public init(addresses: [NodeAddress] = [], conditions: [Condition] = []) {
        self.addresses = addresses
        self.conditions = conditions
    }
}

extension NodeStatus: Omissible {
    static let omitted = NodeStatus()
}

/// An address of a node.
public struct NodeAddress: Codable, Hashable, Sendable {
    /// `InternalIP`, `ExternalIP`, `Hostname`.
    public var type: String
    /// The address.
    public var address: String

    /// A value with these fields.
    public init(type: String, address: String) {
        self.type = type
        self.address = address
    }
}

/// An identity for pods.
public struct ServiceAccount: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(version: "v1", kind: "ServiceAccount", plural: "serviceaccounts")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta

    /// A value with these fields.
    public init(metadata: ObjectMeta) {
        self.metadata = metadata
    }
}

/// Confidential data by key.
public struct Secret: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(version: "v1", kind: "Secret", plural: "secrets")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// What the data is for; absent means `Opaque`.
    public var type: String?
    /// The data.
    public var data: [String: Base64Data]
    /// True forbids changes.
    public var immutable: Bool?

    /// A value with these fields.
    public init(metadata: ObjectMeta, type: String? = nil, data: [String: Base64Data] = [:], immutable: Bool? = nil) {
        self.metadata = metadata
        self.type = type
        self.data = data
        self.immutable = immutable
    }
}

/// Settings by key.
public struct ConfigMap: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(version: "v1", kind: "ConfigMap", plural: "configmaps")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// Text.
    public var data: [String: String]
    /// Bytes.
    public var binaryData: [String: Base64Data]
    /// True forbids changes.
    public var immutable: Bool?

    /// A value with these fields.
    public init(
        metadata: ObjectMeta, data: [String: String] = [:], binaryData: [String: Base64Data] = [:],
        immutable: Bool? = nil
    ) {
        self.metadata = metadata
        self.data = data
        self.binaryData = binaryData
        self.immutable = immutable
    }
}
