import DequeModule
import MeshModel
import Synchronization

/// Every object of the cluster in memory, under one revision counter, with a window of history for watches.
///
/// A write is one short critical section: it takes the next revision, stores the object, appends to the history and
/// hands the change to the watchers, so that all of them see one order.
final class ObjectStore: Sendable {
    /// An object as stored.
    struct Stored: Sendable {
        let object: JSONValue
        let revision: Int64
        let uid: String
        /// The uids in `metadata.ownerReferences`.
        let owners: [String]

        init(_ object: JSONValue, revision: Int64) {
            self.object = object
            self.revision = revision
            self.uid = object.objectUID
            let references = object["metadata"]?["ownerReferences"]?.array ?? []
            self.owners = references.compactMap { $0["uid"]?.string }
        }
    }

    /// One write.
    struct Change: Sendable {
        enum Kind: Sendable { case added, modified, deleted }
        let kind: Kind
        let key: ObjectKey
        let revision: Int64
        /// The new state; of a deletion, the last state under the revision of the deletion.
        let object: JSONValue
        let previous: JSONValue?
    }

    /// Why a write or a read is refused.
    enum Failure: Error, Hashable {
        case exists(isTerminating: Bool)
        case missing
        /// The object is at another revision than the writer saw.
        case conflict
        /// The revision has left the history.
        case expired(oldest: Int64)
        /// The revision is still to come.
        case future(current: Int64)
    }

    struct Limits: Sendable {
        /// Changes kept for each resource.
        var history = 4_096
        /// Changes that a watcher may lag behind before it is closed.
        var watcherLag = 16_384
    }

    struct Table {
        var objects: [ObjectKey: Stored] = [:]
        var history: Deque<Change> = []
        /// Revisions up to this one have left the history.
        var forgotten: Int64
        var watchers: [Int: AsyncStream<WatchSignal>.Continuation] = [:]
    }

    struct State {
        var revision: Int64
        var tables: [ResourceID: Table] = [:]
        var nextWatcher = 0
        var observers: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    let limits: Limits
    let firstRevision: Int64
    let state: Mutex<State>

    /// An empty store whose first write takes the revision after `firstRevision`.
    init(firstRevision: Int64, limits: Limits = Limits()) {
        self.limits = limits
        self.firstRevision = firstRevision
        self.state = Mutex(State(revision: firstRevision))
    }

    /// The revision of the last write.
    var revision: Int64 { self.state.withLock { $0.revision } }

    func get(_ resource: ResourceID, _ key: ObjectKey) -> Stored? {
        self.state.withLock { $0.tables[resource]?.objects[key] }
    }

    /// The objects of a resource, in one namespace unless it is nil, with the revision of the snapshot.
    func list(_ resource: ResourceID, namespace: String? = nil) -> (items: [Stored], revision: Int64) {
        let (objects, revision) = self.state.withLock { ($0.tables[resource]?.objects ?? [:], $0.revision) }
        return (Self.sorted(objects, namespace), revision)
    }

    /// The objects of a resource as they were at `revision`.
    func list(
        _ resource: ResourceID, namespace: String?, at revision: Int64
    ) throws(Failure) -> [Stored] {
        let table: (objects: [ObjectKey: Stored], changes: [Change], forgotten: Int64, current: Int64) =
            self.state.withLock { state in
                let table = state.tables[resource]
                let changes = table?.history.filter { $0.revision > revision } ?? []
                return (table?.objects ?? [:], changes, table?.forgotten ?? state.revision, state.revision)
            }
        guard revision <= table.current else { throw .future(current: table.current) }
        guard revision >= min(table.forgotten, self.firstRevision) else { throw .expired(oldest: table.forgotten) }
        guard revision >= table.forgotten || table.changes.isEmpty && table.forgotten == self.firstRevision else {
            throw .expired(oldest: table.forgotten)
        }
        var objects = table.objects
        for change in table.changes.reversed() {
            objects[change.key] = change.previous.map { Stored($0, revision: Int64($0.resourceVersion) ?? 0) }
        }
        return Self.sorted(objects, namespace)
    }

    private static func sorted(_ objects: [ObjectKey: Stored], _ namespace: String?) -> [Stored] {
        let chosen = namespace.map { namespace in objects.filter { $0.key.namespace == namespace } } ?? objects
        return chosen.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Stores a new object under the next revision.
    func create(_ resource: ResourceID, _ object: JSONValue) throws(Failure) -> JSONValue {
        let result: Result<JSONValue, Failure> = self.state.withLock { state in
            let key = object.objectKey
            if let existing = state.tables[resource]?.objects[key] {
                return .failure(.exists(isTerminating: existing.object.isDeleting))
            }
            return .success(self.write(resource, key, object, previous: nil, &state))
        }
        return try result.get()
    }

    /// Replaces an object that is at revision `expected`; a replacement without effect writes nothing.
    func replace(_ resource: ResourceID, _ object: JSONValue, expected: Int64) throws(Failure) -> JSONValue {
        let result: Result<JSONValue, Failure> = self.state.withLock { state in
            let key = object.objectKey
            guard let existing = state.tables[resource]?.objects[key] else { return .failure(.missing) }
            guard existing.revision == expected else { return .failure(.conflict) }
            var same = object
            same.set(["metadata", "resourceVersion"], existing.object["metadata"]?["resourceVersion"])
            guard same != existing.object else { return .success(existing.object) }
            return .success(self.write(resource, key, object, previous: existing.object, &state))
        }
        return try result.get()
    }

    /// Removes an object that is at revision `expected`; its last state, under the revision of the removal.
    ///
    /// `last` is the last state where it differs from the stored one.
    @discardableResult
    func remove(
        _ resource: ResourceID, _ key: ObjectKey, expected: Int64, last: JSONValue? = nil
    ) throws(Failure) -> JSONValue {
        let result: Result<JSONValue, Failure> = self.state.withLock { state in
            guard let existing = state.tables[resource]?.objects[key] else { return .failure(.missing) }
            guard existing.revision == expected else { return .failure(.conflict) }
            state.revision += 1
            var last = last ?? existing.object
            last.set(["metadata", "resourceVersion"], .string(String(state.revision)))
            state.tables[resource]?.objects[key] = nil
            let change = Change(
                kind: .deleted, key: key, revision: state.revision, object: last, previous: existing.object)
            self.publish(resource, change, &state)
            return .success(last)
        }
        return try result.get()
    }

    /// Forgets a resource: its objects go without a trace in the history, its watches end.
    func drop(_ resource: ResourceID) {
        self.state.withLock { state in
            guard let table = state.tables.removeValue(forKey: resource) else { return }
            for continuation in table.watchers.values { continuation.finish() }
        }
    }

    /// Every object of every resource that `isIncluded` takes, for the loops that look at all of them.
    func scan(_ isIncluded: (ResourceID, ObjectKey, Stored) -> Bool) -> [(ResourceID, ObjectKey, Stored)] {
        let tables = self.state.withLock { $0.tables.mapValues(\.objects) }
        var result: [(ResourceID, ObjectKey, Stored)] = []
        for (resource, objects) in tables {
            for (key, stored) in objects where isIncluded(resource, key, stored) {
                result.append((resource, key, stored))
            }
        }
        return result
    }

    private func write(
        _ resource: ResourceID, _ key: ObjectKey, _ object: JSONValue, previous: JSONValue?, _ state: inout State
    ) -> JSONValue {
        state.revision += 1
        var object = object
        object.set(["metadata", "resourceVersion"], .string(String(state.revision)))
        self.ensureTable(resource, &state)
        state.tables[resource]?.objects[key] = Stored(object, revision: state.revision)
        let change = Change(
            kind: previous == nil ? .added : .modified, key: key, revision: state.revision, object: object,
            previous: previous)
        self.publish(resource, change, &state)
        return object
    }

    func ensureTable(_ resource: ResourceID, _ state: inout State) {
        if state.tables[resource] == nil { state.tables[resource] = Table(forgotten: self.firstRevision) }
    }

    private func publish(_ resource: ResourceID, _ change: Change, _ state: inout State) {
        for observer in state.observers.values { observer.yield() }
        guard var table = state.tables[resource] else { return }
        state.tables[resource] = nil  // Leaves `table` the only owner, so that it is changed in place.
        table.history.append(change)
        if table.history.count > self.limits.history, let dropped = table.history.popFirst() {
            table.forgotten = dropped.revision
        }
        for (id, watcher) in table.watchers {
            // A watcher that lags too far is closed; it comes back with its last revision.
            if case .dropped = watcher.yield(.change(change)) {
                watcher.finish()
                table.watchers[id] = nil
            }
        }
        state.tables[resource] = table
    }
}
