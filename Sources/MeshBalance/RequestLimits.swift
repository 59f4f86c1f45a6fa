public import MeshModel

/// The limits of one port: in total, per client identity, and for some clients instead of that.
///
/// Limits are taken in that order, and what an earlier one took is not given back when a later one refuses.
public struct RequestLimits: Sendable {
    /// Which limit refused a request.
    public enum Refusal: Hashable, Sendable {
        /// That of all clients together, in requests per second.
        case total(UInt32)
        /// That of the client's identity.
        case identity(UInt32)
        /// That of some clients instead of the former.
        case override(UInt32)
    }

    /// Most identities whose buckets are kept; further ones share a bucket.
    public static let identitiesMax = 10_000

    private var total: RateLimiter?
    private let identityLimit: UInt32?
    private var shared: RateLimiter?
    private var identities: [ByteString: RateLimiter] = [:]
    private var overrides: [RateLimiter]
    private let overrideOf: [ByteString: Int]
    /// How many buckets there may be before idle ones are looked for again.
    private var sweepAt = 1024

    /// Limits in requests per second; the first override that names a client counts.
    public init(
        total: UInt32?, identity: UInt32?, overrides: [(limit: UInt32, identities: [ByteString])] = []
    ) {
        self.total = total.map { RateLimiter(limit: $0) }
        self.identityLimit = identity
        self.shared = identity.map { RateLimiter(limit: $0) }
        self.overrides = overrides.map { RateLimiter(limit: $0.limit) }
        var overrideOf: [ByteString: Int] = [:]
        for (index, override) in overrides.enumerated() {
            for identity in override.identities where overrideOf[identity] == nil { overrideOf[identity] = index }
        }
        self.overrideOf = overrideOf
    }

    /// Takes a request of the client `identity`, nil for one without; nil when it is admitted.
    public mutating func refuse(_ identity: ByteString?, at now: MonotonicTime) -> Refusal? {
        if let limit = self.total?.limit, self.total?.admit(at: now) == false { return .total(limit) }
        if let identity, let index = self.overrideOf[identity] {
            return self.overrides[index].admit(at: now) ? nil : .override(self.overrides[index].limit)
        }
        guard let limit = self.identityLimit else { return nil }
        guard let identity, self.makeRoom(for: identity, at: now) else {
            return self.shared?.admit(at: now) == false ? .identity(limit) : nil
        }
        return self.identities[identity, default: RateLimiter(limit: limit)].admit(at: now) ? nil : .identity(limit)
    }

    /// Forgets full buckets when there are many; false when there is no room for one more.
    private mutating func makeRoom(for identity: ByteString, at now: MonotonicTime) -> Bool {
        if self.identities.count >= self.sweepAt {
            self.identities = self.identities.filter { !$0.value.isFull(at: now) }
            self.sweepAt = max(1024, min(self.identities.count * 2, Self.identitiesMax))
        }
        return self.identities.count < Self.identitiesMax || self.identities[identity] != nil
    }
}
