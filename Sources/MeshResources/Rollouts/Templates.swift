/// A measurement to be used by many Canaries.
public struct MetricTemplate: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "flagger.app", version: "v1beta1", kind: "MetricTemplate", plural: "metrictemplates")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// Who is asked, and what.
    public var spec: MetricTemplateSpec

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: MetricTemplateSpec) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// Who is asked, and what.
public struct MetricTemplateSpec: Codable, Hashable, Sendable {
    /// Who is asked.
    public var provider: MetricProvider
    /// What is asked.
    public var query: String

    /// A value with these fields.
    public init(provider: MetricProvider = MetricProvider(), query: String) {
        self.provider = provider
        self.query = query
    }
}

/// Who is asked for measurements.
public struct MetricProvider: Codable, Hashable, Sendable {
    /// `prometheus` and others.
    public var type: String?
    /// Where.
    public var address: String?
    /// Credentials.
    public var secretRef: LocalObjectReference?
    /// Sent along.
    public var headers: [String: [String]]
    /// Of a cloud.
    public var region: String?
    /// True trusts any certificate.
    public var insecureSkipVerify: Bool

    /// A value with these fields.
    public init(
        type: String? = nil, address: String? = nil, secretRef: LocalObjectReference? = nil,
        headers: [String: [String]] = [:], region: String? = nil, insecureSkipVerify: Bool = false
    ) {
        self.type = type
        self.address = address
        self.secretRef = secretRef
        self.headers = headers
        self.region = region
        self.insecureSkipVerify = insecureSkipVerify
    }
}

extension MetricProvider: Omissible {
    static let omitted = MetricProvider()
}

/// Somebody who is told of rollouts.
public struct AlertProvider: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "flagger.app", version: "v1beta1", kind: "AlertProvider", plural: "alertproviders")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// How.
    public var spec: AlertProviderSpec

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: AlertProviderSpec = AlertProviderSpec()) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// How somebody is told.
public struct AlertProviderSpec: Codable, Hashable, Sendable {
    /// `slack`, `msteams`, `discord`, `rocket` or `gchat`.
    public var type: String?
    /// Absent means `general`.
    public var channel: String?
    /// Absent means `flagger`.
    public var username: String?
    /// Where.
    public var address: String?
    /// By which proxy.
    public var proxy: String?
    /// A Secret with `address` and `token`.
    public var secretRef: LocalObjectReference?

    /// A value with these fields.
    public init(
        type: String? = nil, channel: String? = nil, username: String? = nil, address: String? = nil,
        proxy: String? = nil, secretRef: LocalObjectReference? = nil
    ) {
        self.type = type
        self.channel = channel
        self.username = username
        self.address = address
        self.proxy = proxy
        self.secretRef = secretRef
    }
}

extension AlertProviderSpec: Omissible {
    static let omitted = AlertProviderSpec()
}

/// Shares a service's traffic among others.
public struct TrafficSplit: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "split.smi-spec.io", version: "v1alpha2", kind: "TrafficSplit", plural: "trafficsplits")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// The shares.
    public var spec: TrafficSplitSpec

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: TrafficSplitSpec) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// The shares of a service's traffic.
public struct TrafficSplitSpec: Codable, Hashable, Sendable {
    /// The service.
    public var service: String
    /// Who gets what.
    public var backends: [TrafficSplitBackend]

    /// A value with these fields.
    public init(service: String, backends: [TrafficSplitBackend] = []) {
        self.service = service
        self.backends = backends
    }
}

/// A share of a service's traffic.
public struct TrafficSplitBackend: Codable, Hashable, Sendable {
    /// The service.
    public var service: String
    /// Its share.
    public var weight: IntOrString

    /// A value with these fields.
    public init(service: String, weight: IntOrString) {
        self.service = service
        self.weight = weight
    }
}
