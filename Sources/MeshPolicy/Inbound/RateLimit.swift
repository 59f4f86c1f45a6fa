public import MeshModel

/// How many requests a port takes, in requests per second; each limit is also the burst.
public struct RateLimit: Hashable, Sendable {
    /// A limit shared by a set of clients.
    public struct Override: Hashable, Sendable {
        /// Requests per second, ≥ 1.
        public var limit: UInt32
        /// Exact identities.
        public var identities: [ByteString]

        /// Limits the clients with these identities together.
        public init(limit: UInt32, identities: [ByteString]) {
            self.limit = limit
            self.identities = identities
        }
    }

    /// The policy that sets the limits.
    public var metadata: PolicyMetadata
    /// Of all clients together.
    public var total: UInt32?
    /// Of each client identity; clients without one share a bucket.
    public var identity: UInt32?
    /// Instead of `identity` for some clients; the first that lists a client counts.
    public var overrides: [Override]

    /// The given limits.
    public init(
        metadata: PolicyMetadata, total: UInt32? = nil, identity: UInt32? = nil, overrides: [Override] = []
    ) {
        self.metadata = metadata
        self.total = total
        self.identity = identity
        self.overrides = overrides
    }
}
