/// Which requests go where.
public struct HTTPRouteSpec: Codable, Hashable, Sendable {
    /// What the route attaches to.
    public var parentRefs: [ParentReference]
    /// Hosts of requests; none means all.
    public var hostnames: [String]
    /// First match by precedence wins.
    public var rules: [HTTPRouteRule]

    /// A value with these fields.
    public init(parentRefs: [ParentReference] = [], hostnames: [String] = [], rules: [HTTPRouteRule] = []) {
        self.parentRefs = parentRefs
        self.hostnames = hostnames
        self.rules = rules
    }
}

extension HTTPRouteSpec: Omissible {
    static let omitted = HTTPRouteSpec()
}

/// Requests and what becomes of them.
public struct HTTPRouteRule: Codable, Hashable, Sendable {
    /// Shown in metrics.
    public var name: String?
    /// Any of them; none means all requests.
    public var matches: [HTTPRouteMatch]
    /// Changes, in order.
    public var filters: [HTTPRouteFilter]
    /// Where requests go, by weight.
    public var backendRefs: [HTTPBackendReference]
    /// Limits of time.
    public var timeouts: RouteTimeouts?

    /// A value with these fields.
    public init(
        name: String? = nil, matches: [HTTPRouteMatch] = [], filters: [HTTPRouteFilter] = [],
        backendRefs: [HTTPBackendReference] = [], timeouts: RouteTimeouts? = nil
    ) {
        self.name = name
        self.matches = matches
        self.filters = filters
        self.backendRefs = backendRefs
        self.timeouts = timeouts
    }
}

extension HTTPRouteRule: Omissible {
    static let omitted = HTTPRouteRule()
}

/// Which requests; all fields must hold.
public struct HTTPRouteMatch: Codable, Hashable, Sendable {
    /// The path.
    public var path: HTTPPathMatch?
    /// Headers.
    public var headers: [HeaderMatch]
    /// Query parameters.
    public var queryParams: [QueryParamMatch]
    /// The method.
    public var method: String?

    /// A value with these fields.
    public init(
        path: HTTPPathMatch? = nil, headers: [HeaderMatch] = [], queryParams: [QueryParamMatch] = [],
        method: String? = nil
    ) {
        self.path = path
        self.headers = headers
        self.queryParams = queryParams
        self.method = method
    }
}

extension HTTPRouteMatch: Omissible {
    static let omitted = HTTPRouteMatch()
}

/// A condition on the path.
public struct HTTPPathMatch: Codable, Hashable, Sendable {
    /// How the path is compared.
    public var type: PathMatchType
    /// Absent means `/`.
    public var value: String?

    /// A value with these fields.
    public init(type: PathMatchType = .pathPrefix, value: String? = nil) {
        self.type = type
        self.value = value
    }
}

extension HTTPPathMatch: Omissible {
    static let omitted = HTTPPathMatch()
}

/// How a path is compared.
public enum PathMatchType: String, Hashable, Sendable, Codable, CaseIterable {
    /// It is equal.
    case exact = "Exact"
    /// It begins with these segments.
    case pathPrefix = "PathPrefix"
    /// It matches as a whole.
    case regularExpression = "RegularExpression"
}

extension PathMatchType: Omissible {
    static var omitted: Self { .pathPrefix }
}

/// A change to requests or responses; the field that `type` names is present.
public struct HTTPRouteFilter: Codable, Hashable, Sendable {
    /// Such as `RequestHeaderModifier` or `URLRewrite`.
    public var type: String
    /// Headers of the request.
    public var requestHeaderModifier: HeaderModifier?
    /// Headers of the response.
    public var responseHeaderModifier: HeaderModifier?
    /// A copy.
    public var requestMirror: RequestMirror?
    /// An answer that sends the client elsewhere.
    public var requestRedirect: RequestRedirect?
    /// Host and path.
    public var urlRewrite: URLRewrite?
    /// Something of somebody else's.
    public var extensionRef: LocalTargetReference?

    /// A value with these fields.
    public init(
        type: String, requestHeaderModifier: HeaderModifier? = nil, responseHeaderModifier: HeaderModifier? = nil,
        requestMirror: RequestMirror? = nil, requestRedirect: RequestRedirect? = nil, urlRewrite: URLRewrite? = nil,
        extensionRef: LocalTargetReference? = nil
    ) {
        self.type = type
        self.requestHeaderModifier = requestHeaderModifier
        self.responseHeaderModifier = responseHeaderModifier
        self.requestMirror = requestMirror
        self.requestRedirect = requestRedirect
        self.urlRewrite = urlRewrite
        self.extensionRef = extensionRef
    }
}

/// Where a part of a route's requests goes.
public struct HTTPBackendReference: Codable, Hashable, Sendable {
    /// Absent, empty and `core` mean the core group.
    public var group: String?
    /// Absent means `Service`.
    public var kind: String?
    /// Name of the backend.
    public var name: String
    /// Absent means that of the route.
    public var namespace: String?
    /// The port; needed for a Service.
    public var port: Int?
    /// Its share; absent means 1.
    public var weight: Int?
    /// Changes for this backend alone.
    public var filters: [HTTPRouteFilter]

    /// A value with these fields.
    public init(
        group: String? = nil, kind: String? = nil, name: String, namespace: String? = nil, port: Int? = nil,
        weight: Int? = nil, filters: [HTTPRouteFilter] = []
    ) {
        self.group = group
        self.kind = kind
        self.name = name
        self.namespace = namespace
        self.port = port
        self.weight = weight
        self.filters = filters
    }
}
