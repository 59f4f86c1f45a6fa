public import MeshModel
public import MeshPolicy

/// What is merely counted.
public enum CounterLabels: Hashable, Sendable {
    /// A request that no authorization admitted.
    case inboundDenied(target: SocketAddress, tls: ServerTLS, server: PolicyMetadata, route: PolicyMetadata)
    /// A request for which there was no route.
    case inboundNoRoute(target: SocketAddress, tls: ServerTLS, server: PolicyMetadata)
    /// A request that a rate limit refused; `scope` is `total` or `identity`.
    case inboundLimited(
        target: SocketAddress, tls: ServerTLS, server: PolicyMetadata, limit: PolicyMetadata, scope: String)
    /// A connection that an authorization admitted.
    case inboundConnectionAllowed(
        target: SocketAddress, tls: ServerTLS, server: PolicyMetadata, authorization: PolicyMetadata)
    /// A connection that no authorization admitted.
    case inboundConnectionDenied(target: SocketAddress, tls: ServerTLS, server: PolicyMetadata)
    /// A connection closed because a new policy admits it no more.
    case inboundConnectionTerminated(target: SocketAddress, tls: ServerTLS, server: PolicyMetadata)
    /// An error answered to a client; `error` is one of the texts that metrics know.
    case inboundHTTPError(target: SocketAddress, server: PolicyMetadata, error: String)
    /// A connection that failed on the way in.
    case inboundTCPError(target: SocketAddress, error: String)
    /// An error answered to this workload.
    case outboundHTTPError(error: String)
    /// A connection that failed on the way out.
    case outboundTCPError(target: SocketAddress, error: String)
    /// A connection to a target, by the protocol that it turned out to speak: `http/1`, `http/2`, `opaq`, `tls`.
    case outboundProtocol(String, parent: PolicyMetadata)

    var family: Family {
        switch self {
        case .inboundDenied: .inboundHTTPAuthzDeny
        case .inboundNoRoute: .inboundHTTPRouteNotFound
        case .inboundLimited: .inboundHTTPRateLimited
        case .inboundConnectionAllowed: .inboundTCPAuthzAllow
        case .inboundConnectionDenied: .inboundTCPAuthzDeny
        case .inboundConnectionTerminated: .inboundTCPAuthzTerminate
        case .inboundHTTPError: .inboundHTTPErrors
        case .inboundTCPError: .inboundTCPErrors
        case .outboundHTTPError: .outboundHTTPErrors
        case .outboundTCPError: .outboundTCPErrors
        case .outboundProtocol: .outboundProtocolConnections
        }
    }

    var text: String {
        var labels = LabelText()
        switch self {
        case .inboundDenied(let target, let tls, let server, let route):
            labels.append(target: target)
            labels.append(server: server, port: target.port)
            labels.append(route: route)
            tls.append(to: &labels)
        case .inboundNoRoute(let target, let tls, let server),
            .inboundConnectionDenied(let target, let tls, let server),
            .inboundConnectionTerminated(let target, let tls, let server):
            labels.append(target: target)
            labels.append(server: server, port: target.port)
            tls.append(to: &labels)
        case .inboundLimited(let target, let tls, let server, let limit, let scope):
            labels.append(target: target)
            labels.append(server: server, port: target.port)
            labels.append("ratelimit_group", limit.group)
            labels.append("ratelimit_kind", limit.kind)
            labels.append("ratelimit_name", limit.name)
            labels.append("ratelimit_scope", scope)
            tls.append(to: &labels)
        case .inboundConnectionAllowed(let target, let tls, let server, let authorization):
            labels.append(target: target)
            labels.append(server: server, port: target.port)
            labels.append(authorization: authorization)
            tls.append(to: &labels)
        case .inboundHTTPError(let target, let server, let error):
            labels.append("error", error)
            labels.append(target: target)
            labels.append(server: server, port: target.port)
        case .inboundTCPError(let target, let error), .outboundTCPError(let target, let error):
            labels.append("error", error)
            labels.append(target: target)
        case .outboundHTTPError(let error): labels.append("error", error)
        case .outboundProtocol(let name, let parent):
            labels.append("protocol", name)
            labels.append(parent: parent)
        }
        return labels.text
    }
}
