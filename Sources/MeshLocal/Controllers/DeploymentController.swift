import MeshModel
import MeshResources

/// Keeps one ReplicaSet for each template of a Deployment and moves pods to the newest one.
struct DeploymentController: Sendable {
    private let deployment: OwnedObject
    private let sets: [OwnedObject]
    private let now: Timestamp
    private let hash: String
    private let surge: Int
    private let unavailable: Int

    static let revision = "deployment.kubernetes.io/revision"
    static let hashLabel = "pod-template-hash"

    /// What to do about `deployment`, given all ReplicaSets of its namespace.
    static func plan(_ deployment: OwnedObject, sets: [OwnedObject], now: Timestamp) -> ControllerPlan {
        guard !deployment.isDeleting else { return ControllerPlan() }
        return DeploymentController(deployment, sets, now).plan()
    }

    private init(_ deployment: OwnedObject, _ sets: [OwnedObject], _ now: Timestamp) {
        self.deployment = deployment
        self.sets = sets.filter { $0.controllerUID == deployment.metadata.uid && !$0.isDeleting }
        self.now = now
        self.hash = deployment.templateHash
        let rolling = deployment.spec[path: "strategy", "rollingUpdate"]
        let desired = deployment.replicas
        let surge = Self.share(rolling?["maxSurge"], of: desired, rounding: .up)
        let unavailable = Self.share(rolling?["maxUnavailable"], of: desired, rounding: .down)
        self.surge = surge
        self.unavailable = min(desired, surge == 0 ? max(1, unavailable) : unavailable)
    }

    /// A number or a percentage, a quarter unless said otherwise.
    private static func share(
        _ value: JSONValue?, of total: Int, rounding rule: FloatingPointRoundingRule
    ) -> Int {
        if let number = value?.integer { return max(0, Int(clamping: number)) }
        let percent = value?.string.flatMap { $0.hasSuffix("%") ? Double($0.dropLast()) : nil } ?? 25
        return Int((Double(total) * max(0, percent) / 100).rounded(rule))
    }

    private var desired: Int { self.deployment.replicas }
    private var newest: OwnedObject? { self.sets.first { $0.metadata.labels[Self.hashLabel] == self.hash } }
    private var older: [OwnedObject] {
        self.sets.filter { $0.metadata.labels[Self.hashLabel] != self.hash }
            .sorted { Self.revision(of: $0) < Self.revision(of: $1) }
    }
    private var isRecreate: Bool { self.deployment.spec[path: "strategy", "type"]?.string == "Recreate" }
    private var isPaused: Bool { self.deployment.spec["paused"]?.bool == true }

    private static func revision(of set: OwnedObject) -> Int {
        set.metadata.annotations[self.revision].flatMap { Int($0) } ?? 0
    }

    private static func available(_ set: OwnedObject) -> Int {
        min(Int(set.status["availableReplicas"]?.integer ?? 0), set.replicas)
    }

    private func plan() -> ControllerPlan {
        var plan = ControllerPlan()
        if self.isPaused {
            // Only the size follows, on the set that is the current one.
            if let current = self.newest ?? self.older.last { self.scale(current, to: self.desired, &plan) }
        } else if self.isRecreate {
            self.recreate(&plan)
        } else {
            self.roll(&plan)
        }
        if !self.isPaused { self.number(&plan) }
        self.forget(&plan)
        self.report(&plan)
        return plan
    }

    // MARK: - Replicas

    private func roll(_ plan: inout ControllerPlan) {
        let total = self.sets.reduce(0) { $0 + $1.replicas }
        let room = max(0, self.desired + self.surge - total)
        guard let newest = self.newest else {
            self.create(replicas: min(self.desired, room), &plan)
            return
        }
        if newest.replicas < self.desired {
            self.scale(newest, to: min(self.desired, newest.replicas + room), &plan)
        } else {
            self.scale(newest, to: self.desired, &plan)
        }
        self.shrinkOlder(newest, total: total, &plan)
    }

    /// Takes from older sets what may be missing: first what does not work anyway.
    private func shrinkOlder(_ newest: OwnedObject, total: Int, _ plan: inout ControllerPlan) {
        let available = self.sets.reduce(0) { $0 + Self.available($1) }
        let minimum = self.desired - self.unavailable
        var broken = max(0, total - minimum - (newest.replicas - Self.available(newest)))
        var working = max(0, available - minimum)
        for set in self.older where set.replicas > 0 {
            let useless = min(broken, set.replicas - Self.available(set))
            let useful = min(working, broken - useless, Self.available(set))
            broken -= useless + useful
            working -= useful
            self.scale(set, to: set.replicas - useless - useful, &plan)
        }
    }

    private func recreate(_ plan: inout ControllerPlan) {
        for set in self.older { self.scale(set, to: 0, &plan) }
        guard self.older.allSatisfy({ $0.replicas == 0 && ($0.status["replicas"]?.integer ?? 0) == 0 }) else { return }
        if let newest = self.newest {
            self.scale(newest, to: self.desired, &plan)
        } else {
            self.create(replicas: self.desired, &plan)
        }
    }

    private func scale(_ set: OwnedObject, to replicas: Int, _ plan: inout ControllerPlan) {
        let annotation = "deployment.kubernetes.io/desired-replicas"
        guard set.replicas != replicas || set.metadata.annotations[annotation] != "\(self.desired)" else { return }
        plan.writes.append(
            .patch(
                Workload.replicaSet, set.key,
                [
                    "spec": ["replicas": .integer(Int64(replicas))],
                    "metadata": ["annotations": [annotation: .string("\(self.desired)")]],
                ]))
    }

    private func create(replicas: Int, _ plan: inout ControllerPlan) {
        var template = self.deployment.spec["template"] ?? [:]
        var metadata = template["metadata"] ?? [:]
        var labels = metadata["labels"] ?? [:]
        labels[Self.hashLabel] = .string(self.hash)
        metadata["labels"] = labels
        template["metadata"] = metadata
        var selector = self.deployment.spec["selector"] ?? [:]
        var matching = selector["matchLabels"] ?? [:]
        matching[Self.hashLabel] = .string(self.hash)
        selector["matchLabels"] = matching
        var spec: JSONValue = [
            "replicas": .integer(Int64(replicas)), "selector": selector, "template": template,
        ]
        if let seconds = self.deployment.spec["minReadySeconds"] { spec["minReadySeconds"] = seconds }
        var annotations = self.deployment.metadata.annotations
        annotations["kubectl.kubernetes.io/last-applied-configuration"] = nil
        annotations[Self.revision] = "\((self.sets.map(Self.revision(of:)).max() ?? 0) + 1)"
        annotations["deployment.kubernetes.io/desired-replicas"] = "\(self.desired)"
        plan.writes.append(
            .create(
                Workload.replicaSet, namespace: self.deployment.metadata.namespace,
                [
                    "metadata": [
                        "name": .string("\(self.deployment.metadata.name)-\(self.hash)"), "labels": labels,
                        "annotations": .object(annotations.mapValues { .string($0) }),
                        "ownerReferences": [self.deployment.ownerReference(Workload.deployment)],
                    ],
                    "spec": spec,
                ]))
    }

    // MARK: - History

    /// The newest set has the highest revision, also when it is an old one that came back.
    private func number(_ plan: inout ControllerPlan) {
        guard let newest = self.newest else { return }
        let highest = self.older.map(Self.revision(of:)).max() ?? 0
        let revision = max(Self.revision(of: newest), highest + 1)
        let value: JSONValue = ["metadata": ["annotations": [Self.revision: .string("\(revision)")]]]
        if Self.revision(of: newest) != revision { plan.writes.append(.patch(Workload.replicaSet, newest.key, value)) }
        guard self.deployment.metadata.annotations[Self.revision] != "\(revision)" else { return }
        plan.writes.append(.patch(Workload.deployment, self.deployment.key, value))
    }

    private func forget(_ plan: inout ControllerPlan) {
        let limit = Int(self.deployment.spec["revisionHistoryLimit"]?.integer ?? 10)
        let idle = self.older.filter { $0.replicas == 0 && ($0.status["replicas"]?.integer ?? 0) == 0 }
        for set in idle.dropLast(max(0, limit)) {
            plan.writes.append(.delete(Workload.replicaSet, set.key, uid: set.metadata.uid))
        }
    }

    // MARK: - Status

    private func report(_ plan: inout ControllerPlan) {
        let sum = { (field: String) in self.sets.reduce(Int64(0)) { $0 + ($1.status[field]?.integer ?? 0) } }
        let (replicas, available) = (sum("replicas"), sum("availableReplicas"))
        let updated = self.newest?.status["replicas"]?.integer ?? 0
        var status: JSONValue = [
            "replicas": .integer(replicas), "updatedReplicas": .integer(updated),
            "readyReplicas": .integer(sum("readyReplicas")), "availableReplicas": .integer(available),
            "unavailableReplicas": .integer(max(0, Int64(self.desired) - available)),
        ]
        if let generation = self.deployment.metadata.generation { status["observedGeneration"] = .integer(generation) }
        let isAvailable = available >= Int64(self.desired - self.unavailable)
        let minimum = self.condition(
            "Available", isAvailable, isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            isAvailable ? "Deployment has minimum availability." : "Deployment does not have minimum availability.")
        let isComplete =
            updated == Int64(self.desired) && replicas == updated && available >= updated && self.newest != nil
        status["conditions"] = .array([minimum, self.progress(isComplete: isComplete, counts: status, &plan)])
        plan.status(Workload.deployment, self.deployment.key, status, current: self.deployment.status)
    }

    /// Progress is any change of the counts; without one for too long the rollout has failed.
    private func progress(isComplete: Bool, counts: JSONValue, _ plan: inout ControllerPlan) -> JSONValue {
        let name = self.newest.map { "ReplicaSet \"\($0.metadata.name)\"" } ?? "The new ReplicaSet"
        if isComplete {
            return self.condition(
                "Progressing", true, "NewReplicaSetAvailable", "\(name) has successfully progressed.")
        }
        let hasMoved = !self.deployment.status.contains(counts)
        let before = self.deployment.condition("Progressing")
        let wasComplete = before?["reason"]?.string == "NewReplicaSetAvailable"
        if hasMoved || before == nil || wasComplete {
            return self.condition("Progressing", true, "ReplicaSetUpdated", "\(name) is progressing.", isUpdate: true)
        }
        let deadline = Duration.seconds(self.deployment.spec["progressDeadlineSeconds"]?.integer ?? 600)
        let since = before?["lastUpdateTime"]?.string.flatMap { Timestamp($0) } ?? self.now
        let left = deadline - self.now.duration(since: since)
        guard left <= .zero, !self.isPaused else {
            plan.ask(after: max(left, .seconds(1)))
            return before ?? .null
        }
        return self.condition(
            "Progressing", false, "ProgressDeadlineExceeded", "\(name) has timed out progressing.")
    }

    private func condition(
        _ type: String, _ holds: Bool, _ reason: String, _ message: String, isUpdate: Bool = false
    ) -> JSONValue {
        let before = self.deployment.condition(type)
        let status = holds ? "True" : "False"
        let isSame = before?["status"]?.string == status
        let now = JSONValue.string(self.now.description)
        let keepsTime = isSame && before?["reason"]?.string == reason && !isUpdate
        return [
            "type": .string(type), "status": .string(status), "reason": .string(reason),
            "message": .string(message),
            "lastTransitionTime": isSame ? before?["lastTransitionTime"] ?? now : now,
            "lastUpdateTime": keepsTime ? before?["lastUpdateTime"] ?? now : now,
        ]
    }
}
