package import MeshControl
public import MeshModel
public import MeshResources
import Synchronization

/// The objects of one kind as they were last seen, for anybody to read at any time.
public final class ResourceStore<Object: KubernetesObject>: Sendable {
    private struct State {
        var cache = ObjectCache<Object>()
        /// The list that is being read; not visible before it is complete.
        var relist = ObjectCache<Object>.Relist()
    }

    private let state = Mutex(State())

    /// An empty store.
    public init() {}

    /// The object of that name.
    public subscript(key: ObjectKey) -> Object? { self.state.withLock { $0.cache[key] } }

    /// All objects, as they are at this moment.
    ///
    /// - Complexity: O(n); for one object use the subscript.
    public var objects: [ObjectKey: Object] { self.state.withLock { $0.cache.objects } }

    /// How many objects there are.
    public var count: Int { self.state.withLock { $0.cache.count } }

    /// True once everything there is has been read.
    public var isSynced: Bool { self.state.withLock { $0.cache.isSynced } }

    func apply(_ object: Object) -> ObjectChange<Object>? { self.state.withLock { $0.cache.apply(object) } }

    func delete(_ key: ObjectKey) -> ObjectChange<Object>? { self.state.withLock { $0.cache.delete(key) } }

    // MARK: - Relists

    /// A list begins; what is left of one that broke off is forgotten.
    package func beginRelist() { self.state.withLock { $0.relist = .init() } }

    /// An object of the list was read.
    package func stage(_ object: Object) { self.state.withLock { $0.cache.stage(object, in: &$0.relist) } }

    /// An object of the list is gone already.
    func unstage(_ key: ObjectKey) { self.state.withLock { $0.relist.delete(key) } }

    /// The list is complete; `kept` are objects that exist but cannot be read.
    package func finishRelist(keeping kept: Set<ObjectKey> = []) -> ObjectChange<Object> {
        self.state.withLock { state in
            let relist = state.relist
            state.relist = .init()
            return state.cache.finish(relist, keeping: kept)
        }
    }
}
