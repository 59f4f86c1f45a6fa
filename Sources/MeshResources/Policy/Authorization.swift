/// Lets clients that pass all authentications reach a target.
public struct AuthorizationPolicy: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "policy.linkerd.io", version: "v1alpha1", kind: "AuthorizationPolicy", plural: "authorizationpolicies")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// Which target, and which authentications.
    public var spec: AuthorizationPolicySpec
    /// Whether it is used, and what it governs.
    public var status: GovernanceStatus

    /// A value with these fields.
    public init(
        metadata: ObjectMeta, spec: AuthorizationPolicySpec,
        status: GovernanceStatus = GovernanceStatus()
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// Which target, and which authentications.
public struct AuthorizationPolicySpec: Codable, Hashable, Sendable {
    /// A Server, route or namespace.
    public var targetRef: LocalTargetReference
    /// What a client must pass; none means that everybody may come in, so the list is never taken for granted.
    public var requiredAuthenticationRefs: [NamespacedTargetReference]

    /// A value with these fields.
    public init(targetRef: LocalTargetReference, requiredAuthenticationRefs: [NamespacedTargetReference]) {
        self.targetRef = targetRef
        self.requiredAuthenticationRefs = requiredAuthenticationRefs
    }

    /// Reads both fields; an absent list of authentications is an error, because an empty one admits everybody.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.targetRef = try container.decode(LocalTargetReference.self, forKey: .targetRef)
        guard
            let references = try container.decodeIfPresent(
                [NamespacedTargetReference].self, forKey: .requiredAuthenticationRefs)
        else {
            throw DecodingError.keyNotFound(
                CodingKeys.requiredAuthenticationRefs,
                DecodingError.Context(codingPath: container.codingPath, debugDescription: "a required list"))
        }
        self.requiredAuthenticationRefs = references
    }

    /// Writes both fields, the list also when it is empty.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.targetRef, forKey: .targetRef)
        try container.encodeIfPresent(Optional(self.requiredAuthenticationRefs), forKey: .requiredAuthenticationRefs)
    }

    private enum CodingKeys: String, CodingKey {
        case targetRef, requiredAuthenticationRefs
    }
}

/// Names an object in the same namespace.
public struct LocalTargetReference: Codable, Hashable, Sendable {
    /// Absent, empty and `core` mean the core group.
    public var group: String?
    /// As in manifests, in any case.
    public var kind: String
    /// Name of the object.
    public var name: String

    /// A value with these fields.
    public init(group: String? = nil, kind: String, name: String) {
        self.group = group
        self.kind = kind
        self.name = name
    }
}

/// Names an object, perhaps in another namespace.
public struct NamespacedTargetReference: Codable, Hashable, Sendable {
    /// Absent, empty and `core` mean the core group.
    public var group: String?
    /// As in manifests, in any case.
    public var kind: String
    /// Name of the object.
    public var name: String
    /// Absent means that of the referring object.
    public var namespace: String?

    /// A value with these fields.
    public init(group: String? = nil, kind: String, name: String, namespace: String? = nil) {
        self.group = group
        self.kind = kind
        self.name = name
        self.namespace = namespace
    }
}

/// A set of mesh identities.
public struct MeshTLSAuthentication: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "policy.linkerd.io", version: "v1alpha1", kind: "MeshTLSAuthentication", plural: "meshtlsauthentications"
    )

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// The identities.
    public var spec: MeshTLSAuthenticationSpec
    /// Whether it is used, and what it governs.
    public var status: GovernanceStatus

    /// A value with these fields.
    public init(
        metadata: ObjectMeta, spec: MeshTLSAuthenticationSpec = MeshTLSAuthenticationSpec(),
        status: GovernanceStatus = GovernanceStatus()
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// Mesh identities; exactly one of the two is present.
public struct MeshTLSAuthenticationSpec: Codable, Hashable, Sendable {
    /// DNS-like names, perhaps with a leading `*`, or SPIFFE ids.
    public var identities: [String]?
    /// ServiceAccounts and namespaces.
    public var identityRefs: [NamespacedTargetReference]?

    /// A value with these fields.
    public init(identities: [String]? = nil, identityRefs: [NamespacedTargetReference]? = nil) {
        self.identities = identities
        self.identityRefs = identityRefs
    }
}

extension MeshTLSAuthenticationSpec: Omissible {
    static let omitted = MeshTLSAuthenticationSpec()
}

/// A set of networks.
public struct NetworkAuthentication: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "policy.linkerd.io", version: "v1alpha1", kind: "NetworkAuthentication", plural: "networkauthentications"
    )

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// The networks.
    public var spec: NetworkAuthenticationSpec
    /// Whether it is used, and what it governs.
    public var status: GovernanceStatus

    /// A value with these fields.
    public init(
        metadata: ObjectMeta, spec: NetworkAuthenticationSpec = NetworkAuthenticationSpec(),
        status: GovernanceStatus = GovernanceStatus()
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// The networks that clients must come from.
public struct NetworkAuthenticationSpec: Codable, Hashable, Sendable {
    /// Any of them; none means that nobody passes.
    public var networks: [CIDRBlock]

    /// A value with these fields.
    public init(networks: [CIDRBlock] = []) {
        self.networks = networks
    }
}

extension NetworkAuthenticationSpec: Omissible {
    static let omitted = NetworkAuthenticationSpec()
}
