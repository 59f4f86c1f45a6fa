import MeshModel
import MeshResources

/// Keeps one pod of a DaemonSet on the only node.
enum DaemonSetController {
    static let hashLabel = "controller-revision-hash"

    /// What to do about `set`, given all pods of its namespace.
    static func plan(_ set: OwnedObject, pods: [OwnedObject], now: Timestamp) -> ControllerPlan {
        var plan = ControllerPlan()
        let own = pods.filter { $0.controllerUID == set.metadata.uid }
        let hash = set.templateHash
        let live = own.filter { !$0.isDeleting && !$0.isOver }
        let current = live.filter { $0.metadata.labels[self.hashLabel] == hash }
        if !set.isDeleting {
            let isOnDelete = set.spec[path: "updateStrategy", "type"]?.string == "OnDelete"
            // One goes before the next comes: both would want the same ports.
            let surplus = isOnDelete ? Array(live.dropFirst()) : live.filter { !current.contains($0) }
            let ended = own.filter { $0.isOver && !$0.isDeleting }
            plan.writes = (surplus + current.dropFirst() + ended)
                .map { .delete(Workload.pod, $0.key, uid: $0.metadata.uid) }
            if own.isEmpty {
                let pod = set.pod(owner: Workload.daemonSet, labels: [self.hashLabel: hash])
                plan.writes.append(.create(Workload.pod, namespace: set.metadata.namespace, pod))
            }
        }
        let count = PodCount(Array(live.prefix(1)), minReady: set.minReady, now: now)
        if let next = count.next { plan.ask(after: next) }
        var status: JSONValue = [
            "desiredNumberScheduled": 1, "currentNumberScheduled": .integer(Int64(count.total)),
            "numberReady": .integer(Int64(count.ready)), "numberAvailable": .integer(Int64(count.available)),
            "numberUnavailable": .integer(Int64(1 - count.available)), "numberMisscheduled": 0,
            "updatedNumberScheduled": .integer(Int64(min(1, current.count))),
        ]
        if let generation = set.metadata.generation { status["observedGeneration"] = .integer(generation) }
        plan.status(Workload.daemonSet, set.key, status, current: set.status)
        return plan
    }
}
