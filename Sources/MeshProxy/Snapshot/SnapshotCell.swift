public import MeshModel
public import MeshReactor
import Synchronization

/// Where the admin thread leaves the newest snapshot and workers find it.
public final class SnapshotCell: Sendable {
    private struct State {
        var snapshot: Snapshot
        var wakeups: [Wakeup] = []
    }

    private let state: Mutex<State>

    /// Starts with `snapshot`, in which everything is still to be learned.
    public init(_ snapshot: Snapshot) { self.state = Mutex(State(snapshot: snapshot)) }

    /// The newest snapshot; workers call this after ``Wakeup`` and keep the reference.
    public var current: Snapshot { self.state.withLock { $0.snapshot } }

    /// Wakes the owner of `wakeup` with every new snapshot.
    public func subscribe(_ wakeup: Wakeup) { self.state.withLock { $0.wakeups.append(wakeup) } }

    /// Replaces the snapshot and wakes all workers.
    public func publish(_ snapshot: Snapshot) {
        let wakeups = self.state.withLock { state in
            state.snapshot = snapshot
            return state.wakeups
        }
        for wakeup in wakeups { wakeup.signal() }
    }
}

/// What a worker asks of the admin thread, through a `Mailbox<ControlRequest>` that it shares with all workers.
public enum ControlRequest: Hashable, Sendable {
    /// A connection waits for the policy of this target.
    case target(SocketAddress)
    /// A connection came to a port that is not watched yet.
    case port(UInt16)
    /// A worker's counters, in answer to ``WorkerRequest/report``.
    case report(worker: Int, StatsReport)
    /// A worker has closed its last connection after ``WorkerRequest/drain``, or gave up.
    case drained(worker: Int)
}

/// What the admin thread asks of a worker, through the worker's own `Mailbox<WorkerRequest>`.
public enum WorkerRequest: Hashable, Sendable {
    /// Accept connections from now on: the first certificate is here.
    case serve
    /// Send the counters.
    case report
    /// Accept nothing new and finish what runs until `deadline`.
    case drain(deadline: MonotonicTime)
}
