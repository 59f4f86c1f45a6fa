/// A name and address for a set of pods.
public struct Service: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(version: "v1", kind: "Service", plural: "services")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// What is served.
    public var spec: ServiceSpec
    /// What the cluster made of it.
    public var status: ServiceStatus

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: ServiceSpec = ServiceSpec(), status: ServiceStatus = ServiceStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// What a Service serves.
public struct ServiceSpec: Codable, Hashable, Sendable {
    /// How it is reached.
    public var type: ServiceType
    /// Labels of its pods; empty means endpoints are kept by someone else.
    public var selector: [String: String]
    /// Its ports.
    public var ports: [ServicePort]
    /// Its first address; `None` for a headless one.
    public var clusterIP: String?
    /// Its addresses, at most one of each family.
    public var clusterIPs: [String]
    /// The DNS name that an ExternalName stands for.
    public var externalName: String?
    /// `IPv4`, `IPv6`.
    public var ipFamilies: [String]
    /// True when pods count before they are ready.
    public var publishNotReadyAddresses: Bool
    /// `Local` keeps traffic on its node; absent means `Cluster`.
    public var internalTrafficPolicy: String?
    /// A preference for near endpoints.
    public var trafficDistribution: String?
    /// `ClientIP` or `None`.
    public var sessionAffinity: String?

    /// A value with these fields.
    public init(
        type: ServiceType = .clusterIP, selector: [String: String] = [:], ports: [ServicePort] = [],
        clusterIP: String? = nil, clusterIPs: [String] = [], externalName: String? = nil, ipFamilies: [String] = [],
        publishNotReadyAddresses: Bool = false, internalTrafficPolicy: String? = nil,
        trafficDistribution: String? = nil, sessionAffinity: String? = nil
    ) {
        self.type = type
        self.selector = selector
        self.ports = ports
        self.clusterIP = clusterIP
        self.clusterIPs = clusterIPs
        self.externalName = externalName
        self.ipFamilies = ipFamilies
        self.publishNotReadyAddresses = publishNotReadyAddresses
        self.internalTrafficPolicy = internalTrafficPolicy
        self.trafficDistribution = trafficDistribution
        self.sessionAffinity = sessionAffinity
    }
}

extension ServiceSpec: Omissible {
    static let omitted = ServiceSpec()
}

/// How a Service is reached; absent means ClusterIP.
public enum ServiceType: String, Hashable, Sendable, Codable, CaseIterable {
    /// By an address inside the cluster.
    case clusterIP = "ClusterIP"
    /// Also by a port of every node.
    case nodePort = "NodePort"
    /// Also by an address outside.
    case loadBalancer = "LoadBalancer"
    /// By another DNS name.
    case externalName = "ExternalName"
}

extension ServiceType: Omissible {
    static var omitted: Self { .clusterIP }
}

/// A port of a Service.
public struct ServicePort: Codable, Hashable, Sendable {
    /// Unique in the Service; absent when it is the only one.
    public var name: String?
    /// 1…65535.
    public var port: Int
    /// The pods' port or its name; absent means `port`.
    public var targetPort: IntOrString?
    /// The transport.
    public var `protocol`: TransportProtocol
    /// What is spoken, as a hint.
    public var appProtocol: String?
    /// The port of every node.
    public var nodePort: Int?

    /// A value with these fields.
    public init(
        name: String? = nil, port: Int, targetPort: IntOrString? = nil, protocol: TransportProtocol = .tcp,
        appProtocol: String? = nil, nodePort: Int? = nil
    ) {
        self.name = name
        self.port = port
        self.targetPort = targetPort
        self.protocol = `protocol`
        self.appProtocol = appProtocol
        self.nodePort = nodePort
    }
}

/// What the cluster made of a Service.
public struct ServiceStatus: Codable, Hashable, Sendable {
    /// Addresses outside.
    public var loadBalancer: LoadBalancerStatus
    /// State.
    public var conditions: [Condition]

    /// A value with these fields.
    public init(loadBalancer: LoadBalancerStatus = LoadBalancerStatus(), conditions: [Condition] = []) {
        self.loadBalancer = loadBalancer
        self.conditions = conditions
    }
}

extension ServiceStatus: Omissible {
    static let omitted = ServiceStatus()
}

/// Addresses of a load balancer.
public struct LoadBalancerStatus: Codable, Hashable, Sendable {
    /// The addresses.
    public var ingress: [LoadBalancerIngress]

    /// A value with these fields.
    public init(ingress: [LoadBalancerIngress] = []) {
        self.ingress = ingress
    }
}

extension LoadBalancerStatus: Omissible {
    static let omitted = LoadBalancerStatus()
}

/// An address of a load balancer.
public struct LoadBalancerIngress: Codable, Hashable, Sendable {
    /// The address.
    public var ip: String?
    /// Or its name.
    public var hostname: String?

    /// A value with these fields.
    public init(ip: String? = nil, hostname: String? = nil) {
        self.ip = ip
        self.hostname = hostname
    }
}

extension LoadBalancerIngress: Omissible {
    static let omitted = LoadBalancerIngress()
}
