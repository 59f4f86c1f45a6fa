import MeshAdmin
import MeshCompiler
import MeshKubernetes
import MeshModel
import MeshRPC
import ServiceLifecycle

/// What is allowed and routed how: serves compiled policies from the index.
struct PolicyComponent: ControllerComponent {
    let name = ComponentName.policy

    func parts(in context: ControllerContext) throws -> ComponentParts {
        let source = IndexPolicySource(index: context.index, settings: context.settings.mesh)
        return ComponentParts(
            services: self.writers(in: context),
            rpc: [.policy: [InboundPolicyService(source: source), OutboundPolicyService(source: source)]])
    }

    /// Without a cluster there is nothing to write to.
    private func writers(in context: ControllerContext) -> [any Service] {
        guard let client = context.client else { return [] }
        let logger = context.logger(.policy)
        let lease = ObjectKey(namespace: context.settings.mesh.controlNamespace, name: Self.lease)
        let leadership = context.leadership
        let keeper = LeaseKeeper(
            client: client, lease: lease, identity: context.settings.hostName,
            labels: ["linkerd.io/control-plane-ns": lease.namespace], logger: logger
        ) { leadership.set($0) }
        leadership.follow(keeper.standing)
        return [
            keeper,
            StatusWriter(
                index: context.index, settings: context.settings.mesh, client: client, leadership: leadership,
                metrics: context.metrics, logger: logger),
        ]
    }

    /// Whoever holds it writes statuses; the name is that of the control plane whose API we speak, so that the two
    /// never write against each other in one namespace.
    private static let lease = "policy-controller-write"
}
