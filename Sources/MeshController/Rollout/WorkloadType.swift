import MeshResources

/// Why a workload cannot be rolled out.
enum WorkloadTypeError: Error, Hashable {
    /// Only Deployments are rolled out so far.
    case unsupported(kind: String)
}

/// The resource types of workloads that can be rolled out.
enum WorkloadType {
    static func type(of reference: CrossVersionReference) throws(WorkloadTypeError) -> ResourceType {
        guard reference.kind == "Deployment" else { throw .unsupported(kind: reference.kind) }
        return Deployment.resourceType
    }
}
