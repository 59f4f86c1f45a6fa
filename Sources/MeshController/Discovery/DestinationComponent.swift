import MeshRPC

/// Who is where: serves endpoints and profiles from the index.
struct DestinationComponent: ControllerComponent {
    let name = ComponentName.destination

    func parts(in context: ControllerContext) throws -> ComponentParts {
        let source = IndexDestinationSource(index: context.index, settings: context.settings.mesh)
        return ComponentParts(rpc: [.destination: [DestinationService(source: source)]])
    }
}
