/// What a route attaches to.
public struct ParentReference: Codable, Hashable, Sendable {
    /// The default depends on the route's group.
    public var group: String?
    /// The default is `Gateway`.
    public var kind: String?
    /// Name of the parent.
    public var name: String
    /// Absent means that of the route.
    public var namespace: String?
    /// One port of the parent; absent means all.
    public var port: Int?
    /// One section of the parent.
    public var sectionName: String?

    /// A value with these fields.
    public init(
        group: String? = nil, kind: String? = nil, name: String, namespace: String? = nil, port: Int? = nil,
        sectionName: String? = nil
    ) {
        self.group = group
        self.kind = kind
        self.name = name
        self.namespace = namespace
        self.port = port
        self.sectionName = sectionName
    }
}

/// Where a part of a route's traffic goes.
public struct BackendReference: Codable, Hashable, Sendable {
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

    /// A value with these fields.
    public init(
        group: String? = nil, kind: String? = nil, name: String, namespace: String? = nil, port: Int? = nil,
        weight: Int? = nil
    ) {
        self.group = group
        self.kind = kind
        self.name = name
        self.namespace = namespace
        self.port = port
        self.weight = weight
    }
}

/// What controllers made of a route.
public struct RouteStatus: Codable, Hashable, Sendable {
    /// One for each parent and controller.
    public var parents: [RouteParentStatus]

    /// A value with these fields.
    public init(parents: [RouteParentStatus] = []) {
        self.parents = parents
    }
}

extension RouteStatus: Omissible {
    static let omitted = RouteStatus()
}

/// What a controller made of a route at one parent.
public struct RouteParentStatus: Codable, Hashable, Sendable {
    /// The parent.
    public var parentRef: ParentReference
    /// Whose words these are.
    public var controllerName: String
    /// `Accepted`, `ResolvedRefs`.
    public var conditions: [Condition]

    /// A value with these fields.
    public init(parentRef: ParentReference, controllerName: String, conditions: [Condition] = []) {
        self.parentRef = parentRef
        self.controllerName = controllerName
        self.conditions = conditions
    }
}

/// A condition on a header.
public struct HeaderMatch: Codable, Hashable, Sendable {
    /// How the value is compared.
    public var type: MatchType
    /// The header.
    public var name: String
    /// The value or pattern.
    public var value: String

    /// A value with these fields.
    public init(type: MatchType = .exact, name: String, value: String) {
        self.type = type
        self.name = name
        self.value = value
    }
}

/// A condition on a query parameter.
public struct QueryParamMatch: Codable, Hashable, Sendable {
    /// How the value is compared.
    public var type: MatchType
    /// The parameter.
    public var name: String
    /// The value or pattern.
    public var value: String

    /// A value with these fields.
    public init(type: MatchType = .exact, name: String, value: String) {
        self.type = type
        self.name = name
        self.value = value
    }
}

/// How a value is compared.
public enum MatchType: String, Hashable, Sendable, Codable, CaseIterable {
    /// It is equal.
    case exact = "Exact"
    /// It matches as a whole.
    case regularExpression = "RegularExpression"
}

extension MatchType: Omissible {
    static var omitted: Self { .exact }
}

/// Changes to headers.
public struct HeaderModifier: Codable, Hashable, Sendable {
    /// Added to what is there.
    public var add: [HTTPHeader]
    /// Replace what is there.
    public var set: [HTTPHeader]
    /// Taken away.
    public var remove: [String]

    /// A value with these fields.
    public init(add: [HTTPHeader] = [], set: [HTTPHeader] = [], remove: [String] = []) {
        self.add = add
        self.set = set
        self.remove = remove
    }
}

extension HeaderModifier: Omissible {
    static let omitted = HeaderModifier()
}

/// A change to the path.
public struct PathModifier: Codable, Hashable, Sendable {
    /// Which change.
    public var type: PathModifierType
    /// The new path.
    public var replaceFullPath: String?
    /// The new prefix in place of the matched one.
    public var replacePrefixMatch: String?

    /// A value with these fields.
    public init(type: PathModifierType, replaceFullPath: String? = nil, replacePrefixMatch: String? = nil) {
        self.type = type
        self.replaceFullPath = replaceFullPath
        self.replacePrefixMatch = replacePrefixMatch
    }
}

/// Which part of the path is replaced.
public enum PathModifierType: String, Hashable, Sendable, Codable, CaseIterable {
    /// All of it.
    case replaceFullPath = "ReplaceFullPath"
    /// The matched prefix.
    case replacePrefixMatch = "ReplacePrefixMatch"
}

/// An answer that sends the client elsewhere.
public struct RequestRedirect: Codable, Hashable, Sendable {
    /// `http` or `https`.
    public var scheme: String?
    /// The host.
    public var hostname: String?
    /// The path.
    public var path: PathModifier?
    /// The port.
    public var port: Int?
    /// Absent means 302.
    public var statusCode: Int?

    /// A value with these fields.
    public init(
        scheme: String? = nil, hostname: String? = nil, path: PathModifier? = nil, port: Int? = nil,
        statusCode: Int? = nil
    ) {
        self.scheme = scheme
        self.hostname = hostname
        self.path = path
        self.port = port
        self.statusCode = statusCode
    }
}

extension RequestRedirect: Omissible {
    static let omitted = RequestRedirect()
}

/// A change to host and path.
public struct URLRewrite: Codable, Hashable, Sendable {
    /// The host.
    public var hostname: String?
    /// The path.
    public var path: PathModifier?

    /// A value with these fields.
    public init(hostname: String? = nil, path: PathModifier? = nil) {
        self.hostname = hostname
        self.path = path
    }
}

extension URLRewrite: Omissible {
    static let omitted = URLRewrite()
}

/// A copy of requests.
public struct RequestMirror: Codable, Hashable, Sendable {
    /// Where copies go.
    public var backendRef: BackendReference

    /// A value with these fields.
    public init(backendRef: BackendReference) {
        self.backendRef = backendRef
    }
}

/// Limits of time, as text whose grammar depends on the route's group.
public struct RouteTimeouts: Codable, Hashable, Sendable {
    /// For the whole request.
    public var request: String?
    /// For one try.
    public var backendRequest: String?

    /// A value with these fields.
    public init(request: String? = nil, backendRequest: String? = nil) {
        self.request = request
        self.backendRequest = backendRequest
    }
}

extension RouteTimeouts: Omissible {
    static let omitted = RouteTimeouts()
}
