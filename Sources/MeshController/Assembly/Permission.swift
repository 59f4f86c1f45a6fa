import MeshCompiler
import MeshResources

/// Something that the controller must be allowed to do in a cluster.
public struct Permission: Hashable, Sendable {
    /// Where it is needed.
    public enum Scope: String, Hashable, Sendable {
        /// In every namespace, or for what has none.
        case cluster
        /// In the controller's own namespace.
        case own
    }

    /// Where.
    public var scope: Scope
    /// The API group; empty for the core.
    public var group: String
    /// The plural, with a subresource behind a slash.
    public var resource: String
    /// The only objects that are touched; empty for all.
    ///
    /// `create` cannot be limited by name.
    public var names: [String]
    /// What is done, in order of the alphabet.
    public var verbs: [String]
    /// What for.
    public var purpose: String

    init(
        _ purpose: String, _ group: String, _ resource: String, _ verbs: [String], names: [String] = [],
        in scope: Scope = .cluster
    ) {
        self.scope = scope
        self.group = group
        self.resource = resource
        self.names = names
        self.verbs = verbs.sorted()
        self.purpose = purpose
    }

    /// All that the controller needs with every component, and nothing else.
    ///
    /// Whoever makes a request of a new kind adds it here; tests hold the installed roles and the documentation to it.
    public static let all: [Permission] = Self.reflected + Self.requested + Self.owned

    /// The kinds that are watched for as long as the controller runs.
    private static let reflected: [Permission] = {
        let types = ClusterReflection.kinds(for: [.destination, .policy]).map(ClusterReflection.resourceType)
        let index = types.map { Permission("discovery and policies", $0.group, $0.plural, ["list", "watch"]) }
        return index.sorted { ($0.group, $0.resource) < ($1.group, $1.resource) } + [
            Permission("injection", "", "namespaces", ["get", "list", "watch"]),
            Permission("rollouts", "flagger.app", "canaries", ["get", "list", "watch"]),
        ]
    }()

    /// What is read or written now and then.
    private static let requested: [Permission] = [
        Permission("injection: the owner behind a ReplicaSet or Job", "apps", "replicasets", ["get"]),
        Permission("injection: the owner behind a ReplicaSet or Job", "batch", "jobs", ["get"]),
        Permission("statuses", "policy.linkerd.io", "httproutes/status", ["patch"]),
        Permission("statuses", "policy.linkerd.io", "httplocalratelimitpolicies/status", ["patch"]),
        Permission("statuses", "policy.linkerd.io", "egressnetworks/status", ["patch"]),
        Permission("statuses", "policy.linkerd.io", "servers/status", ["patch"]),
        Permission("statuses", "policy.linkerd.io", "serverauthorizations/status", ["patch"]),
        Permission("statuses", "policy.linkerd.io", "authorizationpolicies/status", ["patch"]),
        Permission("statuses", "policy.linkerd.io", "meshtlsauthentications/status", ["patch"]),
        Permission("statuses", "policy.linkerd.io", "networkauthentications/status", ["patch"]),
        Permission("statuses", "gateway.networking.k8s.io", "httproutes/status", ["patch"]),
        Permission("statuses", "gateway.networking.k8s.io", "grpcroutes/status", ["patch"]),
        Permission("statuses", "gateway.networking.k8s.io", "tlsroutes/status", ["patch"]),
        Permission("statuses", "gateway.networking.k8s.io", "tcproutes/status", ["patch"]),
        Permission("rollouts", "flagger.app", "canaries/status", ["patch"]),
        // A server-side apply that may create needs both verbs.
        Permission("rollouts", "apps", "deployments", ["create", "get", "patch"]),
        Permission("rollouts", "", "services", ["create", "get", "patch"]),
        Permission("rollouts", "gateway.networking.k8s.io", "httproutes", ["create", "get", "patch"]),
        Permission("identity: who holds a token", "authentication.k8s.io", "tokenreviews", ["create"]),
        Permission(
            "webhooks: their CA bundle", "admissionregistration.k8s.io", "mutatingwebhookconfigurations",
            ["get", "patch"], names: ["heddle-injector"]),
        Permission(
            "webhooks: their CA bundle", "admissionregistration.k8s.io", "validatingwebhookconfigurations",
            ["get", "patch"], names: ["heddle-validator"]),
        Permission("what happened", "events.k8s.io", "events", ["create", "patch"]),
    ]

    /// What the controller keeps in its own namespace.
    private static let owned: [Permission] = [
        Permission("identity and webhooks", "", "secrets", ["create"], in: .own),
        Permission("identity and webhooks", "", "configmaps", ["create"], in: .own),
        Permission(
            "identity and webhooks", "", "secrets", ["get", "update"],
            names: [IdentityObjects.anchor, IdentityObjects.issuer, IdentityObjects.webhook], in: .own),
        Permission("identity", "", "configmaps", ["get", "update"], names: [IdentityObjects.roots], in: .own),
        Permission("leadership", "coordination.k8s.io", "leases", ["create", "get", "patch"], in: .own),
    ]
}
