import MeshKubernetes
import ServiceLifecycle

/// Progressive delivery: carries out every Canary of the cluster.
public struct RolloutComponent: ControllerComponent {
    /// Its name on the command line.
    public let name = ComponentName.rollout

    /// The component.
    public init() {}

    /// The recorder of events, and one service that ticks every Canary at its own interval, while this replica leads.
    public func parts(in context: ControllerContext) throws -> ComponentParts {
        let client = try context.cluster()
        let logger = context.logger(self.name)
        let events = EventRecorder(
            client: client, controller: "heddle.dev/rollout", instance: "heddle-controller", logger: logger)
        return ComponentParts(services: [
            events,
            RolloutService(
                canaries: Reflector(
                    client: client, configuration: .init(mayBeAbsent: true), logger: logger, metrics: context.metrics),
                client: client, leadership: context.leadership, events: events, logger: logger),
        ])
    }
}
