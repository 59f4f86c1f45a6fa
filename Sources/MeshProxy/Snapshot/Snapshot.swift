/// Everything that workers decide by, whole and unchanging.
///
/// The admin thread makes a new one for every change and publishes it through ``SnapshotCell``; a worker takes it over
/// between two batches of events. What did not change is the same object in the next snapshot, so that `===` tells
/// what a worker has to look at again.
public final class Snapshot: Sendable {
    /// Grows by one with each snapshot.
    public let version: UInt64
    /// Policies of served ports.
    public let inbound: InboundTable
    /// Policies of called targets.
    public let outbound: OutboundTable
    /// Endpoints of backends, by `Backend.slot`; nil where a slot is free.
    public let backends: [BackendSet?]
    /// The certificate to show and the anchors to trust; nil until the first one was issued.
    public let identity: ProxyIdentity?

    /// A whole picture.
    public init(
        version: UInt64, inbound: InboundTable, outbound: OutboundTable, backends: [BackendSet?],
        identity: ProxyIdentity?
    ) {
        self.version = version
        self.inbound = inbound
        self.outbound = outbound
        self.backends = backends
        self.identity = identity
    }

    /// The endpoints behind a backend; nil for backends that go nowhere.
    public func backend(_ slot: Int32) -> BackendSet? {
        guard slot >= 0, Int(slot) < self.backends.count else { return nil }
        return self.backends[Int(slot)]
    }
}
