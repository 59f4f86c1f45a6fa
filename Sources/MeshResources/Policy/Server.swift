/// A port of a set of workloads, for policies to attach to.
public struct Server: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "policy.linkerd.io", version: "v1beta3", kind: "Server", plural: "servers")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// Which port, and what is spoken there.
    public var spec: ServerSpec
    /// Whether it is used, and what it governs.
    public var status: GovernanceStatus

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: ServerSpec, status: GovernanceStatus = GovernanceStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// Which port a Server is, and what is spoken there.
public struct ServerSpec: Codable, Hashable, Sendable {
    /// The pods; exactly one of the two selectors is present.
    public var podSelector: LabelSelector?
    /// The external workloads.
    public var externalWorkloadSelector: LabelSelector?
    /// A number, or the name of a TCP port of the workload.
    public var port: IntOrString
    /// What is spoken.
    public var proxyProtocol: ProxyProtocol
    /// Who may come in when no authorization says so.
    public var accessPolicy: AccessPolicy

    /// A value with these fields.
    public init(
        podSelector: LabelSelector? = nil, externalWorkloadSelector: LabelSelector? = nil, port: IntOrString,
        proxyProtocol: ProxyProtocol = .unknown, accessPolicy: AccessPolicy = .deny
    ) {
        self.podSelector = podSelector
        self.externalWorkloadSelector = externalWorkloadSelector
        self.port = port
        self.proxyProtocol = proxyProtocol
        self.accessPolicy = accessPolicy
    }
}

/// What is spoken on a port.
public enum ProxyProtocol: String, Hashable, Sendable, Codable, CaseIterable {
    /// To be detected.
    case unknown
    /// HTTP/1.
    case http1 = "HTTP/1"
    /// HTTP/2.
    case http2 = "HTTP/2"
    /// gRPC.
    case grpc = "gRPC"
    /// Anything; not looked at.
    case opaque
    /// TLS of the application's own.
    case tls = "TLS"
}

extension ProxyProtocol: Omissible {
    static var omitted: Self { .unknown }
}

/// Who may come in when no authorization says so.
public enum AccessPolicy: String, Hashable, Sendable, Codable, CaseIterable {
    /// Nobody.
    case deny
    /// Everybody, with a log line where the rules would have denied.
    case audit
    /// Every client with a mesh identity.
    case allAuthenticated = "all-authenticated"
    /// Everybody.
    case allUnauthenticated = "all-unauthenticated"
    /// Every client with a mesh identity from the cluster's networks.
    case clusterAuthenticated = "cluster-authenticated"
    /// Everybody from the cluster's networks.
    case clusterUnauthenticated = "cluster-unauthenticated"
}

extension AccessPolicy: Omissible {
    static var omitted: Self { .deny }
}

/// Lets clients reach Servers.
public struct ServerAuthorization: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "policy.linkerd.io", version: "v1beta1", kind: "ServerAuthorization", plural: "serverauthorizations")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// Which clients reach which Servers.
    public var spec: ServerAuthorizationSpec
    /// Whether it is used, and what it governs.
    public var status: GovernanceStatus

    /// A value with these fields.
    public init(
        metadata: ObjectMeta, spec: ServerAuthorizationSpec = ServerAuthorizationSpec(),
        status: GovernanceStatus = GovernanceStatus()
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// Which clients reach which Servers.
public struct ServerAuthorizationSpec: Codable, Hashable, Sendable {
    /// The Servers.
    public var server: ServerReference
    /// The clients.
    public var client: ClientRequirements

    /// A value with these fields.
    public init(server: ServerReference = ServerReference(), client: ClientRequirements = ClientRequirements()) {
        self.server = server
        self.client = client
    }
}

extension ServerAuthorizationSpec: Omissible {
    static let omitted = ServerAuthorizationSpec()
}

/// Names or selects Servers of the same namespace; exactly one.
public struct ServerReference: Codable, Hashable, Sendable {
    /// One Server.
    public var name: String?
    /// All with these labels.
    public var selector: LabelSelector?

    /// A value with these fields.
    public init(name: String? = nil, selector: LabelSelector? = nil) {
        self.name = name
        self.selector = selector
    }
}

extension ServerReference: Omissible {
    static let omitted = ServerReference()
}

/// What a client must be.
public struct ClientRequirements: Codable, Hashable, Sendable {
    /// Where it must come from; absent means the default networks.
    public var networks: [CIDRBlock]?
    /// True asks for nothing else.
    public var unauthenticated: Bool
    /// Which mesh identity it must have.
    public var meshTLS: MeshTLSRequirements?

    /// A value with these fields.
    public init(networks: [CIDRBlock]? = nil, unauthenticated: Bool = false, meshTLS: MeshTLSRequirements? = nil) {
        self.networks = networks
        self.unauthenticated = unauthenticated
        self.meshTLS = meshTLS
    }
}

extension ClientRequirements: Omissible {
    static let omitted = ClientRequirements()
}

/// Which mesh identity a client must have.
public struct MeshTLSRequirements: Codable, Hashable, Sendable {
    /// True accepts TLS without a client certificate.
    public var unauthenticatedTLS: Bool
    /// Names, perhaps with a leading `*`.
    public var identities: [String]
    /// Accounts.
    public var serviceAccounts: [ServiceAccountReference]

    /// A value with these fields.
    public init(
        unauthenticatedTLS: Bool = false, identities: [String] = [], serviceAccounts: [ServiceAccountReference] = []
    ) {
        self.unauthenticatedTLS = unauthenticatedTLS
        self.identities = identities
        self.serviceAccounts = serviceAccounts
    }
}

extension MeshTLSRequirements: Omissible {
    static let omitted = MeshTLSRequirements()
}

/// Names a ServiceAccount.
public struct ServiceAccountReference: Codable, Hashable, Sendable {
    /// The account.
    public var name: String
    /// Its namespace; absent means that of the referring object.
    public var namespace: String?

    /// A value with these fields.
    public init(name: String, namespace: String? = nil) {
        self.name = name
        self.namespace = namespace
    }
}

/// A network with exceptions.
public struct CIDRBlock: Codable, Hashable, Sendable {
    /// A network, or one address.
    public var cidr: String
    /// Parts of it that do not count.
    public var except: [String]

    /// A value with these fields.
    public init(cidr: String, except: [String] = []) {
        self.cidr = cidr
        self.except = except
    }
}
