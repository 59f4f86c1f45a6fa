public import Logging
public import MeshAdmin
public import MeshCompiler
public import MeshControl
public import MeshModel
public import MeshRPC
import MeshResources
import Metrics
public import ServiceLifecycle
import Synchronization

/// The cluster as the controller knows it, and the answers that are kept up to date from it.
///
/// Reflectors report changes; each names the topics that it touched. ``run()`` recomputes the answers that read one
/// of them, once for all their subscribers, and hands on what differs. A subscriber that is slow misses versions,
/// never the last one.
public actor ClusterIndex: ServiceLifecycle.Service {
    private let settings: MeshSettings
    private let logger: Logger
    private var snapshot = ClusterSnapshot()
    private var dirty: Set<ClusterTopic> = []
    private var entries: [AnyHashable: AnyIndexEntry] = [:]
    private var dependents: [ClusterTopic: Set<AnyHashable>] = [:]
    private var unsynced: Set<ClusterKind>
    private nonisolated let synced = Latch()
    private nonisolated let departures = Mutex<[Departure]>([])
    private nonisolated let wakeups: AsyncStream<Void>
    private nonisolated let wake: AsyncStream<Void>.Continuation
    private let metrics: IndexMetrics
    private var nextSubscriber = 0
    private var memo = CompilationMemo()
    private var followers: [Int: AsyncStream<Void>.Continuation] = [:]

    /// A subscriber that left.
    private struct Departure: @unchecked Sendable {  // The hashable inside is a query, which is Sendable.
        let key: AnyHashable
        let subscriber: Int
    }

    /// After so many computations in a row others get their turn.
    private static let computationsPerTurn = 64

    /// An index that answers once each of `kinds` was listed.
    public init(settings: MeshSettings, kinds: Set<ClusterKind>, metrics: MetricsRegistry, logger: Logger) {
        self.settings = settings
        self.unsynced = kinds
        self.metrics = IndexMetrics(factory: metrics)
        self.logger = logger
        (self.wakeups, self.wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        if kinds.isEmpty { self.synced.open() }
    }

    // MARK: - What reflectors report

    /// An object is new or changed.
    public func apply<Resource>(_ object: Resource, in collection: ClusterCollection<Resource>) {
        self.touch(self.snapshot.apply(object, in: collection))
    }

    /// An object is gone.
    public func delete<Resource>(_ key: ObjectKey, in collection: ClusterCollection<Resource>) {
        self.touch(self.snapshot.delete(key, in: collection))
    }

    /// A reflector saw a change; its first list, perhaps empty, says that everything there is was told.
    public func take<Resource>(_ change: ObjectChange<Resource>, in collection: ClusterCollection<Resource>) {
        switch change {
        case .apply(let object): self.apply(object, in: collection)
        case .delete(let key): self.delete(key, in: collection)
        case .reset(let applied, let deleted):
            for key in deleted { self.delete(key, in: collection) }
            for object in applied { self.apply(object, in: collection) }
            self.isListed(collection.kind)
        }
    }

    private func isListed(_ kind: ClusterKind) {
        guard self.unsynced.remove(kind) != nil, self.unsynced.isEmpty else { return }
        self.logger.notice("cluster index is complete")
        self.synced.open()
    }

    private func touch(_ topics: Set<ClusterTopic>) {
        guard !topics.isEmpty else { return }
        self.metrics.changes.increment()
        self.memo = CompilationMemo()
        for (id, follower) in self.followers {
            if case .terminated = follower.yield() { self.followers[id] = nil }
        }
        let relevant = topics.filter { self.dependents[$0] != nil }
        guard !relevant.isEmpty else { return }
        self.dirty.formUnion(relevant)
        self.wake.yield()
    }

    // MARK: - What readers ask

    /// Waits until every kind was listed once.
    public nonisolated func whenSynced() async throws(CancellationError) { try await self.synced.wait() }

    /// The cluster as it is known now.
    public var current: ClusterSnapshot { self.snapshot }

    /// A signal now and after each change, many of which may become one.
    public func changes() -> Updates<Void> {
        self.nextSubscriber += 1
        let follower = self.nextSubscriber
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.followers[follower] = continuation
        continuation.yield()
        return Updates(stream) { continuation.finish() }
    }

    /// Answers once.
    public func answer<Query: ClusterQuery>(_ query: Query) -> Query.Answer {
        query.answer(in: ClusterView(self.snapshot, memo: self.memo), settings: self.settings)
    }

    /// The answer of now, then each different one, as `transform` shows it to this subscriber.
    ///
    /// The stream holds the newest answer only. Dropping it ends the subscription.
    public func subscribe<Query: ClusterQuery, Value: Sendable>(
        _ query: Query, _ transform: @escaping @Sendable (Query.Answer) -> Value
    ) -> Updates<Value> {
        let key = AnyHashable(query)
        let entry: IndexEntry<Query>
        if let existing = self.entries[key] as? IndexEntry<Query> {
            entry = existing
        } else {
            entry = IndexEntry(query)
            self.entries[key] = entry
            self.refresh(entry, key: key)
            self.metrics.answers.set(self.entries.count)
        }
        self.nextSubscriber += 1
        let departure = Departure(key: key, subscriber: self.nextSubscriber)
        let (stream, continuation) = AsyncStream.makeStream(of: Value.self, bufferingPolicy: .bufferingNewest(1))
        continuation.onTermination = { [wake, weak self] _ in
            self?.departures.withLock { $0.append(departure) }
            wake.yield()
        }
        entry.add(departure.subscriber) { continuation.yield(transform($0)) }
        return Updates(stream) { continuation.finish() }
    }

    // MARK: - Keeping answers up to date

    /// Recomputes what changes touched until the task is cancelled or its group shuts down.
    public func run() async throws {
        for await _ in self.wakeups.cancelOnGracefulShutdown() {
            self.removeDeparted()
            await self.refreshDirty()
        }
    }

    private func refreshDirty() async {
        let topics = self.dirty
        self.dirty = []
        var keys: Set<AnyHashable> = []
        for topic in topics { keys.formUnion(self.dependents[topic] ?? []) }
        var computed = 0
        for key in keys {
            guard let entry = self.entries[key] else { continue }
            self.refresh(entry, key: key)
            computed += 1
            if computed.isMultiple(of: Self.computationsPerTurn) { await Task.yield() }
        }
    }

    private func refresh(_ entry: AnyIndexEntry, key: AnyHashable) {
        self.metrics.computations.increment()
        let recorder = DependencyRecorder()
        entry.compute(
            in: ClusterView(self.snapshot, recording: recorder, memo: self.memo), settings: self.settings)
        let former = entry.dependencies
        entry.dependencies = recorder.topics
        for gone in former.subtracting(recorder.topics) { self.removeDependent(key, of: gone) }
        for fresh in recorder.topics.subtracting(former) { self.dependents[fresh, default: []].insert(key) }
    }

    private func removeDeparted() {
        let departed = self.departures.withLock { departures in
            defer { departures = [] }
            return departures
        }
        for departure in departed {
            guard let entry = self.entries[departure.key], entry.remove(departure.subscriber) else { continue }
            for topic in entry.dependencies { self.removeDependent(departure.key, of: topic) }
            self.entries[departure.key] = nil
        }
        if !departed.isEmpty { self.metrics.answers.set(self.entries.count) }
    }

    private func removeDependent(_ key: AnyHashable, of topic: ClusterTopic) {
        self.dependents[topic]?.remove(key)
        if self.dependents[topic]?.isEmpty == true { self.dependents[topic] = nil }
    }
}

/// What the index reports of itself.
struct IndexMetrics {
    let changes: Counter
    let computations: Counter
    let answers: Meter

    init(factory: MetricsRegistry) {
        self.changes = Counter(label: "heddle_index_changes_total", factory: factory)
        self.computations = Counter(label: "heddle_index_computations_total", factory: factory)
        self.answers = Meter(label: "heddle_index_answers", factory: factory)
    }
}
