public import MeshPolicy

/// The endpoints of one backend.
///
/// A slot belongs to one combination of address, load estimate and failure accrual for as long as a target uses it;
/// ``generation`` tells apart those that used the slot one after another. An unchanged set is the same object in the
/// next snapshot.
public final class BackendSet: Sendable {
    /// What discovery has said.
    public enum State: Hashable, Sendable {
        /// Nothing yet: requests wait in the queue.
        case waiting
        /// The endpoints are those listed, perhaps none.
        case known
        /// The control plane says that it will never know the name: requests fail.
        case unresolvable
    }

    /// One endpoint.
    public struct Member: Sendable {
        /// Where and how.
        public let endpoint: Endpoint
        /// Stays the same while address and metadata do; worker state about an endpoint hangs on it.
        public let id: UInt64

        /// An endpoint under its lasting number.
        public init(endpoint: Endpoint, id: UInt64) {
            self.endpoint = endpoint
            self.id = id
        }
    }

    /// Place in ``Snapshot/backends``.
    public let slot: Int32
    /// Counts the combinations that have used the slot.
    public let generation: UInt32
    /// The concrete name, `<svc>.<ns>.svc.<domain>:<port>`; nil for forwarded endpoints.
    public let authority: String?
    /// How load is estimated.
    public let load: LoadEstimate
    /// When endpoints are taken out.
    public let failureAccrual: FailureAccrual?
    /// Requests that wait for a ready endpoint.
    public let queue: Queue
    /// What discovery has said.
    public let state: State
    /// In no particular order.
    public let members: [Member]

    /// A set as it is known now.
    public init(
        slot: Int32, generation: UInt32, authority: String?, load: LoadEstimate, failureAccrual: FailureAccrual?,
        queue: Queue, state: State, members: [Member]
    ) {
        self.slot = slot
        self.generation = generation
        self.authority = authority
        self.load = load
        self.failureAccrual = failureAccrual
        self.queue = queue
        self.state = state
        self.members = members
    }
}
