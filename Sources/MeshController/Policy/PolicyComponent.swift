import MeshRPC

/// What is allowed and routed how: serves compiled policies from the index.
struct PolicyComponent: ControllerComponent {
    let name = ComponentName.policy

    func parts(in context: ControllerContext) throws -> ComponentParts {
        let source = IndexPolicySource(index: context.index, settings: context.settings.mesh)
        return ComponentParts(
            rpc: [.policy: [InboundPolicyService(source: source), OutboundPolicyService(source: source)]])
    }
}
