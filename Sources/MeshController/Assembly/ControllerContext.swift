public import Logging
public import MeshAdmin
public import MeshKubernetes
public import MeshRPC

/// What every component of the controller is handed.
public struct ControllerContext: Sendable {
    /// The settled settings.
    public let settings: ControllerSettings
    /// The cluster; nil where there is none, as in tests of parts that need none.
    public let client: KubernetesClient?
    /// What the gRPC listeners present; the identity component fills it.
    public let credentials: ServerCredentials
    /// Whether this replica may write.
    public let leadership: Leadership
    /// Gates that keep `/ready` failing until a part has warmed up.
    public let readiness: Readiness
    /// The backend behind `/metrics`.
    public let metrics: MetricsRegistry
    /// The cluster as it is known, and the answers kept up to date from it.
    public let index: ClusterIndex
    /// The parent of all loggers.
    public let logger: Logger
    /// The mesh's issuer and anchors; the identity component fills it.
    public let authority = MeshAuthority()

    /// What the webhooks present.
    public let webhookCredentials = ServerCredentials()

    /// Groups what is shared.
    public init(
        settings: ControllerSettings, client: KubernetesClient? = nil,
        credentials: ServerCredentials = ServerCredentials(),
        leadership: Leadership = Leadership(), readiness: Readiness = Readiness(),
        metrics: MetricsRegistry = MetricsRegistry(), logger: Logger
    ) {
        self.settings = settings
        self.client = client
        self.credentials = credentials
        self.leadership = leadership
        self.readiness = readiness
        self.metrics = metrics
        self.index = ClusterIndex(
            settings: settings.mesh, kinds: ClusterReflection.kinds(for: settings.components), metrics: metrics,
            logger: logger)
        self.logger = logger
    }

    /// The cluster, for a component that cannot do without it.
    ///
    /// - Throws: ``SettingsError/noCluster`` when there is none.
    public func cluster() throws(SettingsError) -> KubernetesClient {
        guard let client = self.client else { throw .noCluster }
        return client
    }

    /// A logger whose lines name the component.
    public func logger(_ component: ComponentName) -> Logger {
        var logger = self.logger
        logger[metadataKey: "component"] = "\(component.rawValue)"
        return logger
    }
}
