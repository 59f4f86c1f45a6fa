public import Logging
public import MeshAdmin
public import MeshRPC

/// What every component of the controller is handed.
public struct ControllerContext: Sendable {
    /// The settled settings.
    public let settings: ControllerSettings
    /// What the gRPC listeners present; the identity component fills it.
    public let credentials: ServerCredentials
    /// Whether this replica may write.
    public let leadership: Leadership
    /// Gates that keep `/ready` failing until a part has warmed up.
    public let readiness: Readiness
    /// The backend behind `/metrics`.
    public let metrics: MetricsRegistry
    /// The parent of all loggers.
    public let logger: Logger

    /// Groups what is shared.
    public init(
        settings: ControllerSettings, credentials: ServerCredentials = ServerCredentials(),
        leadership: Leadership = Leadership(), readiness: Readiness = Readiness(),
        metrics: MetricsRegistry = MetricsRegistry(), logger: Logger
    ) {
        self.settings = settings
        self.credentials = credentials
        self.leadership = leadership
        self.readiness = readiness
        self.metrics = metrics
        self.logger = logger
    }

    /// A logger whose lines name the component.
    public func logger(_ component: ComponentName) -> Logger {
        var logger = self.logger
        logger[metadataKey: "component"] = "\(component.rawValue)"
        return logger
    }
}
