import MeshModel
import Synchronization

/// What a watcher is handed, in order.
enum WatchSignal: Sendable {
    case change(ObjectStore.Change)
    /// Every change up to this revision has been handed out.
    case bookmark(Int64)
}

/// An open watch: what happened before it, and what happens from now on.
struct StoreWatch: Sendable {
    /// Names the watch in requests to the store.
    let id: Int
    /// The state or the changes to begin with.
    let backlog: Backlog
    /// The revision at which the watch was opened.
    let revision: Int64
    let signals: AsyncStream<WatchSignal>

    enum Backlog: Sendable {
        /// The watch starts with the objects that exist.
        case state([ObjectStore.Stored])
        /// The watch continues after a revision.
        case changes([ObjectStore.Change])
    }
}

extension ObjectStore {
    /// Opens a watch: after `revision`, or from the present state when it is nil.
    ///
    /// - Throws: ``Failure/expired(oldest:)`` when changes after `revision` have left the history.
    func watch(_ resource: ResourceID, after revision: Int64?) throws(Failure) -> StoreWatch {
        let result: Result<StoreWatch, Failure> = self.state.withLock { state in
            self.ensureTable(resource, &state)
            guard var table = state.tables[resource] else { return .failure(.missing) }
            let backlog: StoreWatch.Backlog
            if let revision {
                guard revision >= table.forgotten else { return .failure(.expired(oldest: table.forgotten)) }
                backlog = .changes(table.history.filter { $0.revision > revision })
            } else {
                backlog = .state(table.objects.sorted { $0.key < $1.key }.map(\.value))
            }
            let (signals, continuation) = AsyncStream<WatchSignal>.makeStream(
                bufferingPolicy: .bufferingOldest(self.limits.watcherLag))
            state.nextWatcher += 1
            table.watchers[state.nextWatcher] = continuation
            state.tables[resource] = table
            return .success(
                StoreWatch(id: state.nextWatcher, backlog: backlog, revision: state.revision, signals: signals))
        }
        return try result.get()
    }

    /// Hands the watcher a bookmark after all changes so far; false when the watch is gone.
    func requestBookmark(_ resource: ResourceID, watch id: Int) -> Bool {
        self.state.withLock { state in
            guard let watcher = state.tables[resource]?.watchers[id] else { return false }
            watcher.yield(.bookmark(state.revision))
            return true
        }
    }

    /// Ends a watch.
    func endWatch(_ resource: ResourceID, watch id: Int) {
        let continuation = self.state.withLock { $0.tables[resource]?.watchers.removeValue(forKey: id) }
        continuation?.finish()
    }

    /// Ends every watch of every resource, for shutdown.
    func endAllWatches() {
        let continuations = self.state.withLock { state in
            var all: [AsyncStream<WatchSignal>.Continuation] = []
            for resource in Array(state.tables.keys) {
                all += state.tables[resource].map { Array($0.watchers.values) } ?? []
                state.tables[resource]?.watchers = [:]
            }
            return all
        }
        for continuation in continuations { continuation.finish() }
    }

    /// A signal after every write, merged while nobody looks.
    func observe() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = self.state.withLock { state in
            state.nextWatcher += 1
            state.observers[state.nextWatcher] = continuation
            return state.nextWatcher
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.observers[id] = nil }
        }
        continuation.yield()
        return stream
    }
}
