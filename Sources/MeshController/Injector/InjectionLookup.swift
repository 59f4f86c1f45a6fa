import MeshKubernetes
import MeshModel
import MeshResources
import Synchronization

/// What the injector asks of the cluster: a namespace's annotations, and who owns a pod in the end.
///
/// Namespaces come from a watch, so that most reviews ask nobody; one that was made a moment ago is read directly.
struct InjectionLookup: Sendable {
    /// Owners are remembered up to this many; a ReplicaSet's owner never changes.
    static let ownersMax = 4096

    let client: KubernetesClient
    let namespaces: ResourceStore<Namespace>
    private let owners = OwnerCache()

    init(client: KubernetesClient, namespaces: ResourceStore<Namespace>) {
        self.client = client
        self.namespaces = namespaces
    }

    func annotations(of namespace: String) async throws(KubernetesError) -> [String: String] {
        let key = ObjectKey(name: namespace)
        if let known = self.namespaces[key] { return known.metadata.annotations }
        return try await self.client.get(Namespace.self, key).metadata.annotations
    }

    /// The owner of a pod, looking through a ReplicaSet or a Job at whoever owns that.
    func owner(of pod: JSONValue, in namespace: String) async throws(KubernetesError) -> Injector.Owner {
        let name = pod[path: "metadata", "name"]?.string ?? pod[path: "metadata", "generateName"]?.string ?? ""
        guard let direct = Self.only(pod) else { return Injector.Owner(kind: "pod", name: name) }
        let resource: ResourceType
        switch direct.kind {
        case "replicaset": resource = ReplicaSet.resourceType
        case "job": resource = Job.resourceType
        default: return direct
        }
        let key = OwnerCache.Key(kind: direct.kind, object: ObjectKey(namespace: namespace, name: direct.name))
        if let known = self.owners[key] { return known }
        do {
            let parent = try await self.client.get(resource, key.object)
            let owner = Self.grandparent(Self.only(parent), of: direct)
            self.owners[key] = owner
            return owner
        } catch {
            guard error.isNotFound else { throw error }
            return direct
        }
    }

    private static func grandparent(_ owner: Injector.Owner?, of direct: Injector.Owner) -> Injector.Owner {
        guard let owner else { return direct }
        let known = ["job", "statefulset", "daemonset", "deployment"]
        return direct.kind == "replicaset" && !known.contains(owner.kind) ? direct : owner
    }

    /// The one owner of an object that has exactly one.
    private static func only(_ document: JSONValue) -> Injector.Owner? {
        let references = document[path: "metadata", "ownerReferences"]?.array ?? []
        guard references.count == 1, let kind = references[0]["kind"]?.string, let name = references[0]["name"]?.string
        else { return nil }
        return Injector.Owner(kind: kind.lowercased(), name: name)
    }
}

/// Owners by what they own, forgotten all at once when there are too many.
private final class OwnerCache: Sendable {
    struct Key: Hashable, Sendable {
        let kind: String
        let object: ObjectKey
    }

    private let owners = Mutex<[Key: Injector.Owner]>([:])

    subscript(key: Key) -> Injector.Owner? {
        get { self.owners.withLock { $0[key] } }
        set {
            self.owners.withLock { owners in
                if owners.count >= InjectionLookup.ownersMax { owners.removeAll(keepingCapacity: true) }
                owners[key] = newValue
            }
        }
    }
}
