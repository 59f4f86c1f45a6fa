import MeshModel

/// The policy of one port of a workload.
public struct InboundPolicy: Hashable, Sendable {
    /// How connections are read, and the routes and limits that this allows.
    public var `protocol`: InboundProtocol
    /// Who may reach every route; routes may admit more.
    public var authorizations: [Authorization]
    /// The Server, or the default policy by name.
    public var metadata: PolicyMetadata

    /// A policy for one port.
    public init(protocol: InboundProtocol, authorizations: [Authorization], metadata: PolicyMetadata) {
        self.protocol = `protocol`
        self.authorizations = authorizations
        self.metadata = metadata
    }
}

/// How connections to a port are read.
public enum InboundProtocol: Hashable, Sendable {
    /// By looking at the first bytes for at most `timeout`.
    case detect(timeout: Duration, http: InboundHTTP)
    /// HTTP/1.
    case http1(InboundHTTP)
    /// HTTP/2.
    case http2(InboundHTTP)
    /// gRPC.
    case grpc([InboundRoute<GRPCKind>])
    /// Not at all; the server may speak first.
    case opaque
    /// As TLS that the application terminates.
    case tls
}

/// Routes and limits of an HTTP port.
public struct InboundHTTP: Hashable, Sendable {
    /// In order of precedence among equals.
    public var routes: [InboundRoute<HTTPKind>]
    /// Applied after authorization and filters.
    public var rateLimit: RateLimit?

    /// Routes, and a limit when given.
    public init(routes: [InboundRoute<HTTPKind>], rateLimit: RateLimit? = nil) {
        self.routes = routes
        self.rateLimit = rateLimit
    }
}

/// A route of a port.
public struct InboundRoute<Kind: RouteKind>: Hashable, Sendable {
    /// What the route stems from.
    public var metadata: PolicyMetadata
    /// Empty for every host.
    public var hosts: [HostMatch]
    /// Who may use the route besides those whom the port admits.
    public var authorizations: [Authorization]
    /// What it matches and does.
    public var rules: [Rule]

    /// A rule of a route.
    public struct Rule: Hashable, Sendable {
        /// One of them must match; empty for all requests.
        public var matches: [Kind.Match]
        /// Applied in order.
        public var filters: [Kind.Filter]

        /// A rule without filters unless given.
        public init(matches: [Kind.Match], filters: [Kind.Filter] = []) {
            self.matches = matches
            self.filters = filters
        }
    }

    /// A route for every host and without authorizations of its own unless given.
    public init(
        metadata: PolicyMetadata, hosts: [HostMatch] = [], authorizations: [Authorization] = [], rules: [Rule]
    ) {
        self.metadata = metadata
        self.hosts = hosts
        self.authorizations = authorizations
        self.rules = rules
    }
}

extension InboundRoute<HTTPKind> {
    /// The route of a port without routes: everything, under the name `default`.
    public static let `default` = Self(
        metadata: .implicit("default"), rules: [Rule(matches: [HTTPRouteMatch(path: .prefix("/"))])])
}

extension InboundRoute<GRPCKind> {
    /// The route of a gRPC port without routes: every call, under the name `default`.
    public static let `default` = Self(
        metadata: .implicit("default"), rules: [Rule(matches: [GRPCRouteMatch()])])
}
