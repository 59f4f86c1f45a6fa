import AsyncHTTPClient
import ServiceLifecycle

/// Progressive delivery: carries out every Canary of the cluster.
public struct RolloutComponent: ControllerComponent {
    /// Its name on the command line.
    public let name = ComponentName.rollout

    /// The component.
    public init() {}

    /// One service that ticks every Canary at its own interval, while this replica leads.
    public func parts(in context: ControllerContext) throws -> ComponentParts {
        ComponentParts(services: [
            RolloutService(
                client: try context.cluster(), leadership: context.leadership, logger: context.logger(self.name))
        ])
    }
}
