public import MeshIdentity
import Synchronization

/// The mesh's issuer and trust bundle as they are now, for everything in the process that needs them.
///
/// Whoever owns the Secrets sets them; readers take one consistent pair.
public final class MeshAuthority: Sendable {
    /// An issuer and the anchors that vouch for it.
    public struct State: Sendable {
        /// Signs workloads' certificates.
        public let issuer: Issuer
        /// What proxies trust.
        public let bundle: TrustBundle

        /// Pairs the two.
        public init(issuer: Issuer, bundle: TrustBundle) {
            self.issuer = issuer
            self.bundle = bundle
        }
    }

    private struct Shared {
        var state: State?
        var followers: [Int: AsyncStream<State>.Continuation] = [:]
        var nextFollower = 0
    }

    private let shared = Mutex(Shared())

    /// Nothing is known yet.
    public init() {}

    /// The newest pair; nil until one was loaded.
    public var state: State? { self.shared.withLock { $0.state } }

    /// Replaces the pair for everybody.
    public func set(_ state: State) {
        let followers = self.shared.withLock { shared in
            shared.state = state
            return shared.followers.values
        }
        for follower in followers { follower.yield(state) }
    }

    /// The present pair as soon as there is one, then each change; a slow reader sees the latest only.
    public func changes() -> AsyncStream<State> {
        let (stream, continuation) = AsyncStream.makeStream(of: State.self, bufferingPolicy: .bufferingNewest(1))
        let (id, now) = self.shared.withLock { shared in
            shared.nextFollower += 1
            shared.followers[shared.nextFollower] = continuation
            return (shared.nextFollower, shared.state)
        }
        continuation.onTermination = { _ in self.shared.withLock { shared in shared.followers[id] = nil } }
        if let now { continuation.yield(now) }
        return stream
    }
}
