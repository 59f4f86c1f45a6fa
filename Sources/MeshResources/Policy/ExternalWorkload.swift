/// A workload outside the cluster.
public struct ExternalWorkload: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "workload.linkerd.io", version: "v1beta1", kind: "ExternalWorkload", plural: "externalworkloads")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// Where it is and who it is.
    public var spec: ExternalWorkloadSpec
    /// Its state; `Ready` makes it an endpoint.
    public var status: ConditionsStatus

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: ExternalWorkloadSpec, status: ConditionsStatus = ConditionsStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// Where an external workload is and who it is.
public struct ExternalWorkloadSpec: Codable, Hashable, Sendable {
    /// Its mesh identity.
    public var meshTLS: ExternalWorkloadTLS
    /// Its ports.
    public var ports: [ExternalWorkloadPort]
    /// Its addresses, at most one of each family.
    public var workloadIPs: [WorkloadIP]

    /// A value with these fields.
    public init(meshTLS: ExternalWorkloadTLS, ports: [ExternalWorkloadPort] = [], workloadIPs: [WorkloadIP] = []) {
        self.meshTLS = meshTLS
        self.ports = ports
        self.workloadIPs = workloadIPs
    }
}

/// The mesh identity of an external workload.
public struct ExternalWorkloadTLS: Codable, Hashable, Sendable {
    /// A SPIFFE id.
    public var identity: String
    /// The name that clients ask for.
    public var serverName: String

    /// A value with these fields.
    public init(identity: String, serverName: String) {
        self.identity = identity
        self.serverName = serverName
    }
}

/// A port of an external workload.
public struct ExternalWorkloadPort: Codable, Hashable, Sendable {
    /// Unique in the workload.
    public var name: String?
    /// 1…65535.
    public var port: Int
    /// The transport.
    public var `protocol`: TransportProtocol

    /// A value with these fields.
    public init(name: String? = nil, port: Int, protocol: TransportProtocol = .tcp) {
        self.name = name
        self.port = port
        self.protocol = `protocol`
    }
}

/// An address of an external workload.
public struct WorkloadIP: Codable, Hashable, Sendable {
    /// The address.
    public var ip: String

    /// A value with these fields.
    public init(ip: String) {
        self.ip = ip
    }
}
