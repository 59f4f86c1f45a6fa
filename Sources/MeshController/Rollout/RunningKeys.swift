import MeshModel
import Synchronization

/// The Canaries whose tick is under way, so that none is ticked twice at a time.
final class RunningKeys: Sendable {
    private let keys = Mutex(Set<ObjectKey>())

    /// True when `key` was not running and now is.
    func insert(_ key: ObjectKey) -> Bool { self.keys.withLock { $0.insert(key).inserted } }

    func remove(_ key: ObjectKey) { self.keys.withLock { _ = $0.remove(key) } }
}
