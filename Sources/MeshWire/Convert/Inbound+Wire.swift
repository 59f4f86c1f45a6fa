internal import MeshModel
public import MeshPolicy
internal import SwiftProtobuf

extension InboundPolicy {
    /// Takes over a policy from the control plane.
    ///
    /// - Throws: the first thing that is missing or invalid. The port must then refuse everyone.
    public init(_ wire: Io_Linkerd_Proxy_Inbound_Server) throws(WireError) {
        guard wire.hasProtocol else { throw .missing("protocol") }
        self.init(
            protocol: try InboundProtocol(wire.protocol),
            authorizations: try wire.authorizations.converted { (authz) throws(WireError) in
                try Authorization(authz)
            },
            metadata: try PolicyMetadata(labels: wire.labels, kind: "server", "labels"))
    }

    /// The message of this policy.
    public var wire: Io_Linkerd_Proxy_Inbound_Server {
        .with {
            $0.protocol = self.protocol.wire
            $0.authorizations = self.authorizations.map(\.wire)
            $0.labels = self.metadata.labels
        }
    }
}

extension InboundProtocol {
    init(_ wire: InboundWireProtocol) throws(WireError) {
        switch wire.kind {
        case .detect(let detect):
            guard detect.hasTimeout else { throw .missing("detect.timeout") }
            let limit = detect.hasHTTPLocalRateLimit ? try RateLimit(detect.httpLocalRateLimit) : nil
            self = .detect(
                timeout: try Duration(detect.timeout, "detect.timeout"),
                http: try InboundHTTP(detect.httpRoutes, rateLimit: limit))
        case .http1(let http):
            let limit = http.hasLocalRateLimit ? try RateLimit(http.localRateLimit) : nil
            self = .http1(try InboundHTTP(http.routes, rateLimit: limit))
        case .http2(let http):
            let limit = http.hasLocalRateLimit ? try RateLimit(http.localRateLimit) : nil
            self = .http2(try InboundHTTP(http.routes, rateLimit: limit))
        case .grpc(let grpc):
            let routes = try grpc.routes.converted { (route) throws(WireError) in try InboundRoute<GRPCKind>(route) }
            self = .grpc(routes.isEmpty ? [.default] : routes)
        case .opaque: self = .opaque
        case .tls: self = .tls
        case nil: throw .missing("protocol.kind")
        }
    }

    var wire: InboundWireProtocol {
        .with {
            switch self {
            case .detect(let timeout, let http):
                $0.detect = .with {
                    $0.timeout = timeout.wire
                    $0.httpRoutes = http.routes.map(\.wire)
                    if let limit = http.rateLimit { $0.httpLocalRateLimit = limit.wire }
                }
            case .http1(let http):
                $0.http1 = .with {
                    $0.routes = http.routes.map(\.wire)
                    if let limit = http.rateLimit { $0.localRateLimit = limit.wire }
                }
            case .http2(let http):
                $0.http2 = .with {
                    $0.routes = http.routes.map(\.wire)
                    if let limit = http.rateLimit { $0.localRateLimit = limit.wire }
                }
            case .grpc(let routes): $0.grpc = .with { $0.routes = routes.map(\.wire) }
            case .opaque: $0.opaque = .init()
            case .tls: $0.tls = .init()
            }
        }
    }
}

extension InboundHTTP {
    /// Without routes there is a control plane that knows none yet: then all requests take a default route.
    init(_ routes: [InboundHTTPRouteMessage], rateLimit: RateLimit?) throws(WireError) {
        let routes = try routes.converted { (route) throws(WireError) in try InboundRoute<HTTPKind>(route) }
        self.init(routes: routes.isEmpty ? [.default] : routes, rateLimit: rateLimit)
    }
}

extension Authorization {
    init(_ wire: InboundAuthz) throws(WireError) {
        guard wire.hasAuthentication else { throw .missing("authorization.authentication") }
        self.init(
            networks: try wire.networks.converted { (network) throws(WireError) in
                NetworkMatch(
                    try IPNetwork(network.net),
                    except: try network.except.converted { (part) throws(WireError) in try IPNetwork(part) })
            },
            authentication: try Authentication(wire.authentication),
            metadata: wire.hasMetadata
                ? try PolicyMetadata(wire.metadata, "authorization.metadata")
                : try PolicyMetadata(labels: wire.labels, kind: "serverauthorization", "authorization.labels"))
    }

    var wire: InboundAuthz {
        .with {
            $0.networks = self.networks.map { network in
                .with {
                    $0.net = network.network.wire
                    $0.except = network.except.map(\.wire)
                }
            }
            $0.authentication = self.authentication.wire
            $0.labels = self.metadata.labels
            $0.metadata = self.metadata.wire
        }
    }
}

extension Authentication {
    init(_ wire: InboundAuthn) throws(WireError) {
        switch wire.permit {
        case .unauthenticated: self = .unauthenticated
        case .meshTls(let tls):
            switch tls.clients {
            case .unauthenticated: self = .tls
            case .identities(let identities):
                self = .identities(
                    IdentityMatch(
                        exact: try identities.identities.converted { (identity) throws(WireError) in
                            guard !identity.name.isEmpty else { throw .missing("identity.name") }
                            return ByteString(identity: identity.name)
                        },
                        suffixes: identities.suffixes.map { suffix in
                            ByteString(lowercasing: suffix.parts.map { ".\($0)" }.joined())
                        }))
            case nil: throw .missing("authentication.meshTLS.clients")
            }
        case nil: throw .missing("authentication.permit")
        }
    }

    var wire: InboundAuthn {
        .with {
            switch self {
            case .unauthenticated: $0.unauthenticated = .init()
            case .tls: $0.meshTls = .with { $0.unauthenticated = .init() }
            case .identities(let match):
                $0.meshTls = .with {
                    $0.identities = .with {
                        $0.identities = match.exact.map { name in .with { $0.name = name.string } }
                        $0.suffixes = match.suffixes.map { suffix in
                            .with { $0.parts = suffix.string.split(separator: ".").map(String.init) }
                        }
                    }
                }
            }
        }
    }
}

extension ByteString {
    /// DNS identities are compared in lower case, URIs as they are.
    init(identity: String) {
        if identity.contains("://") { self.init(identity) } else { self.init(lowercasing: identity) }
    }
}

extension RateLimit {
    init(_ wire: InboundRateLimit) throws(WireError) {
        guard wire.hasMetadata else { throw .missing("rate_limit.metadata") }
        self.init(
            metadata: try PolicyMetadata(wire.metadata, "rate_limit.metadata"),
            total: wire.hasTotal ? try Self.limit(wire.total) : nil,
            identity: wire.hasIdentity ? try Self.limit(wire.identity) : nil,
            overrides: try wire.overrides.converted { (override) throws(WireError) in
                guard override.hasLimit else { throw .missing("rate_limit.override.limit") }
                return Override(
                    limit: try Self.limit(override.limit),
                    identities: override.clients.identities.map { ByteString(identity: $0.name) })
            })
    }

    private static func limit(_ wire: InboundRateLimit.Limit) throws(WireError) -> UInt32 {
        guard wire.requestsPerSecond > 0 else { throw .invalid("rate_limit.requestsPerSecond", value: "0") }
        return wire.requestsPerSecond
    }

    var wire: InboundRateLimit {
        .with {
            $0.metadata = self.metadata.wire
            if let total { $0.total = .with { $0.requestsPerSecond = total } }
            if let identity { $0.identity = .with { $0.requestsPerSecond = identity } }
            $0.overrides = self.overrides.map { override in
                .with {
                    $0.limit = .with { $0.requestsPerSecond = override.limit }
                    $0.clients = .with {
                        $0.identities = override.identities.map { name in .with { $0.name = name.string } }
                    }
                }
            }
        }
    }
}
