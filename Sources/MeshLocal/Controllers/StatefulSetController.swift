import MeshModel
import MeshResources

/// Keeps the numbered pods of a StatefulSet, one after the other.
enum StatefulSetController {
    static let hashLabel = "controller-revision-hash"

    /// What to do about `set`, given all pods of its namespace.
    static func plan(_ set: OwnedObject, pods: [OwnedObject], now: Timestamp) -> ControllerPlan {
        var plan = ControllerPlan()
        let own = pods.filter { $0.controllerUID == set.metadata.uid }
        let hash = set.templateHash
        if !set.isDeleting { plan.writes = self.step(set, own, hash: hash).map { [$0] } ?? [] }
        let live = own.filter { !$0.isDeleting && !$0.isOver }
        let current = live.filter { $0.metadata.labels[self.hashLabel] == hash }
        let count = PodCount(live, minReady: set.minReady, now: now)
        if let next = count.next { plan.ask(after: next) }
        let revision = JSONValue.string("\(set.metadata.name)-\(hash)")
        var status: JSONValue = [
            "replicas": .integer(Int64(count.total)), "readyReplicas": .integer(Int64(count.ready)),
            "availableReplicas": .integer(Int64(count.available)),
            "currentReplicas": .integer(Int64(current.count)), "updatedReplicas": .integer(Int64(current.count)),
            "updateRevision": revision,
        ]
        if current.count == set.replicas, count.ready == set.replicas { status["currentRevision"] = revision }
        if let generation = set.metadata.generation { status["observedGeneration"] = .integer(generation) }
        plan.status(Workload.statefulSet, set.key, status, current: set.status)
        return plan
    }

    /// The one next change: fill the lowest gap, drop the highest surplus, replace the highest old pod.
    private static func step(_ set: OwnedObject, _ own: [OwnedObject], hash: String) -> ControllerWrite? {
        let isParallel = set.spec["podManagementPolicy"]?.string == "Parallel"
        let byNumber = Dictionary(own.map { (self.number(of: $0, in: set), $0) }) { first, _ in first }
        for number in 0..<max(0, set.replicas) {
            guard let pod = byNumber[number] else {
                let name = "\(set.metadata.name)-\(number)"
                let labels = [
                    self.hashLabel: hash, "statefulset.kubernetes.io/pod-name": name,
                    "apps.kubernetes.io/pod-index": "\(number)",
                ]
                var document = set.pod(owner: Workload.statefulSet, name: name, labels: labels)
                var spec = document["spec"] ?? [:]
                spec["hostname"] = .string(name)
                if let service = set.spec["serviceName"], service.string?.isEmpty == false {
                    spec["subdomain"] = service
                }
                document["spec"] = spec
                return .create(Workload.pod, namespace: set.metadata.namespace, document)
            }
            if pod.isOver, !pod.isDeleting { return .delete(Workload.pod, pod.key, uid: pod.metadata.uid) }
            guard isParallel || (pod.isReady && !pod.isDeleting) else { return nil }
        }
        guard !own.contains(where: \.isDeleting) else { return nil }
        let surplus = byNumber.filter { $0.key >= set.replicas || $0.key < 0 }.max { $0.key < $1.key }?.value
        let old = byNumber.filter { $0.value.metadata.labels[self.hashLabel] != hash }.max { $0.key < $1.key }?.value
        let isOnDelete = set.spec[path: "updateStrategy", "type"]?.string == "OnDelete"
        guard let pod = surplus ?? (isOnDelete ? nil : old) else { return nil }
        return .delete(Workload.pod, pod.key, uid: pod.metadata.uid)
    }

    /// The number at the end of the pod's name; negative for a pod that has none.
    private static func number(of pod: OwnedObject, in set: OwnedObject) -> Int {
        Int(pod.metadata.name.dropFirst(set.metadata.name.count + 1)) ?? -1
    }
}
