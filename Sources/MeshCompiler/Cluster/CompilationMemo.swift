/// What compilations from one snapshot found out and others from it can use.
///
/// It is good for that snapshot alone: whoever changes the snapshot takes a new memo.
public final class CompilationMemo {
    private var entries: [AnyHashable: (value: Any, topics: Set<ClusterTopic>)] = [:]

    /// Nothing is known yet.
    public init() {}

    func value<Value>(_ type: Value.Type, of key: some Hashable) -> (value: Value, topics: Set<ClusterTopic>)? {
        guard let entry = self.entries[AnyHashable(key)], let value = entry.value as? Value else { return nil }
        return (value, entry.topics)
    }

    func keep(_ value: some Any, of key: some Hashable, topics: Set<ClusterTopic>) {
        self.entries[AnyHashable(key)] = (value, topics)
    }
}

/// A value that many hold: equal to itself without looking into it.
public final class Shared<Value: Equatable & Sendable>: Equatable, Sendable {
    /// The value.
    public let value: Value

    /// Shares `value`.
    public init(_ value: Value) { self.value = value }

    /// True for the same object, and for equal values.
    public static func == (left: Shared, right: Shared) -> Bool {
        left === right || left.value == right.value
    }
}
