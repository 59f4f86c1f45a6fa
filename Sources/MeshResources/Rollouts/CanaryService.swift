public import MeshModel

/// The Services and routes of a rollout.
public struct CanaryService: Codable, Hashable, Sendable {
    /// Absent means the workload's name.
    public var name: String?
    /// The port.
    public var port: Int
    /// Absent means `http`.
    public var portName: String?
    /// Absent means `port`.
    public var targetPort: IntOrString?
    /// What is spoken, as a hint.
    public var appProtocol: String?
    /// A preference for near endpoints.
    public var trafficDistribution: String?
    /// True adds the containers' ports.
    public var portDiscovery: Bool
    /// True makes Services without addresses.
    public var headless: Bool
    /// For the whole request.
    public var timeout: String?
    /// For one try.
    public var backendTimeout: String?
    /// Gateways of another mesh.
    public var gateways: [String]
    /// What the route attaches to.
    public var gatewayRefs: [ParentReference]
    /// Hosts of the route.
    public var hosts: [String]
    /// Which requests the route takes.
    public var match: [CanaryMatch]
    /// A change to host and path.
    public var rewrite: CanaryRewrite?
    /// Retries, kept as written.
    public var retries: JSONValue?
    /// Changes to headers.
    public var headers: CanaryHeaders?
    /// Copies, kept as written.
    public var mirror: [JSONValue]
    /// Answers to preflight requests, kept as written.
    public var corsPolicy: JSONValue?
    /// Labels and annotations of the main Service.
    public var apex: CustomMetadata?
    /// Labels and annotations of the primary's Service.
    public var primary: CustomMetadata?
    /// Labels and annotations of the canary's Service.
    public var canary: CustomMetadata?
    /// Keys that are left alone.
    public var unmanagedMetadata: UnmanagedMetadata?

    /// A value with these fields.
    public init(
        name: String? = nil, port: Int, portName: String? = nil, targetPort: IntOrString? = nil,
        appProtocol: String? = nil, trafficDistribution: String? = nil, portDiscovery: Bool = false,
        headless: Bool = false, timeout: String? = nil, backendTimeout: String? = nil, gateways: [String] = [],
        gatewayRefs: [ParentReference] = [], hosts: [String] = [], match: [CanaryMatch] = [],
        rewrite: CanaryRewrite? = nil, retries: JSONValue? = nil, headers: CanaryHeaders? = nil,
        mirror: [JSONValue] = [], corsPolicy: JSONValue? = nil, apex: CustomMetadata? = nil,
        primary: CustomMetadata? = nil, canary: CustomMetadata? = nil, unmanagedMetadata: UnmanagedMetadata? = nil
    ) {
        self.name = name
        self.port = port
        self.portName = portName
        self.targetPort = targetPort
        self.appProtocol = appProtocol
        self.trafficDistribution = trafficDistribution
        self.portDiscovery = portDiscovery
        self.headless = headless
        self.timeout = timeout
        self.backendTimeout = backendTimeout
        self.gateways = gateways
        self.gatewayRefs = gatewayRefs
        self.hosts = hosts
        self.match = match
        self.rewrite = rewrite
        self.retries = retries
        self.headers = headers
        self.mirror = mirror
        self.corsPolicy = corsPolicy
        self.apex = apex
        self.primary = primary
        self.canary = canary
        self.unmanagedMetadata = unmanagedMetadata
    }
}

/// Which requests; all fields must hold.
public struct CanaryMatch: Codable, Hashable, Sendable {
    /// Its name.
    public var name: String?
    /// The path.
    public var uri: StringMatch?
    /// The method.
    public var method: StringMatch?
    /// Headers.
    public var headers: [String: StringMatch]
    /// Query parameters.
    public var queryParams: [String: StringMatch]

    /// A value with these fields.
    public init(
        name: String? = nil, uri: StringMatch? = nil, method: StringMatch? = nil,
        headers: [String: StringMatch] = [:], queryParams: [String: StringMatch] = [:]
    ) {
        self.name = name
        self.uri = uri
        self.method = method
        self.headers = headers
        self.queryParams = queryParams
    }
}

extension CanaryMatch: Omissible {
    static let omitted = CanaryMatch()
}

/// A condition on text; exactly one.
public struct StringMatch: Codable, Hashable, Sendable {
    /// It is equal.
    public var exact: String?
    /// It begins with this.
    public var prefix: String?
    /// It ends with this.
    public var suffix: String?
    /// It matches as a whole.
    public var regex: String?

    /// A value with these fields.
    public init(exact: String? = nil, prefix: String? = nil, suffix: String? = nil, regex: String? = nil) {
        self.exact = exact
        self.prefix = prefix
        self.suffix = suffix
        self.regex = regex
    }
}

extension StringMatch: Omissible {
    static let omitted = StringMatch()
}

/// A change to host and path.
public struct CanaryRewrite: Codable, Hashable, Sendable {
    /// The path.
    public var uri: String?
    /// The host.
    public var authority: String?
    /// `ReplacePrefixMatch`, or the full path.
    public var type: String?

    /// A value with these fields.
    public init(uri: String? = nil, authority: String? = nil, type: String? = nil) {
        self.uri = uri
        self.authority = authority
        self.type = type
    }
}

extension CanaryRewrite: Omissible {
    static let omitted = CanaryRewrite()
}

/// Changes to headers in both directions.
public struct CanaryHeaders: Codable, Hashable, Sendable {
    /// Of the request.
    public var request: CanaryHeaderOperations?
    /// Of the response.
    public var response: CanaryHeaderOperations?

    /// A value with these fields.
    public init(request: CanaryHeaderOperations? = nil, response: CanaryHeaderOperations? = nil) {
        self.request = request
        self.response = response
    }
}

extension CanaryHeaders: Omissible {
    static let omitted = CanaryHeaders()
}

/// Changes to headers.
public struct CanaryHeaderOperations: Codable, Hashable, Sendable {
    /// Added to what is there.
    public var add: [String: String]
    /// Replace what is there.
    public var set: [String: String]
    /// Taken away.
    public var remove: [String]

    /// A value with these fields.
    public init(add: [String: String] = [:], set: [String: String] = [:], remove: [String] = []) {
        self.add = add
        self.set = set
        self.remove = remove
    }
}

extension CanaryHeaderOperations: Omissible {
    static let omitted = CanaryHeaderOperations()
}

/// Labels and annotations of a generated object.
public struct CustomMetadata: Codable, Hashable, Sendable {
    /// Labels.
    public var labels: [String: String]
    /// Annotations.
    public var annotations: [String: String]

    /// A value with these fields.
    public init(labels: [String: String] = [:], annotations: [String: String] = [:]) {
        self.labels = labels
        self.annotations = annotations
    }
}

extension CustomMetadata: Omissible {
    static let omitted = CustomMetadata()
}

/// Keys that are left alone on generated Services.
public struct UnmanagedMetadata: Codable, Hashable, Sendable {
    /// Labels.
    public var labels: [String]
    /// Annotations.
    public var annotations: [String]

    /// A value with these fields.
    public init(labels: [String] = [], annotations: [String] = []) {
        self.labels = labels
        self.annotations = annotations
    }
}

extension UnmanagedMetadata: Omissible {
    static let omitted = UnmanagedMetadata()
}
