import MeshCompiler
import MeshKubernetes
import MeshModel
import MeshResources

/// Reads once what policies are compiled from.
struct ClusterReader {
    let client: KubernetesClient

    /// Everything that there is now; kinds that are not installed have no objects.
    func snapshot() async throws(KubernetesError) -> ClusterSnapshot {
        var snapshot = ClusterSnapshot()
        try await self.read(ClusterCollections.pods, into: &snapshot)
        try await self.read(ClusterCollections.services, into: &snapshot)
        try await self.read(ClusterCollections.externalWorkloads, into: &snapshot)
        try await self.read(ClusterCollections.servers, into: &snapshot)
        try await self.read(ClusterCollections.serverAuthorizations, into: &snapshot)
        try await self.read(ClusterCollections.authorizationPolicies, into: &snapshot)
        try await self.read(ClusterCollections.meshTLSAuthentications, into: &snapshot)
        try await self.read(ClusterCollections.networkAuthentications, into: &snapshot)
        try await self.read(ClusterCollections.rateLimitPolicies, into: &snapshot)
        try await self.read(ClusterCollections.policyHTTPRoutes, into: &snapshot)
        try await self.read(ClusterCollections.gatewayHTTPRoutes, into: &snapshot)
        try await self.read(ClusterCollections.grpcRoutes, into: &snapshot)
        try await self.read(ClusterCollections.tlsRoutes, into: &snapshot)
        try await self.read(ClusterCollections.tcpRoutes, into: &snapshot)
        try await self.read(ClusterCollections.egressNetworks, into: &snapshot)
        return snapshot
    }

    private func read<Resource: KubernetesResource>(
        _ collection: ClusterCollection<Resource>, into snapshot: inout ClusterSnapshot
    ) async throws(KubernetesError) {
        var page = Page(limit: 500)
        repeat {
            guard let list = try await self.page(page, of: collection) else { return }
            for object in list.objects { snapshot.apply(object, in: collection) }
            for invalid in list.invalid {
                ErrorOutput.write("\(collection.resourceType.kind) \(invalid.key) is left out: \(invalid.reason)")
            }
            page.token = list.next
        } while page.token != nil
    }

    private func page<Resource: KubernetesResource>(
        _ page: Page, of collection: ClusterCollection<Resource>
    ) async throws(KubernetesError) -> ObjectPage<Resource>? {
        do {
            return try await self.client.list(Resource.self, page: page, from: collection.resourceType)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }
}
