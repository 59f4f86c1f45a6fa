import MeshCompiler

/// A query with its answer, its dependencies and its subscribers, whatever its type; owned by the index.
class AnyIndexEntry {
    var dependencies: Set<ClusterTopic> = []

    /// Computes the answer and hands it on if it differs.
    func compute(in view: ClusterView, settings: MeshSettings) { preconditionFailure("abstract") }

    /// Forgets a subscriber; true when it was the last.
    func remove(_ subscriber: Int) -> Bool { preconditionFailure("abstract") }
}

/// A query with its answer, its dependencies and its subscribers.
final class IndexEntry<Query: ClusterQuery>: AnyIndexEntry {
    private let query: Query
    private var answer: Query.Answer?
    private var subscribers: [Int: @Sendable (Query.Answer) -> Void] = [:]

    init(_ query: Query) { self.query = query }

    override func compute(in view: ClusterView, settings: MeshSettings) {
        let fresh = self.query.answer(in: view, settings: settings)
        guard fresh != self.answer else { return }
        self.answer = fresh
        for tell in self.subscribers.values { tell(fresh) }
    }

    /// Tells a subscriber the present answer, and each different one from now on.
    func add(_ subscriber: Int, tell: @escaping @Sendable (Query.Answer) -> Void) {
        self.subscribers[subscriber] = tell
        if let answer = self.answer { tell(answer) }
    }

    override func remove(_ subscriber: Int) -> Bool {
        self.subscribers[subscriber] = nil
        return self.subscribers.isEmpty
    }
}
