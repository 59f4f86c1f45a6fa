public import MeshModel
import MeshResources

/// Notes what a compilation read.
public final class DependencyRecorder {
    /// Everything that was read.
    public private(set) var topics: Set<ClusterTopic> = []

    /// Nothing was read yet.
    public init() {}

    func note(_ topic: ClusterTopic) { self.topics.insert(topic) }

    func note(_ topics: Set<ClusterTopic>) { self.topics.formUnion(topics) }
}

/// The only way by which compilations read a snapshot: every read leaves its topic with the recorder.
///
/// What cannot be read without being noted cannot be forgotten as a dependency.
public struct ClusterView {
    private let snapshot: ClusterSnapshot
    private let recorder: DependencyRecorder?
    private let memo: CompilationMemo?

    /// A view of `snapshot`; a memo must have been used with this very snapshot only.
    public init(
        _ snapshot: ClusterSnapshot, recording recorder: DependencyRecorder? = nil, memo: CompilationMemo? = nil
    ) {
        self.snapshot = snapshot
        self.recorder = recorder
        self.memo = memo
    }

    /// What `make` finds out, found out once for all answers from this snapshot; its reads count as reads of each.
    func once<Key: Hashable, Value>(_ key: Key, _ make: (ClusterView) -> Value) -> Value {
        guard let memo = self.memo else { return make(self) }
        if let known = memo.value(Value.self, of: key) {
            self.recorder?.note(known.topics)
            return known.value
        }
        let recorder = DependencyRecorder()
        let value = make(ClusterView(self.snapshot, recording: recorder, memo: memo))
        memo.keep(value, of: key, topics: recorder.topics)
        self.recorder?.note(recorder.topics)
        return value
    }

    /// The object `key`, if it exists.
    public func object<Resource>(_ key: ObjectKey, in collection: ClusterCollection<Resource>) -> Resource? {
        self.recorder?.note(.object(collection.kind, key))
        return self.snapshot[keyPath: collection.table][key]
    }

    /// All objects of a namespace, sorted by name.
    public func objects<Resource>(
        of namespace: String, in collection: ClusterCollection<Resource>
    ) -> [Resource] {
        self.recorder?.note(.namespace(collection.kind, namespace))
        return self.snapshot[keyPath: collection.table].objects(in: namespace)
            .sorted { $0.metadata.name < $1.metadata.name }
    }

    /// All objects, sorted by namespace and name.
    public func all<Resource>(in collection: ClusterCollection<Resource>) -> [Resource] {
        self.recorder?.note(.kind(collection.kind))
        return self.snapshot[keyPath: collection.table].all.sorted { $0.key < $1.key }
    }

    /// All objects, in no order.
    func unordered<Resource>(in collection: ClusterCollection<Resource>) -> [Resource] {
        self.recorder?.note(.kind(collection.kind))
        return self.snapshot[keyPath: collection.table].all
    }

    /// The objects that an index holds under `key`, sorted by namespace and name.
    public func objects<Resource>(
        at key: ClusterIndexKey, in collection: ClusterCollection<Resource>
    ) -> [Resource] {
        self.recorder?.note(.index(key))
        return self.snapshot.keys(at: key).compactMap { self.snapshot[keyPath: collection.table][$0] }
    }
}
