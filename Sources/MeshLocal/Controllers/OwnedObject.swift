import MeshCodec
import MeshModel
import MeshResources

/// An object as our controllers see it: whole documents, because templates must be copied as they are.
struct OwnedObject: Hashable, Sendable {
    /// The whole object.
    var json: JSONValue
    /// Its metadata.
    var metadata: ObjectMeta

    /// An object of the API server; nil for one without readable metadata.
    init?(_ json: JSONValue) {
        do {
            self.metadata = try (json["metadata"] ?? .null).decode(ObjectMeta.self)
        } catch {
            return nil
        }
        self.json = json
    }

    var key: ObjectKey { ObjectKey(namespace: self.metadata.namespace, name: self.metadata.name) }
    var spec: JSONValue { self.json["spec"] ?? [:] }
    var status: JSONValue { self.json["status"] ?? [:] }
    var isDeleting: Bool { self.metadata.deletionTimestamp != nil }

    /// The uid of the object that controls this one.
    var controllerUID: String? { self.metadata.ownerReferences.first { $0.controller == true }?.uid }

    /// `spec.replicas`, one unless said otherwise.
    var replicas: Int { Int(self.spec["replicas"]?.integer ?? 1) }

    /// `spec.minReadySeconds`.
    var minReady: Duration { .seconds(self.spec["minReadySeconds"]?.integer ?? 0) }

    /// What a child says about this owner.
    func ownerReference(_ type: ResourceType) -> JSONValue {
        [
            "apiVersion": .string(type.apiVersion), "kind": .string(type.kind), "name": .string(self.metadata.name),
            "uid": .string(self.metadata.uid), "controller": true, "blockOwnerDeletion": true,
        ]
    }

    /// A short text that changes with the pod template.
    ///
    /// Of characters that make no words and fit into names and labels, as Kubernetes has it.
    var templateHash: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a, 64 bits.
        for byte in JSONWriter.write(self.spec["template"] ?? .null) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
        return String(
            (0..<10).map { _ in
                defer { hash /= UInt64(alphabet.count) }
                return alphabet[Int(hash % UInt64(alphabet.count))]
            })
    }

    /// A pod from the template of this object.
    func pod(
        owner: ResourceType, name: String? = nil, labels more: [String: String] = [:]
    ) -> JSONValue {
        let template = self.spec["template"] ?? [:]
        var metadata: JSONValue = [:]
        if let annotations = template[path: "metadata", "annotations"] { metadata["annotations"] = annotations }
        var labels = template[path: "metadata", "labels"] ?? [:]
        for (key, value) in more { labels[key] = .string(value) }
        metadata["labels"] = labels
        metadata["ownerReferences"] = [self.ownerReference(owner)]
        if let name {
            metadata["name"] = .string(name)
        } else {
            metadata["generateName"] = .string("\(self.metadata.name)-")
        }
        return ["metadata": metadata, "spec": template["spec"] ?? [:]]
    }
}

// MARK: - Pods

extension OwnedObject {
    /// `status.phase` of a pod.
    var phase: String { self.status["phase"]?.string ?? "Pending" }

    /// A pod that has ended for good.
    var isOver: Bool { self.phase == "Succeeded" || self.phase == "Failed" }

    /// A pod that is ready.
    var isReady: Bool { self.condition("Ready")?["status"]?.string == "True" }

    /// How long a pod has yet to be ready until it counts as available; zero when it does, nil when it is not ready.
    func untilAvailable(after minimum: Duration, now: Timestamp) -> Duration? {
        guard self.isReady else { return nil }
        let since = self.condition("Ready")?["lastTransitionTime"]?.string.flatMap { Timestamp($0) }
        guard minimum > .zero, let since
        else { return .zero }
        return max(.zero, minimum - now.duration(since: since))
    }

    /// The condition `type`.
    func condition(_ type: String) -> JSONValue? {
        self.status["conditions"]?.array?.first { $0["type"]?.string == type }
    }
}

/// How many of a set of pods are in which state.
struct PodCount: Hashable, Sendable {
    var total = 0
    var ready = 0
    var available = 0
    /// When the next one becomes available by the mere passing of time.
    var next: Duration?

    init(_ pods: [OwnedObject], minReady: Duration, now: Timestamp) {
        self.total = pods.count
        for pod in pods {
            guard let wait = pod.untilAvailable(after: minReady, now: now) else { continue }
            self.ready += 1
            if wait == .zero {
                self.available += 1
            } else {
                self.next = min(self.next ?? wait, wait)
            }
        }
    }
}
