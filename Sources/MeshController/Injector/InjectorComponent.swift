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
            injector: Injector(settings: try InjectionSettings(context.settings)),
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

extension InjectionSettings {
    /// What every injected pod has in common, from the controller's settings.
    ///
    /// - Throws: ``SettingsError/invalid(key:value:expected:)`` for a default that does not exist or cannot be read.
    public init(_ settings: ControllerSettings) throws(SettingsError) {
        let known = Set(Annotations.inherited)
        var annotations: [String: String] = [:]
        for (name, value) in settings.proxyDefaults {
            guard known.contains(Annotations.config + name) else {
                throw .invalid(
                    key: "proxy-defaults", value: name, expected: "annotations of namespaces, such as proxy-cpu-request"
                )
            }
            annotations[Annotations.config + name] = value
        }
        var ignored: [String] = []
        let defaults: ProxyOptions
        do {
            defaults = try ProxyOptions().applying(annotations, ignored: &ignored)
        } catch {
            throw .invalid(key: "proxy-defaults", value: "\(error)", expected: "values as in annotations")
        }
        guard ignored.isEmpty else {
            let values = ignored.map { "\($0)=\(annotations[$0] ?? "")" }.joined(separator: ", ")
            throw .invalid(key: "proxy-defaults", value: values, expected: "values as in annotations")
        }
        self.init(mesh: settings.mesh, version: defaults.images.version, defaults: defaults)
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
