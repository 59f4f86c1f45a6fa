import MeshModel
import MeshRollout

/// Reads from a Deployment whether its current template can take traffic.
enum DeploymentReadiness {
    /// - Parameter threshold: percentage of updated replicas that must be available.
    static func readiness(of deployment: JSONValue, threshold: Int) -> Readiness {
        let status = deployment["status"] ?? [:]
        let wanted = deployment[path: "spec", "replicas"]?.integer ?? 1
        guard status["observedGeneration"]?.integer ?? 0 >= deployment[path: "metadata", "generation"]?.integer ?? 0
        else { return .waiting("its last change has not been seen yet") }
        let progressing = status["conditions"]?.array?.first { $0["type"] == "Progressing" }
        if progressing?["reason"] == "ProgressDeadlineExceeded" { return .failed("its progress deadline is exceeded") }
        guard wanted > 0 else { return .waiting("it has no replicas") }
        let updated = status["updatedReplicas"]?.integer ?? 0
        guard updated >= wanted else { return .waiting("\(updated) of \(wanted) replicas are updated") }
        let all = status["replicas"]?.integer ?? 0
        guard all <= updated else { return .waiting("\(all - updated) old replicas remain") }
        let available = status["availableReplicas"]?.integer ?? 0
        guard available > 0, available * 100 >= updated * Int64(threshold) else {
            return .waiting("\(available) of \(updated) replicas are available")
        }
        return .ready
    }
}
