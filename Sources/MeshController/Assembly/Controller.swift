import GRPCCore
import MeshAdmin
import MeshRPC
public import ServiceLifecycle
public import UnixSignals

/// The control plane in one process: assembles the chosen components and runs them.
public struct Controller: Sendable {
    /// What the components share.
    public let context: ControllerContext
    private let components: [any ControllerComponent]

    /// Every component there is, in the order in which they start.
    public static let components: [any ControllerComponent] = [
        IdentityComponent(), InjectorComponent(), DestinationComponent(), PolicyComponent(), RolloutComponent(),
        ValidatorComponent(),
    ]

    /// A controller of those `components` that the settings choose.
    public init(context: ControllerContext, components: [any ControllerComponent] = Controller.components) {
        self.context = context
        self.components = components.filter { context.settings.components.contains($0.name) }
    }

    /// The services of all components and their listeners, as one group that ends on SIGTERM or SIGINT.
    ///
    /// - Throws: what the first component throws that cannot run with these settings.
    public func makeServiceGroup(gracefulShutdownSignals: [UnixSignal] = [.sigterm, .sigint]) throws -> ServiceGroup {
        let settings = self.context.settings
        var services: [any Service] = []
        var rpc: [ComponentParts.RPCPort: [any RegistrableRPCService]] = [:]
        if let client = self.context.client {
            services.append(client)
            services += ClusterReflection(context: self.context, client: client).services()
        }
        if settings.components.contains(.admin) { services.append(self.adminServer()) }
        for component in self.components {
            let parts = try component.parts(in: self.context)
            services += parts.services
            rpc.merge(parts.rpc, uniquingKeysWith: +)
        }
        for port in ComponentParts.RPCPort.allCases {
            if let handlers = rpc[port] { services.append(self.listener(port, serving: handlers)) }
        }
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0, serviceName: "\(type(of: $0))") },
            gracefulShutdownSignals: gracefulShutdownSignals, logger: self.context.logger)
        configuration.maximumGracefulShutdownDuration = settings.shutdownGrace
        return ServiceGroup(configuration: configuration)
    }

    private func adminServer() -> AdminServer {
        AdminServer(
            host: self.context.settings.listenHost, port: self.context.settings.ports.admin,
            readiness: self.context.readiness, metrics: self.context.metrics, settings: self.context.settings.summary,
            logger: self.context.logger(.admin))
    }

    private func listener(
        _ port: ComponentParts.RPCPort, serving services: [any RegistrableRPCService]
    ) -> RPCListener {
        let ports = self.context.settings.ports
        let number: Int
        let component: ComponentName
        switch port {
        case .destination: (number, component) = (ports.destination, .destination)
        case .policy: (number, component) = (ports.policy, .policy)
        case .identity: (number, component) = (ports.identity, .identity)
        }
        let gate = self.context.readiness.gate("listener-\(component.rawValue)")
        return RPCListener(
            host: self.context.settings.listenHost, port: number, services: services,
            security: .tls(self.context.credentials), logger: self.context.logger(component),
            listening: { _ in gate.open() })
    }
}
