import MeshIdentity
import MeshKubernetes
import MeshModel
import MeshResources

/// The Secrets and the ConfigMap that the controller owns in its own namespace.
///
/// Several replicas may start at once: whoever creates an object first decides, everybody reads what is there.
struct StateStore: Sendable {
    let client: KubernetesClient
    let namespace: String

    /// The label of everything that we create.
    private static let labels: JSONValue = [
        "linkerd.io/control-plane-component": "controller", "app.kubernetes.io/managed-by": "heddle-controller",
    ]

    /// The data of a Secret; nil when there is none.
    func secret(_ name: String) async throws(KubernetesError) -> [String: [UInt8]]? {
        guard let document = try await self.document(Secret.resourceType, name) else { return nil }
        return (document["data"]?.object ?? [:]).compactMapValues { $0.string.flatMap { Base64.decode($0) } }
    }

    /// The data of a ConfigMap; nil when there is none.
    func configMap(_ name: String) async throws(KubernetesError) -> [String: String]? {
        guard let document = try await self.document(ConfigMap.resourceType, name) else { return nil }
        return (document["data"]?.object ?? [:]).compactMapValues(\.string)
    }

    /// The Secret's data, after creating it with what `make` gives when it is missing.
    func secret(
        _ name: String, type: String = "Opaque", orCreate make: () throws -> [String: String]
    ) async throws -> [String: [UInt8]] {
        if let present = try await self.secret(name) { return present }
        let data = try make().mapValues { JSONValue.string(Base64.encode($0.utf8)) }
        var document: JSONValue = ["metadata": self.metadata(name), "data": .object(data)]
        document["type"] = .string(type)
        try await self.create(document, as: Secret.resourceType)
        return try await self.secret(name) ?? [:]
    }

    /// The ConfigMap's data, after creating it with what `make` gives when it is missing.
    func configMap(_ name: String, orCreate make: () throws -> [String: String]) async throws -> [String: String] {
        if let present = try await self.configMap(name) { return present }
        let document: JSONValue = [
            "metadata": self.metadata(name), "data": .object(try make().mapValues { .string($0) }),
        ]
        try await self.create(document, as: ConfigMap.resourceType)
        return try await self.configMap(name) ?? [:]
    }

    /// Replaces a Secret's data, unless somebody changed it since `version` was read.
    func replaceSecret(_ name: String, with data: [String: String]) async throws(KubernetesError) {
        guard var document = try await self.document(Secret.resourceType, name) else { return }
        document["data"] = .object(data.mapValues { .string(Base64.encode($0.utf8)) })
        _ = try await self.client.update(document, as: Secret.resourceType, self.key(name))
    }

    /// Replaces a ConfigMap's data, unless somebody changed it meanwhile.
    func replaceConfigMap(_ name: String, with data: [String: String]) async throws(KubernetesError) {
        guard var document = try await self.document(ConfigMap.resourceType, name) else { return }
        document["data"] = .object(data.mapValues { .string($0) })
        _ = try await self.client.update(document, as: ConfigMap.resourceType, self.key(name))
    }

    private func document(_ type: ResourceType, _ name: String) async throws(KubernetesError) -> JSONValue? {
        do {
            return try await self.client.get(type, self.key(name))
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    private func create(_ document: JSONValue, as type: ResourceType) async throws(KubernetesError) {
        do {
            _ = try await self.client.create(document, as: type, in: self.namespace)
        } catch {
            guard error.isAlreadyExists else { throw error }  // Another replica was first; its object counts.
        }
    }

    private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: self.namespace, name: name) }

    private func metadata(_ name: String) -> JSONValue {
        ["name": .string(name), "namespace": .string(self.namespace), "labels": Self.labels]
    }
}
