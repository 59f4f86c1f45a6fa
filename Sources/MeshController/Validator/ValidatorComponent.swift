import Logging
import MeshAdmin
import MeshModel
import ServiceLifecycle

/// The webhook that refuses policies which could not mean what their author meant.
public struct ValidatorComponent: ControllerComponent {
    /// What `--components` calls it.
    public let name = ComponentName.validator

    /// There is nothing to choose.
    public init() {}

    /// The HTTPS server, and the certificate's keeper when no injector brings it.
    public func parts(in context: ControllerContext) throws -> ComponentParts {
        let client = try context.cluster()
        let logger = context.logger(self.name)
        let gate = context.readiness.gate("listener-validator")
        let server = WebhookServer(
            host: context.settings.listenHost, port: context.settings.ports.validator,
            credentials: context.webhookCredentials, logger: logger, listening: { _ in gate.open() },
            review: { Self.review($0, logger: logger) })
        let hasKeeper = context.settings.components.contains(.injector)
        return ComponentParts(services: hasKeeper ? [server] : [context.webhookKeeper(client), server])
    }

    static func review(_ review: AdmissionReview, logger: Logger) -> AdmissionReview.Verdict {
        guard ["CREATE", "UPDATE"].contains(review.operation) else { return .allow(JSONPatch()) }
        do {
            try PolicyValidator.validate(review.object, kind: review.kind)
            return .allow(JSONPatch())
        } catch {
            logger.info(
                "object refused",
                metadata: [
                    "kind": "\(review.kind)", "namespace": "\(review.namespace)",
                    "name": "\(review.object[path: "metadata", "name"]?.string ?? "")", "error": "\(error)",
                ])
            return .deny("\(error)")
        }
    }
}
