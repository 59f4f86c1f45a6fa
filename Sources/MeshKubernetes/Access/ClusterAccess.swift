/// How to reach a cluster's API server, and as whom.
public struct ClusterAccess: Sendable {
    /// Whose certificates the server may show.
    public enum ServerTrust: Hashable, Sendable {
        /// Those of the system's authorities.
        case system
        /// Those of the authorities in this PEM text.
        case authorities(pem: String)
        /// Any; nothing is verified.
        case anything
    }

    /// A certificate of the client.
    public struct ClientCertificate: Hashable, Sendable {
        /// The chain as PEM text, leaf first.
        public var chainPEM: String
        /// The private key as PEM text.
        public var keyPEM: String

        /// Pairs a chain with its key.
        public init(chainPEM: String, keyPEM: String) {
            self.chainPEM = chainPEM
            self.keyPEM = keyPEM
        }
    }

    /// What is sent with each request to say who asks.
    public enum Credentials: Hashable, Sendable {
        /// Nothing, or the client certificate alone.
        case none
        /// A bearer token that does not change.
        case token(String)
        /// A bearer token in a file that is replaced from time to time.
        case tokenFile(path: String)
        /// User and password.
        case basic(user: String, password: String)
        /// Whatever a program prints.
        case exec(ExecPlugin)
    }

    /// As whom the request is to be taken instead.
    public struct Impersonation: Hashable, Sendable {
        /// The user.
        public var user: String
        /// The user's uid.
        public var uid: String?
        /// The user's groups.
        public var groups: [String]
        /// Further facts about the user.
        public var extra: [String: [String]]

        /// Takes requests as those of `user`.
        public init(user: String, uid: String? = nil, groups: [String] = [], extra: [String: [String]] = [:]) {
            self.user = user
            self.uid = uid
            self.groups = groups
            self.extra = extra
        }
    }

    /// `https://host:port`, perhaps with a path before `/api`.
    public var server: String
    /// Whose certificates the server may show.
    public var trust: ServerTrust
    /// The name that the certificate must bear, when it is not the host.
    public var serverName: String?
    /// The client's certificate.
    public var certificate: ClientCertificate?
    /// What is sent with each request.
    public var credentials: Credentials
    /// As whom requests are to be taken instead.
    public var impersonation: Impersonation?
    /// The namespace that is meant when none is named.
    public var namespace: String
    /// What in the configuration has no effect, for the log.
    public var warnings: [String]

    /// Reaches `server`.
    public init(
        server: String, trust: ServerTrust = .system, serverName: String? = nil,
        certificate: ClientCertificate? = nil, credentials: Credentials = .none,
        impersonation: Impersonation? = nil, namespace: String = "default", warnings: [String] = []
    ) {
        self.server = server
        self.trust = trust
        self.serverName = serverName
        self.certificate = certificate
        self.credentials = credentials
        self.impersonation = impersonation
        self.namespace = namespace
        self.warnings = warnings
    }
}

/// A program that prints credentials (client.authentication.k8s.io): a token, a client certificate, or both.
public struct ExecPlugin: Hashable, Sendable {
    /// Whether the program may ask a person something.
    public enum Interaction: String, Hashable, Sendable, Codable {
        /// It needs no terminal.
        case never = "Never"
        /// It uses one when there is one; there is none.
        case ifAvailable = "IfAvailable"
        /// It cannot do without one, so it is not run.
        case always = "Always"
    }

    /// `client.authentication.k8s.io/v1` or `/v1beta1`.
    public var apiVersion: String
    /// The program, by path or by name.
    public var command: String
    /// Its arguments.
    public var arguments: [String]
    /// Added to its environment.
    public var environment: [String: String]
    /// True tells it about the cluster in `KUBERNETES_EXEC_INFO`.
    public var provideClusterInfo: Bool
    /// Whether it may ask a person something.
    public var interaction: Interaction
    /// Shown when the program cannot be run.
    public var installHint: String

    /// Runs `command`.
    public init(
        apiVersion: String, command: String, arguments: [String] = [], environment: [String: String] = [:],
        provideClusterInfo: Bool = false, interaction: Interaction = .ifAvailable, installHint: String = ""
    ) {
        self.apiVersion = apiVersion
        self.command = command
        self.arguments = arguments
        self.environment = environment
        self.provideClusterInfo = provideClusterInfo
        self.interaction = interaction
        self.installHint = installHint
    }
}
