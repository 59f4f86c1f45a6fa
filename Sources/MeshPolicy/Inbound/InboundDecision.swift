public import MeshModel

/// Which authorization admits a client.
public enum Permit: Hashable, Sendable {
    /// The authorization of this index of the chosen route.
    case route(Int)
    /// The authorization of this index of the port.
    case server(Int)
    /// Clients on the same host are always admitted.
    case localhost
}

/// What becomes of a request.
public enum InboundVerdict: Hashable, Sendable {
    /// It may pass, through the filters of the rule and the rate limit.
    case allow(RouteChoice, Permit)
    /// No route is for it.
    case noRoute
    /// A route is for it, but not for this client.
    case deny(RouteChoice)
}

extension Authorization {
    /// True when a client at `peer` with `identity` satisfies both parts.
    public func admits(peer: IPAddress, identity: PeerIdentity) -> Bool {
        guard self.authentication.accepts(identity) else { return false }
        return self.networks.contains { $0.contains(peer) }
    }

    /// The metadata of the implicit authorization of clients on the same host.
    public static let localhostMetadata = PolicyMetadata.implicit("localhost")
}

extension Authentication {
    /// True when `identity` is proof enough.
    public func accepts(_ identity: PeerIdentity) -> Bool {
        switch self {
        case .unauthenticated: true
        case .tls: identity != .clear
        case .identities(let match): match.contains(identity)
        }
    }
}

extension InboundPolicy {
    /// Whether a connection is admitted whose requests are not looked at.
    ///
    /// HTTP and gRPC ports admit none: what is not HTTP has no business there.
    public func authorizeConnection(peer: IPAddress, identity: PeerIdentity) -> Permit? {
        switch self.protocol {
        case .detect, .opaque, .tls: self.permit(route: [], peer: peer, identity: identity)
        case .http1, .http2, .grpc: nil
        }
    }

    /// What becomes of a request from a client at `peer` with `identity`.
    ///
    /// Allocates nothing.
    public func decide(
        _ bytes: Span<UInt8>, _ head: RequestHead, _ fields: Span<FieldRange>, peer: IPAddress, identity: PeerIdentity
    ) -> InboundVerdict {
        switch self.protocol {
        case .detect(_, let http), .http1(let http), .http2(let http):
            guard let choice = http.routes.choose(bytes, head, fields) else { return .noRoute }
            let permit = self.permit(route: http.routes[choice.route].authorizations, peer: peer, identity: identity)
            return permit.map { .allow(choice, $0) } ?? .deny(choice)
        case .grpc(let routes):
            guard let choice = routes.choose(bytes, head, fields) else { return .noRoute }
            let permit = self.permit(route: routes[choice.route].authorizations, peer: peer, identity: identity)
            return permit.map { .allow(choice, $0) } ?? .deny(choice)
        case .opaque, .tls: return .noRoute
        }
    }

    /// The first authorization that admits a client: the route's, the port's, then that of the same host.
    public func permit(route: [Authorization], peer: IPAddress, identity: PeerIdentity) -> Permit? {
        if let index = route.firstIndex(where: { $0.admits(peer: peer, identity: identity) }) { return .route(index) }
        if let index = self.authorizations.firstIndex(where: { $0.admits(peer: peer, identity: identity) }) {
            return .server(index)
        }
        return peer.isSameHost ? .localhost : nil
    }

    /// What an authorization stems from, for metrics and logs.
    public func metadata(of permit: Permit, route: [Authorization]) -> PolicyMetadata {
        switch permit {
        case .route(let index): route[index].metadata
        case .server(let index): self.authorizations[index].metadata
        case .localhost: Authorization.localhostMetadata
        }
    }
}

extension IPAddress {
    /// 127.0.0.1 or ::1 exactly: the addresses that the proxy's own pod uses.
    fileprivate var isSameHost: Bool {
        switch self.canonical {
        case .v4(let value): value == 0x7F00_0001
        case .v6(let upper, let lower): upper == 0 && lower == 1
        }
    }
}
