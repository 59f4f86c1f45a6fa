import MeshModel
import MeshResources
import Testing

@testable import MeshLocal

/// A namespace that does what controllers say, for tests without an API server.
struct SmallCluster {
    var objects: [ResourceType: [ObjectKey: JSONValue]] = [:]
    var now = Timestamp(seconds: 1_000)
    private var serial = 0

    func all(_ type: ResourceType) -> [OwnedObject] {
        (self.objects[type] ?? [:]).sorted { $0.key < $1.key }.compactMap { OwnedObject($0.value) }
    }

    func one(_ type: ResourceType, _ name: String) throws -> OwnedObject {
        try #require(self.objects[type]?[ObjectKey(namespace: "ns", name: name)].flatMap(OwnedObject.init))
    }

    mutating func add(_ type: ResourceType, _ document: JSONValue) {
        self.serial += 1
        var metadata = document["metadata"] ?? [:]
        let prefix = metadata["generateName"]?.string
        let name = metadata["name"]?.string ?? "\(prefix ?? "")\(self.serial)"
        metadata["name"] = .string(name)
        metadata["namespace"] = "ns"
        metadata["uid"] = .string("uid-\(self.serial)")
        metadata["generation"] = 1
        metadata["creationTimestamp"] = .string(Timestamp(seconds: Int64(self.serial)).description)
        var object = document
        object["metadata"] = metadata
        self.objects[type, default: [:]][ObjectKey(namespace: "ns", name: name)] = object
    }

    mutating func perform(_ writes: [ControllerWrite]) {
        for write in writes {
            switch write {
            case .create(let type, _, let document): self.add(type, document)
            case .patch(let type, let key, let patch), .patchStatus(let type, let key, let patch):
                guard let object = self.objects[type]?[key] else { continue }
                self.objects[type]?[key] = Self.merge(object, patch)
            case .delete(let type, let key, let uid):
                guard self.objects[type]?[key]?[path: "metadata", "uid"]?.string == uid else { continue }
                self.objects[type]?[key] = nil
            }
        }
    }

    mutating func patch(_ type: ResourceType, _ name: String, _ patch: JSONValue) {
        self.perform([.patch(type, ObjectKey(namespace: "ns", name: name), patch)])
    }

    /// Makes a pod ready, or not, with an address.
    mutating func setReady(_ pod: OwnedObject, _ ready: Bool, address: String = "10.244.0.9") {
        self.patch(
            Workload.pod, pod.metadata.name,
            [
                "spec": ["nodeName": "node"],
                "status": [
                    "phase": "Running", "podIP": .string(address),
                    "conditions": [
                        [
                            "type": "Ready", "status": ready ? "True" : "False",
                            "lastTransitionTime": .string(self.now.description),
                        ]
                    ],
                ],
            ])
    }

    private static func merge(_ object: JSONValue, _ patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var result = object
        for (name, value) in changes {
            result[name] = value.isNull ? nil : Self.merge(object[name] ?? [:], value)
        }
        return result
    }

    // MARK: - Rounds

    /// Lets the controllers of Deployments and ReplicaSets work until nothing changes.
    mutating func settle() {
        for _ in 0..<50 {
            var writes: [ControllerWrite] = []
            for set in self.all(Workload.replicaSet) {
                writes += ReplicaSetController.plan(set, pods: self.all(Workload.pod), now: self.now).writes
            }
            self.perform(writes)
            for deployment in self.all(Workload.deployment) {
                let plan = DeploymentController.plan(deployment, sets: self.all(Workload.replicaSet), now: self.now)
                self.perform(plan.writes)
                writes += plan.writes
            }
            if writes.isEmpty { return }
        }
        Issue.record("the controllers do not settle")
    }

    /// Everything up to pods that are not ready yet is ready after this.
    mutating func makeAllReady() {
        for pod in self.all(Workload.pod) where !pod.isReady { self.setReady(pod, true) }
    }

    static func deployment(_ replicas: Int, image: String = "a:1", strategy: JSONValue = [:]) -> JSONValue {
        [
            "metadata": ["name": "web", "annotations": ["team": "x"]],
            "spec": [
                "replicas": .integer(Int64(replicas)), "selector": ["matchLabels": ["app": "web"]],
                "strategy": strategy, "template": self.template(image),
            ],
        ]
    }

    static func template(_ image: String) -> JSONValue {
        [
            "metadata": ["labels": ["app": "web"], "annotations": ["linkerd.io/inject": "enabled"]],
            "spec": [
                "containers": [["name": "c", "image": .string(image), "anything": ["kept": true]]],
                "tolerations": [["key": "unknown-to-us"]],
            ],
        ]
    }
}
