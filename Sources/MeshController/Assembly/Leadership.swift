public import MeshKubernetes
import Synchronization

/// Whether this replica may write, and news of it.
///
/// Reads never need it. The lease keeper sets it; writers look at ``isLeader`` before each write and follow
/// ``changes()`` to start over when they become the leader.
public final class Leadership: Sendable {
    private struct State {
        var isLeader: Bool
        /// What the clock says about the lease; nil where there is none.
        var standing: LeaseStanding?
        var followers: [Int: AsyncStream<Bool>.Continuation] = [:]
        var nextFollower = 0
    }

    private let state: Mutex<State>

    /// Starts as given; alone without a lease one may start as the leader.
    public init(isLeader: Bool = false) { self.state = Mutex(State(isLeader: isLeader)) }

    /// True while the lease is ours, by the clock at the time of asking.
    public var isLeader: Bool { self.remaining != nil }

    /// How much longer this replica may write for sure; nil when it may not.
    public var remaining: Duration? {
        self.state.withLock { state in
            guard state.isLeader else { return nil }
            guard let standing = state.standing else { return .seconds(3600) }
            return standing.remaining
        }
    }

    /// Looks at `standing` from now on: a replica that was paused knows at once that it no longer leads.
    public func follow(_ standing: LeaseStanding) { self.state.withLock { $0.standing = standing } }

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
            return (state.nextFollower, state.isLeader && state.standing?.isLeader ?? true)
        }
        continuation.onTermination = { _ in self.state.withLock { state in state.followers[id] = nil } }
        continuation.yield(now)
        return stream
    }
}
