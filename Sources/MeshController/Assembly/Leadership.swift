import Synchronization

/// Whether this replica may write, and news of it.
///
/// Reads never need it. The lease keeper sets it; writers look at ``isLeader`` before each write and follow
/// ``changes()`` to start over when they become the leader.
public final class Leadership: Sendable {
    private struct State {
        var isLeader: Bool
        var followers: [Int: AsyncStream<Bool>.Continuation] = [:]
        var nextFollower = 0
    }

    private let state: Mutex<State>

    /// Starts as given; alone without a lease one may start as the leader.
    public init(isLeader: Bool = false) { self.state = Mutex(State(isLeader: isLeader)) }

    /// True while the lease is ours.
    public var isLeader: Bool { self.state.withLock { $0.isLeader } }

    /// Records a change; telling the same twice is no news.
    public func set(_ isLeader: Bool) {
        let followers = self.state.withLock { state -> [AsyncStream<Bool>.Continuation] in
            guard state.isLeader != isLeader else { return [] }
            state.isLeader = isLeader
            return Array(state.followers.values)
        }
        for follower in followers { follower.yield(isLeader) }
    }

    /// The present state at once, then each change; a slow reader sees the latest only.
    public func changes() -> AsyncStream<Bool> {
        let (stream, continuation) = AsyncStream.makeStream(of: Bool.self, bufferingPolicy: .bufferingNewest(1))
        let (id, now) = self.state.withLock { state in
            state.nextFollower += 1
            state.followers[state.nextFollower] = continuation
            return (state.nextFollower, state.isLeader)
        }
        continuation.onTermination = { _ in self.state.withLock { state in state.followers[id] = nil } }
        continuation.yield(now)
        return stream
    }
}
