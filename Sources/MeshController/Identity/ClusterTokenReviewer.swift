import MeshKubernetes
import MeshModel
import MeshResources

/// Asks the API server's TokenReview.
struct ClusterTokenReviewer: TokenReviewer {
    private static let type = ResourceType(
        group: "authentication.k8s.io", version: "v1", kind: "TokenReview", plural: "tokenreviews", isNamespaced: false)

    let client: KubernetesClient

    func review(token: String, audience: String) async throws -> TokenVerdict {
        let answer = try await self.client.create(
            ["spec": ["token": .string(token), "audiences": [.string(audience)]]], as: Self.type)
        let status = answer["status"]
        return TokenVerdict(
            isAuthenticated: status?["authenticated"]?.bool ?? false,
            username: status?[path: "user", "username"]?.string ?? "",
            audiences: (status?["audiences"]?.array ?? []).compactMap(\.string),
            error: status?["error"]?.string ?? "")
    }
}
