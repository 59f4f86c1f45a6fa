/// A part of the endpoints of a Service.
public struct EndpointSlice: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice", plural: "endpointslices")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// `IPv4`, `IPv6` or `FQDN`.
    public var addressType: String
    /// The endpoints.
    public var endpoints: [Endpoint]
    /// Their ports; every endpoint has all of them.
    public var ports: [EndpointPort]

    /// A value with these fields.
    public init(metadata: ObjectMeta, addressType: String, endpoints: [Endpoint] = [], ports: [EndpointPort] = []) {
        self.metadata = metadata
        self.addressType = addressType
        self.endpoints = endpoints
        self.ports = ports
    }
}

/// What stands behind a Service.
public struct Endpoint: Codable, Hashable, Sendable {
    /// Its addresses; all reach the same.
    public var addresses: [String]
    /// Whether it may be used.
    public var conditions: EndpointConditions
    /// Its DNS name within the Service.
    public var hostname: String?
    /// The node that it runs on.
    public var nodeName: String?
    /// The zone that it runs in.
    public var zone: String?
    /// The pod behind it.
    public var targetRef: ObjectReference?
    /// For whom it is meant.
    public var hints: EndpointHints?

    /// A value with these fields.
    public init(
        addresses: [String] = [], conditions: EndpointConditions = EndpointConditions(), hostname: String? = nil,
        nodeName: String? = nil, zone: String? = nil, targetRef: ObjectReference? = nil, hints: EndpointHints? = nil
    ) {
        self.addresses = addresses
        self.conditions = conditions
        self.hostname = hostname
        self.nodeName = nodeName
        self.zone = zone
        self.targetRef = targetRef
        self.hints = hints
    }
}

extension Endpoint: Omissible {
    static let omitted = Endpoint()
}

/// Whether an endpoint may be used; absent fields mean yes for `ready`, and `ready` for `serving`.
public struct EndpointConditions: Codable, Hashable, Sendable {
    /// It may get new requests.
    public var ready: Bool?
    /// It answers, perhaps while it ends.
    public var serving: Bool?
    /// It is on its way out.
    public var terminating: Bool?

    /// A value with these fields.
    public init(ready: Bool? = nil, serving: Bool? = nil, terminating: Bool? = nil) {
        self.ready = ready
        self.serving = serving
        self.terminating = terminating
    }
}

extension EndpointConditions: Omissible {
    static let omitted = EndpointConditions()
}

/// For whom an endpoint is meant.
public struct EndpointHints: Codable, Hashable, Sendable {
    /// Zones whose clients should use it.
    public var forZones: [ZoneHint]

    /// A value with these fields.
    public init(forZones: [ZoneHint] = []) {
        self.forZones = forZones
    }
}

extension EndpointHints: Omissible {
    static let omitted = EndpointHints()
}

/// A zone whose clients should use an endpoint.
public struct ZoneHint: Codable, Hashable, Sendable {
    /// The zone.
    public var name: String

    /// A value with these fields.
    public init(name: String) {
        self.name = name
    }
}

/// A port of all endpoints of a slice.
public struct EndpointPort: Codable, Hashable, Sendable {
    /// The name of the Service's port; absent or empty when it has none.
    public var name: String?
    /// The number; absent means all ports.
    public var port: Int?
    /// The transport.
    public var `protocol`: TransportProtocol
    /// What is spoken, as a hint.
    public var appProtocol: String?

    /// A value with these fields.
    public init(name: String? = nil, port: Int? = nil, protocol: TransportProtocol = .tcp, appProtocol: String? = nil) {
        self.name = name
        self.port = port
        self.protocol = `protocol`
        self.appProtocol = appProtocol
    }
}

extension EndpointPort: Omissible {
    static let omitted = EndpointPort()
}
