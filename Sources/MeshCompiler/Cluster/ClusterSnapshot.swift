public import MeshModel
public import MeshResources

/// All objects that compilations read, as one immutable value.
///
/// Copies are cheap: they share what did not change.
public struct ClusterSnapshot: Sendable {
    /// Pods.
    public internal(set) var pods = ResourceTable<Pod>()
    /// Services.
    public internal(set) var services = ResourceTable<Service>()
    /// EndpointSlices.
    public internal(set) var endpointSlices = ResourceTable<EndpointSlice>()
    /// Nodes.
    public internal(set) var nodes = ResourceTable<Node>()
    /// ReplicaSets.
    public internal(set) var replicaSets = ResourceTable<ReplicaSet>()
    /// ExternalWorkloads.
    public internal(set) var externalWorkloads = ResourceTable<ExternalWorkload>()
    /// ServiceProfiles.
    public internal(set) var serviceProfiles = ResourceTable<ServiceProfile>()
    /// Servers.
    public internal(set) var servers = ResourceTable<Server>()
    /// ServerAuthorizations.
    public internal(set) var serverAuthorizations = ResourceTable<ServerAuthorization>()
    /// AuthorizationPolicies.
    public internal(set) var authorizationPolicies = ResourceTable<AuthorizationPolicy>()
    /// MeshTLSAuthentications.
    public internal(set) var meshTLSAuthentications = ResourceTable<MeshTLSAuthentication>()
    /// NetworkAuthentications.
    public internal(set) var networkAuthentications = ResourceTable<NetworkAuthentication>()
    /// HTTPLocalRateLimitPolicies.
    public internal(set) var rateLimitPolicies = ResourceTable<HTTPLocalRateLimitPolicy>()
    /// HTTPRoutes of policy.linkerd.io.
    public internal(set) var policyHTTPRoutes = ResourceTable<HTTPRoute>()
    /// HTTPRoutes of gateway.networking.k8s.io.
    public internal(set) var gatewayHTTPRoutes = ResourceTable<HTTPRoute>()
    /// GRPCRoutes.
    public internal(set) var grpcRoutes = ResourceTable<GRPCRoute>()
    /// TLSRoutes.
    public internal(set) var tlsRoutes = ResourceTable<TLSRoute>()
    /// TCPRoutes.
    public internal(set) var tcpRoutes = ResourceTable<TCPRoute>()
    /// EgressNetworks.
    public internal(set) var egressNetworks = ResourceTable<EgressNetwork>()
    private var index: [ClusterIndexKey: Set<ObjectKey>] = [:]

    /// An empty cluster.
    public init() {}

    /// The keys of the objects that are found under `key`, sorted.
    func keys(at key: ClusterIndexKey) -> [ObjectKey] { self.index[key]?.sorted() ?? [] }

    /// Adds an object or replaces the one with its key.
    ///
    /// - Returns: what the change touches; nothing when the object says what was known.
    @discardableResult
    public mutating func apply<Resource>(
        _ object: Resource, in collection: ClusterCollection<Resource>
    ) -> Set<ClusterTopic> {
        let old = self[keyPath: collection.table].insert(object)
        if let old {
            if old.saysTheSame(as: object) { return [] }
            // Such a status is for people: only an answer about all of the kind, the one that writes it, depends on it.
            if let bare = collection.withoutStatus, bare(old).saysTheSame(as: bare(object)) {
                return [.kind(collection.kind)]
            }
        }
        return self.reindex(object.key, in: collection, from: old, to: object)
    }

    /// Removes an object.
    ///
    /// - Returns: what the change touches; nothing when there was no such object.
    @discardableResult
    public mutating func delete<Resource>(
        _ key: ObjectKey, in collection: ClusterCollection<Resource>
    ) -> Set<ClusterTopic> {
        guard let old = self[keyPath: collection.table].remove(key) else { return [] }
        return self.reindex(key, in: collection, from: old, to: nil)
    }

    /// Makes `objects` all there are of their kind, as after a new list.
    ///
    /// - Returns: what the difference touches.
    @discardableResult
    public mutating func reset<Resource>(
        _ objects: [Resource], in collection: ClusterCollection<Resource>
    ) -> Set<ClusterTopic> {
        let kept = Set(objects.map(\.key))
        var touched: Set<ClusterTopic> = []
        for key in self[keyPath: collection.table].keys where !kept.contains(key) {
            touched.formUnion(self.delete(key, in: collection))
        }
        for object in objects { touched.formUnion(self.apply(object, in: collection)) }
        return touched
    }

    private mutating func reindex<Resource>(
        _ key: ObjectKey, in collection: ClusterCollection<Resource>, from old: Resource?, to new: Resource?
    ) -> Set<ClusterTopic> {
        let oldKeys = Set(old.map(collection.indexKeys) ?? [])
        let newKeys = Set(new.map(collection.indexKeys) ?? [])
        for gone in oldKeys.subtracting(newKeys) {
            self.index[gone]?.remove(key)
            if self.index[gone]?.isEmpty == true { self.index[gone] = nil }
        }
        for fresh in newKeys.subtracting(oldKeys) { self.index[fresh, default: []].insert(key) }
        var touched: Set<ClusterTopic> = [
            .object(collection.kind, key), .namespace(collection.kind, key.namespace), .kind(collection.kind),
        ]
        for indexKey in oldKeys.union(newKeys) { touched.insert(.index(indexKey)) }
        return touched
    }
}

extension KubernetesResource {
    /// True when `other` differs in nothing but its version: a write that changed what we do not read.
    fileprivate func saysTheSame(as other: Self) -> Bool {
        var (left, right) = (self, other)
        left.metadata.resourceVersion = ""
        right.metadata.resourceVersion = ""
        return left == right
    }
}
