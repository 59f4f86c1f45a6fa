import MeshModel
import MeshResources

/// What the node agent knows of one container.
struct ContainerRecord: Hashable, Sendable {
    /// Where the container is in its life.
    enum Phase: Hashable, Sendable {
        /// Not running; `reason` as in `state.waiting.reason`.
        case waiting(reason: String, message: String)
        /// The process is being made.
        case starting
        /// The process runs.
        case running(Process)
        /// The process ended and no other follows for now.
        case terminated(Termination)
    }

    /// A running process.
    struct Process: Hashable, Sendable {
        /// Its identifier, which is also its process group.
        var identifier: Int32
        /// When it started, for back-off.
        var since: MonotonicTime
        /// When it started, for the status.
        var startedAt: Timestamp
        /// How far its end has been brought about.
        var stop: Stop?
    }

    /// The end of a process, as far as it has been brought about.
    struct Stop: Hashable, Sendable {
        /// The steps, in their order.
        enum Step: Hashable, Sendable {
            /// The container's `preStop` handler is to be run.
            case needsHandler
            /// The handler runs.
            case runsHandler
            /// SIGTERM is to be sent.
            case needsSignal
            /// SIGTERM was sent.
            case signalled
            /// SIGKILL was sent.
            case killed
        }

        /// SIGKILL comes now, whatever the step.
        var deadline: MonotonicTime
        /// The current step.
        var step: Step
    }

    /// How a process ended.
    struct Termination: Hashable, Sendable {
        /// The exit code; 128 + signal when a signal ended it.
        var exitCode: Int32
        /// The signal that ended it.
        var signal: Int32?
        /// When the process started and ended.
        var startedAt: Timestamp
        /// When it ended.
        var finishedAt: Timestamp

        /// As in `state.terminated.reason`.
        var reason: String { self.exitCode == 0 ? "Completed" : "Error" }
    }

    /// The current phase.
    var phase = Phase.waiting(reason: "PodInitializing", message: "")
    /// How often the process has been started again.
    var restarts = 0
    /// How the last but current process ended.
    var last: Termination?
    /// Ends in a row, each soon after the start.
    var failures = 0
    /// No start before this time.
    var startAfter: MonotonicTime?
    /// The startup probe has succeeded, or there is none.
    var isStarted = false
    /// The readiness probe succeeds, or there is none.
    var isReady = false

    /// The process, if one runs.
    var process: Process? {
        guard case .running(let process) = self.phase else { return nil }
        return process
    }

    /// True while a process runs or is being made.
    var isActive: Bool {
        switch self.phase {
        case .starting, .running: true
        case .waiting, .terminated: false
        }
    }
}

extension Container {
    /// A native sidecar: an init container that keeps running.
    var isSidecar: Bool { self.restartPolicy == "Always" }
}
