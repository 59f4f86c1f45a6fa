import MeshAdmin
import MeshCompiler
import MeshKubernetes
import MeshModel
import MeshResources

/// The webhook that adds proxies to pods.
public struct InjectorComponent: ControllerComponent {
    /// What `--components` calls it.
    public let name = ComponentName.injector

    /// There is nothing to choose.
    public init() {}

    /// The namespaces' watch, the certificate's keeper and the HTTPS server.
    public func parts(in context: ControllerContext) throws -> ComponentParts {
        let client = try context.cluster()
        let logger = context.logger(self.name)
        let namespaces = Reflector<Namespace>(of: Namespace.resourceType, client: client, logger: logger)
        let reviewer = InjectionReviewer(
            injector: Injector(settings: InjectionSettings(mesh: context.settings.mesh)),
            lookup: InjectionLookup(client: client, namespaces: namespaces.store), authority: context.authority,
            logger: logger)
        let gate = context.readiness.gate("listener-injector")
        let server = WebhookServer(
            host: context.settings.listenHost, port: context.settings.ports.injector,
            credentials: context.webhookCredentials, logger: logger, listening: { _ in gate.open() },
            review: reviewer.review)
        return ComponentParts(services: [namespaces, context.webhookKeeper(client), server])
    }
}

extension ControllerContext {
    /// The keeper of the certificate that both webhooks present; the first of them that runs brings it.
    func webhookKeeper(_ client: KubernetesClient) -> WebhookKeeper {
        let mesh = self.settings.mesh
        return WebhookKeeper(
            store: StateStore(client: client, namespace: mesh.controlNamespace), client: client, plan: IdentityPlan(),
            service: ObjectKey(namespace: mesh.controlNamespace, name: "heddle-webhook"),
            clusterDomain: mesh.clusterDomain, credentials: self.webhookCredentials,
            logger: self.logger(self.settings.components.contains(.injector) ? .injector : .validator),
            now: WallClock.now)
    }
}
