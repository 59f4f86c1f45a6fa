import MeshResources

/// A policy object whose status says how much it governs.
protocol GovernedResource: KubernetesResource {
    var status: GovernanceStatus { get set }
}

extension GovernedResource {
    var withoutStatus: Self {
        var bare = self
        bare.status = GovernanceStatus()
        return bare
    }
}

extension Server: GovernedResource {}
extension ServerAuthorization: GovernedResource {}
extension AuthorizationPolicy: GovernedResource {}
extension MeshTLSAuthentication: GovernedResource {}
extension NetworkAuthentication: GovernedResource {}
