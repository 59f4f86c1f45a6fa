/// The kinds of objects that compilations read.
public enum ClusterKind: String, Hashable, Sendable, CaseIterable {
    /// Pods.
    case pod
    /// Services.
    case service
    /// EndpointSlices.
    case endpointSlice
    /// Nodes, for their zones.
    case node
    /// ReplicaSets, for the Deployments that own them.
    case replicaSet
    /// ExternalWorkloads.
    case externalWorkload
    /// ServiceProfiles.
    case serviceProfile
    /// Servers.
    case server
    /// ServerAuthorizations.
    case serverAuthorization
    /// AuthorizationPolicies.
    case authorizationPolicy
    /// MeshTLSAuthentications.
    case meshTLSAuthentication
    /// NetworkAuthentications.
    case networkAuthentication
    /// HTTPLocalRateLimitPolicies.
    case rateLimitPolicy
    /// HTTPRoutes of policy.linkerd.io.
    case policyHTTPRoute
    /// HTTPRoutes of gateway.networking.k8s.io.
    case gatewayHTTPRoute
    /// GRPCRoutes.
    case grpcRoute
    /// TLSRoutes.
    case tlsRoute
    /// TCPRoutes.
    case tcpRoute
    /// EgressNetworks.
    case egressNetwork
}
