/// Which gRPC calls go where.
public struct GRPCRoute: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "gateway.networking.k8s.io", version: "v1", kind: "GRPCRoute", plural: "grpcroutes")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// The rules.
    public var spec: GRPCRouteSpec
    /// What controllers made of it.
    public var status: RouteStatus

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: GRPCRouteSpec = GRPCRouteSpec(), status: RouteStatus = RouteStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// Which gRPC calls go where.
public struct GRPCRouteSpec: Codable, Hashable, Sendable {
    /// What the route attaches to.
    public var parentRefs: [ParentReference]
    /// Hosts of calls; none means all.
    public var hostnames: [String]
    /// First match by precedence wins.
    public var rules: [GRPCRouteRule]

    /// A value with these fields.
    public init(parentRefs: [ParentReference] = [], hostnames: [String] = [], rules: [GRPCRouteRule] = []) {
        self.parentRefs = parentRefs
        self.hostnames = hostnames
        self.rules = rules
    }
}

extension GRPCRouteSpec: Omissible {
    static let omitted = GRPCRouteSpec()
}

/// Calls and what becomes of them.
public struct GRPCRouteRule: Codable, Hashable, Sendable {
    /// Shown in metrics.
    public var name: String?
    /// Any of them; none means all calls.
    public var matches: [GRPCRouteMatch]
    /// Changes, in order.
    public var filters: [HTTPRouteFilter]
    /// Where calls go, by weight.
    public var backendRefs: [HTTPBackendReference]

    /// A value with these fields.
    public init(
        name: String? = nil, matches: [GRPCRouteMatch] = [], filters: [HTTPRouteFilter] = [],
        backendRefs: [HTTPBackendReference] = []
    ) {
        self.name = name
        self.matches = matches
        self.filters = filters
        self.backendRefs = backendRefs
    }
}

extension GRPCRouteRule: Omissible {
    static let omitted = GRPCRouteRule()
}

/// Which calls; all fields must hold.
public struct GRPCRouteMatch: Codable, Hashable, Sendable {
    /// Service and method.
    public var method: GRPCMethodMatch?
    /// Metadata.
    public var headers: [HeaderMatch]

    /// A value with these fields.
    public init(method: GRPCMethodMatch? = nil, headers: [HeaderMatch] = []) {
        self.method = method
        self.headers = headers
    }
}

extension GRPCRouteMatch: Omissible {
    static let omitted = GRPCRouteMatch()
}

/// A condition on service and method.
public struct GRPCMethodMatch: Codable, Hashable, Sendable {
    /// How they are compared.
    public var type: MatchType
    /// The service.
    public var service: String?
    /// The method.
    public var method: String?

    /// A value with these fields.
    public init(type: MatchType = .exact, service: String? = nil, method: String? = nil) {
        self.type = type
        self.service = service
        self.method = method
    }
}

extension GRPCMethodMatch: Omissible {
    static let omitted = GRPCMethodMatch()
}

/// Which TLS connections go where.
public struct TLSRoute: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "gateway.networking.k8s.io", version: "v1alpha2", kind: "TLSRoute", plural: "tlsroutes")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// The rules.
    public var spec: TLSRouteSpec
    /// What controllers made of it.
    public var status: RouteStatus

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: TLSRouteSpec = TLSRouteSpec(), status: RouteStatus = RouteStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// Which TLS connections go where.
public struct TLSRouteSpec: Codable, Hashable, Sendable {
    /// What the route attaches to.
    public var parentRefs: [ParentReference]
    /// Server names; none means all.
    public var hostnames: [String]
    /// Exactly one is supported.
    public var rules: [ConnectionRouteRule]

    /// A value with these fields.
    public init(parentRefs: [ParentReference] = [], hostnames: [String] = [], rules: [ConnectionRouteRule] = []) {
        self.parentRefs = parentRefs
        self.hostnames = hostnames
        self.rules = rules
    }
}

extension TLSRouteSpec: Omissible {
    static let omitted = TLSRouteSpec()
}

/// Which connections go where.
public struct TCPRoute: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "gateway.networking.k8s.io", version: "v1alpha2", kind: "TCPRoute", plural: "tcproutes")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// The rules.
    public var spec: TCPRouteSpec
    /// What controllers made of it.
    public var status: RouteStatus

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: TCPRouteSpec = TCPRouteSpec(), status: RouteStatus = RouteStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// Which connections go where.
public struct TCPRouteSpec: Codable, Hashable, Sendable {
    /// What the route attaches to.
    public var parentRefs: [ParentReference]
    /// Exactly one is supported.
    public var rules: [ConnectionRouteRule]

    /// A value with these fields.
    public init(parentRefs: [ParentReference] = [], rules: [ConnectionRouteRule] = []) {
        self.parentRefs = parentRefs
        self.rules = rules
    }
}

extension TCPRouteSpec: Omissible {
    static let omitted = TCPRouteSpec()
}

/// Where connections go.
public struct ConnectionRouteRule: Codable, Hashable, Sendable {
    /// Shown in metrics.
    public var name: String?
    /// Where connections go, by weight.
    public var backendRefs: [BackendReference]

    /// A value with these fields.
    public init(name: String? = nil, backendRefs: [BackendReference] = []) {
        self.name = name
        self.backendRefs = backendRefs
    }
}

extension ConnectionRouteRule: Omissible {
    static let omitted = ConnectionRouteRule()
}
