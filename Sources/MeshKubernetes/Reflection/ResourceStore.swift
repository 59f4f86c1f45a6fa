import MeshControl
public import MeshModel
public import MeshResources
import Synchronization

/// The objects of one kind as they were last seen, for anybody to read at any time.
public final class ResourceStore<Object: KubernetesObject>: Sendable {
    private struct State {
        var cache = ObjectCache<Object>()
    }

    private let state = Mutex(State())

    /// An empty store.
    public init() {}

    /// The object of that name.
    public subscript(key: ObjectKey) -> Object? { self.state.withLock { $0.cache.objects[key] } }

    /// All objects, as they are at this moment.
    public var objects: [ObjectKey: Object] { self.state.withLock { $0.cache.objects } }

    /// How many objects there are.
    public var count: Int { self.state.withLock { $0.cache.objects.count } }

    /// True once everything there is has been read.
    public var isSynced: Bool { self.state.withLock { $0.cache.isSynced } }

    func apply(_ object: Object) -> ObjectChange<Object>? { self.state.withLock { $0.cache.apply(object) } }

    func delete(_ key: ObjectKey) -> ObjectChange<Object>? { self.state.withLock { $0.cache.delete(key) } }

    func replace(with list: [Object], keeping kept: Set<ObjectKey>) -> ObjectChange<Object> {
        self.state.withLock { $0.cache.replace(with: list, keeping: kept) }
    }
}
