import MeshModel
import MeshPolicy

/// Policies that no object asks for.
enum ImplicitPolicies {
    /// Refuses connections to a port that a Service does not define.
    static func undefinedPort(of key: ObjectKey, port: UInt16) -> OutboundPolicy {
        OutboundPolicy(
            metadata: .service(key, port: port),
            protocol: .opaque([
                OutboundRoute(
                    metadata: .implicit("undefined-port"),
                    rules: [.init(filters: [.forbidden], distribution: .empty)])
            ]))
    }

    /// Sends everything where it was going.
    static func egressFallback(to address: SocketAddress, settings: MeshSettings) -> OutboundPolicy {
        let metadata = PolicyMetadata.implicit("egress-fallback")
        let backend = Backend(metadata: metadata, target: .forward(Endpoint(address: address)))
        let http = OutboundHTTP(routes: [
            OutboundRoute(
                metadata: metadata,
                rules: [.init(matches: [HTTPRouteMatch()], distribution: .random([RouteBackend(backend)]))])
        ])
        let opaque = OutboundRoute<OpaqueKind>(
            metadata: metadata, rules: [.init(distribution: .random([RouteBackend(backend)]))])
        return OutboundPolicy(
            metadata: metadata,
            protocol: .detect(timeout: settings.detectTimeout, opaque: [opaque], http1: http, http2: http))
    }
}

extension PolicyMetadata {
    static func service(_ key: ObjectKey, port: UInt16?) -> PolicyMetadata {
        .resource(
            ResourceReference(group: "core", kind: "Service", name: key.name, namespace: key.namespace, port: port))
    }

    static func egressNetwork(_ key: ObjectKey, port: UInt16?) -> PolicyMetadata {
        .resource(
            ResourceReference(
                group: APIGroup.policy, kind: "EgressNetwork", name: key.name, namespace: key.namespace, port: port))
    }
}
