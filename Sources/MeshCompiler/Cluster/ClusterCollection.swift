public import MeshResources

/// Where a ``ClusterSnapshot`` keeps the objects of one kind, and how else they are found.
public struct ClusterCollection<Resource: KubernetesResource>: Sendable {
    /// The kind.
    public let kind: ClusterKind
    /// Where the objects are read from the API server.
    public let resourceType: ResourceType
    let table: any WritableKeyPath<ClusterSnapshot, ResourceTable<Resource>> & Sendable
    let indexKeys: @Sendable (Resource) -> [ClusterIndexKey]
    /// The object without a status that no compilation reads.
    let withoutStatus: (@Sendable (Resource) -> Resource)?

    init(
        _ kind: ClusterKind, _ table: any WritableKeyPath<ClusterSnapshot, ResourceTable<Resource>> & Sendable,
        type: ResourceType = Resource.resourceType,
        indexKeys: @escaping @Sendable (Resource) -> [ClusterIndexKey] = { _ in [] },
        withoutStatus: (@Sendable (Resource) -> Resource)? = nil
    ) {
        self.kind = kind
        self.resourceType = type
        self.table = table
        self.indexKeys = indexKeys
        self.withoutStatus = withoutStatus
    }
}

/// All collections by name.
public enum ClusterCollections {
    /// Pods.
    public static let pods = ClusterCollection(.pod, \.pods) { $0.indexKeys }
    /// Services.
    public static let services = ClusterCollection(.service, \.services) { service in
        service.clusterIPs.map { .clusterIP($0) }
    }
    /// EndpointSlices.
    public static let endpointSlices = ClusterCollection(.endpointSlice, \.endpointSlices) { slice in
        slice.service.map { [.slices($0)] } ?? []
    }
    /// Nodes.
    public static let nodes = ClusterCollection(.node, \.nodes)
    /// ReplicaSets.
    public static let replicaSets = ClusterCollection(.replicaSet, \.replicaSets)
    /// ExternalWorkloads.
    public static let externalWorkloads = ClusterCollection(.externalWorkload, \.externalWorkloads) { workload in
        workload.addresses.map { .externalIP($0) }
    }
    /// ServiceProfiles.
    public static let serviceProfiles = ClusterCollection(.serviceProfile, \.serviceProfiles)
    /// Servers.
    public static let servers = ClusterCollection(
        .server, \.servers, withoutStatus: { $0.withoutStatus })
    /// ServerAuthorizations.
    public static let serverAuthorizations = ClusterCollection(
        .serverAuthorization, \.serverAuthorizations, withoutStatus: { $0.withoutStatus })
    /// AuthorizationPolicies.
    public static let authorizationPolicies = ClusterCollection(
        .authorizationPolicy, \.authorizationPolicies, withoutStatus: { $0.withoutStatus })
    /// MeshTLSAuthentications.
    public static let meshTLSAuthentications = ClusterCollection(
        .meshTLSAuthentication, \.meshTLSAuthentications, withoutStatus: { $0.withoutStatus })
    /// NetworkAuthentications.
    public static let networkAuthentications = ClusterCollection(
        .networkAuthentication, \.networkAuthentications, withoutStatus: { $0.withoutStatus })
    /// HTTPLocalRateLimitPolicies.
    public static let rateLimitPolicies = ClusterCollection(.rateLimitPolicy, \.rateLimitPolicies)
    /// EgressNetworks.
    public static let egressNetworks = ClusterCollection(.egressNetwork, \.egressNetworks)
    /// HTTPRoutes of policy.linkerd.io.
    public static let policyHTTPRoutes = ClusterCollection(
        .policyHTTPRoute, \.policyHTTPRoutes, type: HTTPRoute.policyResourceType
    ) { $0.parentKeys(.policyHTTPRoute) }
    /// HTTPRoutes of gateway.networking.k8s.io.
    public static let gatewayHTTPRoutes = ClusterCollection(.gatewayHTTPRoute, \.gatewayHTTPRoutes) {
        $0.parentKeys(.gatewayHTTPRoute)
    }
    /// GRPCRoutes.
    public static let grpcRoutes = ClusterCollection(.grpcRoute, \.grpcRoutes) { $0.parentKeys(.grpcRoute) }
    /// TLSRoutes.
    public static let tlsRoutes = ClusterCollection(.tlsRoute, \.tlsRoutes) { $0.parentKeys(.tlsRoute) }
    /// TCPRoutes.
    public static let tcpRoutes = ClusterCollection(.tcpRoute, \.tcpRoutes) { $0.parentKeys(.tcpRoute) }
}

extension AttachableRoute {
    fileprivate func parentKeys(_ kind: ClusterKind) -> [ClusterIndexKey] {
        let parents = self.parentReferences.compactMap { ParentKey($0, of: self.metadata.namespace) }
        return parents.map { .routes(kind, parent: $0) }
    }
}
