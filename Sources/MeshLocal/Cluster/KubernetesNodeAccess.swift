import MeshCodec
public import MeshKubernetes
public import MeshModel
public import MeshResources

/// The node agent's view of an API server.
public struct KubernetesNodeAccess: NodeAccess {
    private let client: KubernetesClient
    private let events: EventRecorder

    /// Through `client`; `events` must be running for events to be written.
    public init(client: KubernetesClient, events: EventRecorder) {
        self.client = client
        self.events = events
    }

    /// The ConfigMap, or nil when there is none.
    public func configMap(_ key: ObjectKey) async throws -> ConfigMap? {
        try await Self.orNil { () async throws(KubernetesError) in try await self.client.get(ConfigMap.self, key) }
    }

    /// The Secret, or nil when there is none.
    public func secret(_ key: ObjectKey) async throws -> Secret? {
        try await Self.orNil { () async throws(KubernetesError) in try await self.client.get(Secret.self, key) }
    }

    /// A token bound to the pod.
    public func token(
        of account: ObjectKey, audience: String?, expirationSeconds: Int64, for pod: Pod
    ) async throws -> String {
        var spec: JSONValue = [
            "expirationSeconds": .integer(expirationSeconds),
            "boundObjectRef": [
                "apiVersion": "v1", "kind": "Pod", "name": .string(pod.metadata.name), "uid": .string(pod.metadata.uid),
            ],
        ]
        if let audience { spec["audiences"] = [.string(audience)] }
        let answer = try await self.client.post(
            ["apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec], to: "token",
            of: ServiceAccount.resourceType, account)
        guard let token = answer[path: "status", "token"]?.string else {
            throw KubernetesError.invalidAnswer(reason: "a TokenRequest without a token")
        }
        return token
    }

    /// Assigns the pod to this node.
    public func bind(_ pod: Pod, to node: String) async throws {
        let binding: JSONValue = [
            "apiVersion": "v1", "kind": "Binding",
            "metadata": ["name": .string(pod.metadata.name), "namespace": .string(pod.metadata.namespace)],
            "target": ["apiVersion": "v1", "kind": "Node", "name": .string(node)],
        ]
        _ = try await Self.orNil { () async throws(KubernetesError) in
            try await self.client.post(binding, to: "binding", of: Pod.resourceType, pod.key)  // Or bound before.
        }
    }

    /// Replaces the status.
    public func report(_ status: PodStatus, of pod: Pod) async throws {
        let document = try JSONValue(encoding: status)
        _ = try await Self.orNil { () async throws(KubernetesError) in
            try await self.client.patch(
                .merge(["status": document]), to: Pod.resourceType, pod.key, subresource: "status")
        }
    }

    /// Writes an event.
    public func record(_ type: EventType, reason: String, note: String, container: String?, of pod: Pod) {
        var reference = pod.objectReference
        reference.resourceVersion = nil  // The same event of a later version is the same event.
        reference.fieldPath = container.map { "spec.containers{\($0)}" }
        self.events.record(type, reason: reason, action: reason, note: note, regarding: reference)
    }

    /// Removes the pod at once.
    public func remove(_ pod: Pod) async throws {
        var options = DeleteOptions()
        options.uid = pod.metadata.uid
        options.gracePeriodSeconds = 0
        _ = try await Self.orNil { () async throws(KubernetesError) in
            try await self.client.delete(Pod.resourceType, pod.key, options: options)
        }
    }

    private static func orNil<Value: Sendable>(
        _ body: () async throws(KubernetesError) -> Value
    ) async throws(KubernetesError) -> Value? {
        do throws(KubernetesError) {
            return try await body()
        } catch {
            guard error.isNotFound || error.isConflict else { throw error }
            return nil
        }
    }
}
