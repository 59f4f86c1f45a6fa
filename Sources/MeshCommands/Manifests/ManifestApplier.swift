public import MeshKubernetes
public import MeshModel
import MeshResources
import Synchronization
public import SystemPackage

/// Applies manifests to a cluster, as `kubectl apply --server-side` would.
public final class ManifestApplier: Sendable {
    private let client: KubernetesClient
    private let manager: String
    private let types = Mutex([String: [String: ResourceType]]())

    /// An applier that writes as the field manager `manager`.
    public init(client: KubernetesClient, manager: String) {
        self.client = client
        self.manager = manager
    }

    /// Applies all documents of the files, in their order.
    ///
    /// - Throws: ``ManifestError``, or the API's error for the first document that is refused.
    public func apply(files: [FilePath]) async throws {
        for file in files {
            for document in try Manifests.read(file) { try await self.apply(document) }
        }
    }

    /// Applies one document.
    public func apply(_ document: JSONValue) async throws {
        let target = try await self.target(of: document)
        _ = try await self.client.patch(
            .apply(document, manager: self.manager, force: true), to: target.type, target.key)
    }

    /// Deletes all documents of the files, the last first; what is not there is no error.
    public func delete(files: [FilePath]) async throws {
        var documents: [JSONValue] = []
        for file in files { documents += try Manifests.read(file) }
        for document in documents.reversed() { try await self.deleteIfPresent(self.target(of: document)) }
    }

    private struct Target {
        var type: ResourceType
        var key: ObjectKey
    }

    private func deleteIfPresent(_ target: Target) async throws(KubernetesError) {
        _ = try await self.answerToDelete(target)
    }

    /// The API's answer, nil when there was nothing to delete.
    private func answerToDelete(_ target: Target) async throws(KubernetesError) -> JSONValue? {
        do {
            return try await self.client.delete(target.type, target.key, options: DeleteOptions())
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    private func target(of document: JSONValue) async throws -> Target {
        let apiVersion = document["apiVersion"]?.string ?? ""
        let kind = document["kind"]?.string ?? ""
        guard let type = try await self.type(apiVersion: apiVersion, kind: kind) else {
            throw ManifestError.unknownKind(apiVersion: apiVersion, kind: kind)
        }
        let namespace = document[path: "metadata", "namespace"]?.string ?? "default"
        let name = document[path: "metadata", "name"]?.string ?? ""
        return Target(type: type, key: ObjectKey(namespace: type.isNamespaced ? namespace : "", name: name))
    }

    /// Looks a kind up in the API's discovery; asks again when it is not known, since definitions come and go.
    private func type(apiVersion: String, kind: String) async throws -> ResourceType? {
        if let type = self.types.withLock({ $0[apiVersion]?[kind] }) { return type }
        let parts = apiVersion.split(separator: "/").map(String.init)
        let group = parts.count == 2 ? parts[0] : ""
        let version = parts.last ?? apiVersion
        let path = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        guard let answer = try await self.discovery(at: path) else { return nil }
        let found = Self.types(in: answer, group: group, version: version)
        self.types.withLock { $0[apiVersion] = found }
        return found[kind]
    }

    private static func types(in list: JSONValue, group: String, version: String) -> [String: ResourceType] {
        (list["resources"]?.array ?? []).reduce(into: [:]) { types, resource in
            guard let plural = resource["name"]?.string, !plural.contains("/"), let kind = resource["kind"]?.string
            else { return }
            types[kind] = ResourceType(
                group: group, version: version, kind: kind, plural: plural,
                isNamespaced: resource["namespaced"]?.bool ?? true)
        }
    }

    /// A group's list of resources, nil when the API has no such group or version.
    private func discovery(at path: String) async throws(KubernetesError) -> JSONValue? {
        do {
            return try await self.client.document(at: path)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }
}
