public import MeshModel
public import MeshResources

/// Who a token is of, by the word of the API server.
public struct ReviewedToken: Hashable, Sendable {
    /// False when the token is unknown, expired, or for other audiences.
    public var isAuthenticated: Bool
    /// Such as `system:serviceaccount:NAMESPACE:NAME`.
    public var username: String
    /// The user's uid.
    public var uid: String
    /// The user's groups.
    public var groups: [String]
    /// Which of the audiences asked for the token is for.
    public var audiences: [String]
    /// Why it is not authenticated; empty when it is.
    public var error: String
}

/// What somebody wants to do.
public struct AccessAttributes: Hashable, Sendable {
    /// Such as `get` or `create`.
    public var verb: String
    /// The kind.
    public var resource: ResourceType
    /// The namespace; nil asks about all.
    public var namespace: String?
    /// One object; nil asks about all.
    public var name: String?
    /// A part of the object.
    public var subresource: String?

    /// Asks about `verb` on `resource`.
    public init(
        verb: String, resource: ResourceType, namespace: String? = nil, name: String? = nil, subresource: String? = nil
    ) {
        self.verb = verb
        self.resource = resource
        self.namespace = namespace
        self.name = name
        self.subresource = subresource
    }

    fileprivate var document: JSONValue {
        var document: JSONValue = [
            "verb": .string(self.verb), "group": .string(self.resource.group),
            "version": .string(self.resource.version), "resource": .string(self.resource.plural),
        ]
        document["namespace"] = self.namespace.map(JSONValue.string)
        document["name"] = self.name.map(JSONValue.string)
        document["subresource"] = self.subresource.map(JSONValue.string)
        return document
    }
}

/// A token of a ServiceAccount.
public struct IssuedToken: Hashable, Sendable {
    /// The token.
    public var token: String
    /// When it ends.
    public var expiration: Timestamp?
}

extension KubernetesClient {
    /// Asks whose `token` is, and whether it is for any of `audiences` (empty: for the API server).
    public func review(token: String, audiences: [String] = []) async throws(KubernetesError) -> ReviewedToken {
        var spec: JSONValue = ["token": .string(token)]
        if !audiences.isEmpty { spec["audiences"] = .array(audiences.map(JSONValue.string)) }
        let type = ResourceType(
            group: "authentication.k8s.io", version: "v1", kind: "TokenReview", plural: "tokenreviews",
            isNamespaced: false)
        let status = try await self.create(["spec": spec], as: type)["status"]
        let user = status?["user"]
        func texts(_ value: JSONValue?) -> [String] { (value?.array ?? []).compactMap(\.string) }
        return ReviewedToken(
            isAuthenticated: status?["authenticated"]?.bool ?? false, username: user?["username"]?.string ?? "",
            uid: user?["uid"]?.string ?? "", groups: texts(user?["groups"]),
            audiences: texts(status?["audiences"]), error: status?["error"]?.string ?? "")
    }

    /// Asks whether this client may do something.
    public func mayDo(_ attributes: AccessAttributes) async throws(KubernetesError) -> Bool {
        try await self.isAllowed("SelfSubjectAccessReview", ["resourceAttributes": attributes.document])
    }

    /// Asks whether `user` may do something.
    public func may(
        user: String, groups: [String] = [], do attributes: AccessAttributes
    ) async throws(KubernetesError) -> Bool {
        try await self.isAllowed(
            "SubjectAccessReview",
            [
                "user": .string(user), "groups": .array(groups.map(JSONValue.string)),
                "resourceAttributes": attributes.document,
            ])
    }

    /// Asks for a token of `account`, bound to an object if one is named.
    public func token(
        of account: ObjectKey, audiences: [String] = [], lifetime: Duration? = nil,
        boundTo object: OwnerReference? = nil
    ) async throws(KubernetesError) -> IssuedToken {
        var spec: JSONValue = ["audiences": .array(audiences.map(JSONValue.string))]
        if let lifetime { spec["expirationSeconds"] = .integer(lifetime.components.seconds) }
        if let object {
            spec["boundObjectRef"] = [
                "apiVersion": .string(object.apiVersion), "kind": .string(object.kind), "name": .string(object.name),
                "uid": .string(object.uid),
            ]
        }
        let request: JSONValue = [
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec,
        ]
        let answer = try await self.post(request, to: "token", of: ServiceAccount.resourceType, account)
        guard let token = answer[path: "status", "token"]?.string else {
            throw .invalidAnswer(reason: "the answer has no token")
        }
        return IssuedToken(
            token: token,
            expiration: answer[path: "status", "expirationTimestamp"]?.string.flatMap { Timestamp($0) })
    }

    private func isAllowed(_ kind: String, _ spec: JSONValue) async throws(KubernetesError) -> Bool {
        let type = ResourceType(
            group: "authorization.k8s.io", version: "v1", kind: kind, plural: "\(kind.lowercased())s",
            isNamespaced: false)
        let answer = try await self.create(["spec": spec], as: type)
        return answer[path: "status", "allowed"]?.bool ?? false
    }
}
