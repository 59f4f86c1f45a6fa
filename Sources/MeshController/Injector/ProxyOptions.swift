public import MeshModel

/// How one pod's proxy is set up: the mesh's defaults, then what the namespace says, then the pod.
public struct ProxyOptions: Hashable, Sendable {
    /// A container image without its tag, by role.
    public struct Images: Hashable, Sendable {
        /// The proxy.
        public var proxy = "heddle.dev/heddle-proxy"
        /// What sets up redirection.
        public var initializer = "heddle.dev/heddle-init"
        /// The debug container.
        public var debug = "heddle.dev/heddle-debug"
        /// The proxy's tag.
        public var version = "dev"
        /// The initializer's tag; nil: the proxy's.
        public var initializerVersion: String?
        /// The debug container's tag; nil: the proxy's.
        public var debugVersion: String?
        /// For proxy and initializer.
        public var pullPolicy = "IfNotPresent"
        /// For the debug container; nil: the same.
        public var debugPullPolicy: String?
    }

    /// The proxy's listeners.
    public struct Ports: Hashable, Sendable {
        /// Probes and metrics.
        public var admin = 4191
        /// Tap.
        public var control = 4190
        /// Where incoming connections are redirected to.
        public var inbound = 4143
        /// Where outgoing connections are redirected to.
        public var outbound = 4140
    }

    /// Kubernetes quantities by resource name.
    public struct Resources: Hashable, Sendable {
        /// What is reserved.
        public var requests: [String: String] = [:]
        /// What is allowed.
        public var limits: [String: String] = [:]
    }

    /// Waiting times.
    public struct Timeouts: Hashable, Sendable {
        /// Until a connection to another workload stands.
        public var outboundConnect = Duration.milliseconds(1000)
        /// Until the connection to the application stands.
        public var inboundConnect = Duration.milliseconds(100)
        /// How long an unused outbound target is remembered.
        public var outboundDiscoveryIdle = Duration.seconds(5)
        /// How long an unused inbound port is remembered.
        public var inboundDiscoveryIdle = Duration.seconds(90)
        /// Wait for the first bytes as long as it takes.
        public var isOutboundDetectUnbounded = false
        /// Wait for the first bytes as long as it takes.
        public var isInboundDetectUnbounded = false
        /// How long open connections may go on after a signal; nil: the proxy's default.
        public var shutdownGrace: Duration?
        /// Of half-closed connections in the kernel's tracking; nil: the kernel's default.
        public var closeWait: Duration?
        /// How long the proxy outlives a termination signal, ignored for native sidecars.
        public var waitBeforeExitSeconds: UInt64 = 0
    }

    /// What the proxy writes.
    public struct Logging: Hashable, Sendable {
        /// Directives such as `warn,linkerd=info`.
        public var level = "warn,linkerd=info,hickory=error"
        /// `plain` or `json`.
        public var format = "plain"
        /// Whether header values may show in logs; they may hold credentials.
        public var showsHeaders = false
        /// `apache` or `json`; nil: none.
        public var access: String?
    }

    /// Ports that are treated specially, as lists of ports and ranges.
    public struct PortLists: Hashable, Sendable {
        /// Bypass the proxy on the way in.
        public var skipInbound = "4567,4568"
        /// Bypass the proxy on the way out.
        public var skipOutbound = "4567,4568"
        /// Networks that bypass the proxy on the way in.
        public var skipSubnets = ""
        /// Protocol is not looked for.
        public var opaque = "25,587,3306,4444,5432,6379,9300,11211"
        /// Only meshed clients may come in.
        public var requireIdentity = ""
    }

    /// Images.
    public var images = Images()
    /// Listeners.
    public var ports = Ports()
    /// Resources of proxy and initializer.
    public var resources = Resources()
    /// Waiting times.
    public var timeouts = Timeouts()
    /// Logs.
    public var logging = Logging()
    /// Special ports.
    public var portLists = PortLists()
    /// The proxy's user, exempt from redirection.
    public var user = 2102
    /// The proxy's group; negative: the image's.
    public var group = -1
    /// A share of the node's cores for workers, between 0 and 1 exclusive; nil: by limit.
    public var coreRatioMax: String?
    /// Whether `/shutdown` is served.
    public var isShutdownEnabled = false
    /// Whether discovery takes names outside the cluster.
    public var usesExternalProfiles = false
    /// Whether the pod is a multicluster gateway.
    public var isGateway = false
    /// Whether the pod is an ingress that does its own balancing.
    public var isIngress = false
    /// Whether metrics carry host names.
    public var hasHostnameLabels = false
    /// Whether the application starts only when the proxy is ready.
    public var awaitsProxy = true
    /// What is allowed on ports that no Server selects.
    public var defaultInboundPolicy = "all-unauthenticated"
    /// Whether the proxy is an init container that restarts, so that it outlives the application.
    public var isNativeSidecar = true
    /// Whether a container with network tools is added.
    public var hasDebugContainer = false
    /// Environment appended last, so that it wins.
    public var additionalEnvironment: [JSONValue] = []

    /// The mesh's defaults.
    public init() {}
}
