import Crypto
import MeshModel

/// Finds out who asks.
struct Authenticator: Sendable {
    let signer: TokenSigner
    /// The audience of tokens that are for the API server itself.
    let audience: String
    let registry: Registry
    private let adminDigest: SHA256.Digest

    init(signer: TokenSigner, audience: String, registry: Registry, adminToken: String) {
        self.signer = signer
        self.audience = audience
        self.registry = registry
        self.adminDigest = SHA256.hash(data: Array(adminToken.utf8))
    }

    /// The user of a request, after impersonation.
    func user(of request: APIRequest, authorizer: Authorizer) throws(APIFailure) -> UserInfo {
        let user = try self.bearer(request.headers["authorization"])
        guard let name = request.headers["impersonate-user"] else { return user }
        guard authorizer.mayImpersonate(user) else {
            throw APIFailure(
                code: 403, reason: "Forbidden",
                message: "users \"\(name)\" is forbidden: User \"\(user.name)\" cannot impersonate resource \"users\" "
                    + "in API group \"\" at the cluster scope", name: name, kind: "users")
        }
        var groups = request.repeated["impersonate-group"] ?? []
        if name.hasPrefix("system:serviceaccount:"), groups.isEmpty {
            let parts = name.split(separator: ":")
            groups = ["system:serviceaccounts"] + (parts.count == 4 ? ["system:serviceaccounts:\(parts[2])"] : [])
        }
        if name != "system:anonymous", !groups.contains("system:authenticated") {
            groups.append("system:authenticated")
        }
        return UserInfo(name: name, uid: request.headers["impersonate-uid"] ?? "", groups: groups)
    }

    private func bearer(_ header: String?) throws(APIFailure) -> UserInfo {
        guard let header else { return .anonymous }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { throw .unauthorized() }
        let token = parts[1].trimmed
        // Digests of equal length are compared in constant time.
        if SHA256.hash(data: Array(token.utf8)) == self.adminDigest {
            return UserInfo(name: "kubernetes-admin", groups: ["system:masters", "system:authenticated"])
        }
        guard case .success(let claims) = self.check(token), claims.audiences.contains(self.audience) else {
            throw .unauthorized()
        }
        return Self.user(of: claims)
    }

    /// Why a token is not good.
    enum Refusal: Error { case invalid, noAccount, noPod }

    /// The claims of a token whose account and pod still are what they were.
    func check(_ token: String) -> Result<TokenSigner.Claims, Refusal> {
        guard let claims = self.signer.verify(token, now: self.registry.surroundings.now()) else {
            return .failure(.invalid)
        }
        let account = self.registry.store.get(ResourceID(group: "", plural: "serviceaccounts"), claims.account)
        guard account?.uid == claims.accountUID else { return .failure(.noAccount) }
        if let pod = claims.pod {
            let key = ObjectKey(namespace: claims.account.namespace, name: pod.name)
            let found = self.registry.store.get(ResourceID(group: "", plural: "pods"), key)
            guard found?.uid == pod.uid else { return .failure(.noPod) }
        }
        return .success(claims)
    }

    static func user(of claims: TokenSigner.Claims) -> UserInfo {
        var extra = ["authentication.kubernetes.io/credential-id": ["JTI=\(claims.tokenID)"]]
        if let pod = claims.pod {
            extra["authentication.kubernetes.io/pod-name"] = [pod.name]
            extra["authentication.kubernetes.io/pod-uid"] = [pod.uid]
        }
        return UserInfo(
            name: claims.userName, uid: claims.accountUID,
            groups: [
                "system:serviceaccounts", "system:serviceaccounts:\(claims.account.namespace)",
                "system:authenticated",
            ], extra: extra)
    }
}
