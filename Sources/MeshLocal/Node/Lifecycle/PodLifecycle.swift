import MeshModel
import MeshResources

/// Decides what happens to a pod's containers: events in, actions out, no process and no clock of its own.
///
/// Init containers run one after the other, native sidecars among them stay; then all other containers run. Whatever
/// ends is started again as the pod's restart policy says, later each time. At the end containers stop first, then
/// sidecars in reverse order.
struct PodLifecycle: Sendable {
    /// What the node agent is to do.
    enum Action: Hashable, Sendable {
        /// Start the process of this container.
        case start(String)
        /// Run the `preStop` handler of this container, and report its end.
        case runStopHandler(String)
        /// Send a signal to the process group of this container.
        case signal(String, process: Int32, signal: Int32)
        /// Nothing runs any more and nothing will: take down what belongs to the pod.
        case finish
    }

    /// What to do now, and when to ask again if nothing happens.
    struct Plan: Hashable, Sendable {
        var actions: [Action] = []
        var wake: MonotonicTime?

        mutating func wake(at time: MonotonicTime) {
            self.wake = min(self.wake ?? time, time)
        }
    }

    /// How long a container that keeps ending waits before its next start.
    static let backoff = Backoff(minimum: .milliseconds(500), maximum: .seconds(30), jitter: 0)
    /// A process that ran so long did not fail at its start.
    static let steady = Duration.seconds(60)
    /// SIGTERM and SIGKILL, the same on every Linux.
    static let terminate: Int32 = 15
    static let kill: Int32 = 9

    let spec: PodSpec
    private(set) var records: [String: ContainerRecord]
    /// All init containers are through, once and for all.
    private(set) var isInitialized = false
    /// Set once no container starts any more.
    private(set) var end: End?

    /// Why the pod ends.
    enum End: Hashable, Sendable {
        /// Every container has ended for good; true when all of them succeeded.
        case completed(success: Bool)
        /// The pod was deleted; its processes may run until this time.
        case deleted(until: MonotonicTime)
    }

    /// The life of a new pod.
    init(spec: PodSpec) {
        self.spec = spec
        let names = (spec.initContainers + spec.containers).map(\.name)
        self.records = Dictionary(names.map { ($0, ContainerRecord()) }) { first, _ in first }
        for container in spec.containers where spec.initContainers.isEmpty {
            self.records[container.name]?.phase = .waiting(reason: "ContainerCreating", message: "")
        }
    }

    private var sidecars: [Container] { self.spec.initContainers.filter(\.isSidecar) }
    private var grace: Duration { .seconds(self.spec.terminationGracePeriodSeconds ?? 30) }

    // MARK: - Events

    /// The process of `name` runs.
    mutating func started(_ name: String, process: Int32, now: MonotonicTime, at time: Timestamp) {
        guard let container = self.container(name) else { return }
        self.update(name) { record in
            record.phase = .running(.init(identifier: process, since: now, startedAt: time))
            record.startAfter = nil
            record.isStarted = container.startupProbe == nil
            record.isReady = container.startupProbe == nil && container.readinessProbe == nil
        }
    }

    /// The process of `name` could not be made; tried again later.
    mutating func failedToStart(_ name: String, reason: String, message: String, now: MonotonicTime) {
        self.update(name) { record in
            record.phase = .waiting(reason: reason, message: message)
            record.failures += 1
            record.startAfter = now.advanced(by: Self.delay(record.failures))
        }
    }

    /// The process of `name` ended.
    mutating func exited(_ name: String, code: Int32, signal: Int32?, now: MonotonicTime, at time: Timestamp) {
        let end = self.end
        self.update(name) { record in
            let process = record.process
            let termination = ContainerRecord.Termination(
                exitCode: code, signal: signal, startedAt: process?.startedAt ?? time, finishedAt: time)
            let wasSteady = process.map { now.nanoseconds(since: $0.since) > Self.steady.clampedNanoseconds } ?? false
            record.failures = wasSteady ? 1 : record.failures + 1
            record.phase = .terminated(termination)
            record.isStarted = false
            record.isReady = false
            if end == nil { record.startAfter = now.advanced(by: Self.delay(record.failures)) }
        }
    }

    /// A probe has come to a verdict about the process of `name`.
    mutating func probed(_ name: String, _ kind: ProbeKind, succeeded: Bool, now: MonotonicTime) {
        guard let container = self.container(name), self.records[name]?.process != nil else { return }
        switch (kind, succeeded) {
        case (.startup, true):
            self.update(name) { record in
                record.isStarted = true
                if container.readinessProbe == nil { record.isReady = true }
            }
        case (.readiness, _): self.update(name) { $0.isReady = succeeded && $0.isStarted }
        case (.startup, false), (.liveness, false): self.restart(container, kind, now: now)
        case (.liveness, true): break
        }
    }

    /// The `preStop` handler of `name` is through.
    mutating func stopHandlerEnded(_ name: String) {
        self.update(name) { record in
            guard case .running(var process) = record.phase, process.stop?.step == .runsHandler else { return }
            process.stop?.step = .needsSignal
            record.phase = .running(process)
        }
    }

    /// The pod has been deleted.
    ///
    /// A second deletion can only shorten the time that is left.
    mutating func deleted(grace: Duration, now: MonotonicTime) {
        var until = now.advanced(by: grace)
        if case .deleted(let earlier) = self.end { until = min(until, earlier) }
        self.end = .deleted(until: until)
    }

    // MARK: - Decisions

    /// What is to be done at `now`; what it returns counts as under way.
    mutating func plan(now: MonotonicTime) -> Plan {
        var plan = Plan()
        if self.end == nil { self.startDue(now: now, &plan) }
        if self.end != nil { self.stopDue(now: now, &plan) }
        self.advanceStops(now: now, &plan)
        return plan
    }

    private mutating func startDue(now: MonotonicTime, _ plan: inout Plan) {
        for container in self.spec.initContainers where !self.isInitialized {
            guard let record = self.records[container.name] else { continue }
            if container.isSidecar {
                self.startIfDue(container, now: now, &plan)
                guard record.isStarted else { return }
                continue
            }
            if case .terminated(let termination) = record.phase {
                if termination.exitCode == 0 { continue }
                guard self.spec.restartPolicy != "Never" else {
                    self.end = .completed(success: false)
                    return
                }
            }
            self.startIfDue(container, now: now, &plan)
            return
        }
        self.isInitialized = true
        for container in self.sidecars + self.spec.containers.filter(self.mayStart) {
            self.startIfDue(container, now: now, &plan)
        }
        self.completeIfDone()
    }

    private mutating func completeIfDone() {
        let terminations = self.spec.containers.compactMap { container -> ContainerRecord.Termination? in
            guard !self.mayStart(container), case .terminated(let termination) = self.records[container.name]?.phase
            else { return nil }
            return termination
        }
        guard terminations.count == self.spec.containers.count else { return }
        self.end = .completed(success: terminations.allSatisfy { $0.exitCode == 0 })
    }

    /// True unless the container has ended for good.
    private func mayStart(_ container: Container) -> Bool {
        guard case .terminated(let termination) = self.records[container.name]?.phase else { return true }
        switch self.spec.restartPolicy {
        case "Never": return false
        case "OnFailure": return termination.exitCode != 0
        default: return true
        }
    }

    private mutating func startIfDue(_ container: Container, now: MonotonicTime, _ plan: inout Plan) {
        guard let record = self.records[container.name], !record.isActive else { return }
        if let due = record.startAfter, due > now {
            plan.wake(at: due)
            if case .terminated(let termination) = record.phase {
                self.update(container.name) { record in
                    record.last = termination
                    let text = "back-off restarting failed container \(container.name)"
                    record.phase = .waiting(reason: "CrashLoopBackOff", message: text)
                    record.restarts += 1
                }
            }
            return
        }
        self.update(container.name) { record in
            if case .terminated(let termination) = record.phase {
                record.last = termination
                record.restarts += 1
            }
            record.phase = .starting
        }
        plan.actions.append(.start(container.name))
    }

    /// Containers first, all at once; then sidecars, the last one first.
    private mutating func stopDue(now: MonotonicTime, _ plan: inout Plan) {
        let others = self.spec.containers + self.spec.initContainers.filter { !$0.isSidecar }
        let active = others.filter { self.records[$0.name]?.isActive == true }
        for container in active { self.beginStop(container, deadline: self.deadline(now: now)) }
        guard active.isEmpty else { return }
        guard let sidecar = self.sidecars.last(where: { self.records[$0.name]?.isActive == true }) else {
            plan.actions.append(.finish)
            return
        }
        self.beginStop(sidecar, deadline: self.deadline(now: now))
    }

    private mutating func restart(_ container: Container, _ kind: ProbeKind, now: MonotonicTime) {
        let probe = kind == .startup ? container.startupProbe : container.livenessProbe
        let grace = probe?.terminationGracePeriodSeconds.map { Duration.seconds($0) } ?? self.grace
        self.beginStop(container, deadline: now.advanced(by: grace))
    }

    private func deadline(now: MonotonicTime) -> MonotonicTime {
        if case .deleted(let until) = self.end { return until }
        return now.advanced(by: self.grace)
    }

    private mutating func beginStop(_ container: Container, deadline: MonotonicTime) {
        guard var process = self.records[container.name]?.process, process.stop == nil else { return }
        let hasHandler = container.lifecycle?.preStop != nil
        process.stop = .init(deadline: deadline, step: hasHandler ? .needsHandler : .needsSignal)
        self.update(container.name) { record in
            record.phase = .running(process)
            record.isReady = false
        }
    }

    private mutating func advanceStops(now: MonotonicTime, _ plan: inout Plan) {
        for name in self.records.keys.sorted() {
            guard var process = self.records[name]?.process, var stop = process.stop, stop.step != .killed else {
                continue
            }
            if case .deleted(let until) = self.end { stop.deadline = min(stop.deadline, until) }
            if stop.deadline <= now {
                stop.step = .killed
                plan.actions.append(.signal(name, process: process.identifier, signal: Self.kill))
            } else if stop.step == .needsHandler {
                stop.step = .runsHandler
                plan.actions.append(.runStopHandler(name))
            } else if stop.step == .needsSignal {
                stop.step = .signalled
                plan.actions.append(.signal(name, process: process.identifier, signal: Self.terminate))
            }
            if stop.step != .killed { plan.wake(at: stop.deadline) }
            process.stop = stop
            self.update(name) { $0.phase = .running(process) }
        }
    }

    // MARK: - Access

    /// The container called `name`.
    func container(_ name: String) -> Container? {
        (self.spec.initContainers + self.spec.containers).first { $0.name == name }
    }

    private mutating func update(_ name: String, _ change: (inout ContainerRecord) -> Void) {
        guard var record = self.records[name] else { return }
        change(&record)
        self.records[name] = record
    }

    private static func delay(_ failures: Int) -> Duration {
        var random = SystemRandomNumberGenerator()  // Without jitter nothing is drawn.
        return self.backoff.delay(attempt: failures - 1, using: &random)
    }
}

/// What a probe is for.
enum ProbeKind: String, Hashable, Sendable, CaseIterable {
    /// Holds the others back until it succeeds once.
    case startup
    /// Its failure restarts the container.
    case liveness
    /// Its failure takes the pod out of its Services.
    case readiness

    /// At the beginning of a sentence.
    var title: String {
        switch self {
        case .startup: "Startup"
        case .liveness: "Liveness"
        case .readiness: "Readiness"
        }
    }
}
