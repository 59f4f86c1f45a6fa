/// A group of containers that share a network namespace.
public struct Pod: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(version: "v1", kind: "Pod", plural: "pods")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// What should run.
    public var spec: PodSpec
    /// What runs.
    public var status: PodStatus

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: PodSpec = PodSpec(), status: PodStatus = PodStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// What should run in a pod.
public struct PodSpec: Codable, Hashable, Sendable {
    /// Started together, after the init containers.
    public var containers: [Container]
    /// Run one after the other; those with `restartPolicy: Always` stay as sidecars.
    public var initContainers: [Container]
    /// The node, once scheduled.
    public var nodeName: String?
    /// The account whose token the pod gets; absent means `default`.
    public var serviceAccountName: String?
    /// False keeps the account's token out of the pod.
    public var automountServiceAccountToken: Bool?
    /// True when the pod uses its node's network.
    public var hostNetwork: Bool
    /// The pod's host name, when it is not the pod's name.
    public var hostname: String?
    /// The headless Service that gives the pod a DNS name.
    public var subdomain: String?
    /// `Always` (meant when absent), `OnFailure` or `Never`.
    public var restartPolicy: String?
    /// How long the pod may take to end; absent means 30.
    public var terminationGracePeriodSeconds: Int?
    /// Files that containers may mount.
    public var volumes: [Volume]
    /// Defaults for all containers.
    @Boxed public var securityContext: PodSecurityContext?
    /// True when containers see each other's processes.
    public var shareProcessNamespace: Bool?
    /// Labels that the node must have.
    public var nodeSelector: [String: String]
    /// Conditions that must be true before the pod is ready.
    public var readinessGates: [PodReadinessGate]

    /// A value with these fields.
    public init(
        containers: [Container] = [], initContainers: [Container] = [], nodeName: String? = nil,
        serviceAccountName: String? = nil, automountServiceAccountToken: Bool? = nil, hostNetwork: Bool = false,
        hostname: String? = nil, subdomain: String? = nil, restartPolicy: String? = nil,
        terminationGracePeriodSeconds: Int? = nil, volumes: [Volume] = [], securityContext: PodSecurityContext? = nil,
        shareProcessNamespace: Bool? = nil, nodeSelector: [String: String] = [:],
        readinessGates: [PodReadinessGate] = []
    ) {
        self.containers = containers
        self.initContainers = initContainers
        self.nodeName = nodeName
        self.serviceAccountName = serviceAccountName
        self.automountServiceAccountToken = automountServiceAccountToken
        self.hostNetwork = hostNetwork
        self.hostname = hostname
        self.subdomain = subdomain
        self.restartPolicy = restartPolicy
        self.terminationGracePeriodSeconds = terminationGracePeriodSeconds
        self.volumes = volumes
        self.securityContext = securityContext
        self.shareProcessNamespace = shareProcessNamespace
        self.nodeSelector = nodeSelector
        self.readinessGates = readinessGates
    }
}

extension PodSpec: Omissible {
    static let omitted = PodSpec()
}

/// A condition that must be true before the pod is ready.
public struct PodReadinessGate: Codable, Hashable, Sendable {
    /// The type of the condition.
    public var conditionType: String

    /// A value with these fields.
    public init(conditionType: String) {
        self.conditionType = conditionType
    }
}

/// Security settings of a whole pod.
public struct PodSecurityContext: Codable, Hashable, Sendable {
    /// User id of the first process.
    public var runAsUser: Int64?
    /// Group id of the first process.
    public var runAsGroup: Int64?
    /// True refuses to run as root.
    public var runAsNonRoot: Bool?
    /// Group of mounted volumes.
    public var fsGroup: Int64?

    /// A value with these fields.
    public init(runAsUser: Int64? = nil, runAsGroup: Int64? = nil, runAsNonRoot: Bool? = nil, fsGroup: Int64? = nil) {
        self.runAsUser = runAsUser
        self.runAsGroup = runAsGroup
        self.runAsNonRoot = runAsNonRoot
        self.fsGroup = fsGroup
    }
}

extension PodSecurityContext: Omissible {
    static let omitted = PodSecurityContext()
}
