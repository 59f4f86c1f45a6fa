public import MeshReactor

/// What the threads of the data plane and the admin thread share: mailboxes and the snapshot.
public final class EngineShared: Sendable {
    /// Where snapshots are published.
    public let snapshots: SnapshotCell
    /// What workers ask.
    public let requests: Mailbox<ControlRequest>
    /// What workers are asked, by number.
    public let workers: [Mailbox<WorkerRequest>]

    /// Mailboxes for `workers` threads.
    public init(snapshots: SnapshotCell, workers: Int) throws(ReactorError) {
        self.snapshots = snapshots
        self.requests = try Mailbox(limit: 4_096)
        var mailboxes: [Mailbox<WorkerRequest>] = []
        for _ in 0..<workers { mailboxes.append(try Mailbox(limit: 256)) }
        self.workers = mailboxes
        for mailbox in mailboxes { snapshots.subscribe(mailbox.wakeup) }
    }

    /// Sends `request` to every worker.
    public func send(_ request: WorkerRequest) {
        for mailbox in self.workers { mailbox.send(request) }
    }
}

/// The data plane: `settings.workers` threads that share nothing but ``EngineShared``.
public enum Engine {
    /// Starts the workers and returns; each ends after ``WorkerRequest/drain(deadline:)`` and says so.
    ///
    /// - Parameter failed: called on a worker's thread when it cannot go on; the process should end.
    public static func start(
        _ settings: EngineSettings, shared: EngineShared, failed: @escaping @Sendable (ReactorError) -> Void
    ) throws(ReactorError) {
        let settings = settings.fitted(descriptors: raiseDescriptorLimit())
        for number in 0..<settings.workers {
            try startThread(name: "worker-\(number)") {
                do throws(ReactorError) {
                    var worker = try Worker.make(number, settings: settings, shared: shared)
                    try worker.run()
                } catch {
                    failed(error)
                }
                shared.requests.send(.drained(worker: number))
            }
        }
    }
}
