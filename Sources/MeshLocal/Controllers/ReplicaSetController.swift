import MeshModel
import MeshResources

/// Keeps as many pods of a ReplicaSet as it wants.
enum ReplicaSetController {
    /// No more pods are made in one go; the rest follows when these are there.
    static let batchMax = 100

    /// What to do about `set`, given all pods of its namespace.
    static func plan(_ set: OwnedObject, pods: [OwnedObject], now: Timestamp) -> ControllerPlan {
        var plan = ControllerPlan()
        let own = pods.filter { $0.controllerUID == set.metadata.uid && !$0.isDeleting && !$0.isOver }
        if !set.isDeleting {
            let missing = set.replicas - own.count
            if missing > 0 {
                let pod = set.pod(owner: Workload.replicaSet)
                plan.writes += Array(
                    repeating: .create(Workload.pod, namespace: set.metadata.namespace, pod),
                    count: min(missing, self.batchMax))
            } else if missing < 0 {
                plan.writes += own.sorted(by: self.goesFirst).prefix(-missing)
                    .map { .delete(Workload.pod, $0.key, uid: $0.metadata.uid) }
            }
        }
        let count = PodCount(own, minReady: set.minReady, now: now)
        if let next = count.next { plan.ask(after: next) }
        var status: JSONValue = [
            "replicas": .integer(Int64(count.total)), "fullyLabeledReplicas": .integer(Int64(count.total)),
            "readyReplicas": .integer(Int64(count.ready)), "availableReplicas": .integer(Int64(count.available)),
        ]
        if let generation = set.metadata.generation { status["observedGeneration"] = .integer(generation) }
        plan.status(Workload.replicaSet, set.key, status, current: set.status)
        return plan
    }

    /// Which of two pods is given up first: without a node, pending, not ready, younger.
    static func goesFirst(_ left: OwnedObject, _ right: OwnedObject) -> Bool {
        self.rank(left) < self.rank(right)
    }

    private static func rank(_ pod: OwnedObject) -> (Int, Int, Int, Int64, String) {
        (
            pod.spec["nodeName"]?.string?.isEmpty == false ? 1 : 0, pod.phase == "Pending" ? 0 : 1,
            pod.isReady ? 1 : 0, -(pod.metadata.creationTimestamp?.seconds ?? .max), pod.metadata.name
        )
    }
}
