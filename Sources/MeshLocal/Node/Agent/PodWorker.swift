import AsyncHTTPClient
import Glibc
import Logging
import MeshModel
import MeshResources
import SystemPackage

/// What all pods of a node share.
struct NodeContext: Sendable {
    let network: NodeNetwork
    let access: any NodeAccess
    let images: ImageTable
    let launcher: [String]
    let directory: FilePath
    let domain: String
    let client: HTTPClient
    let logger: Logger
    let cores: Int
    let memory: Int64

    /// How often the API server is asked for something that must happen.
    private static let attemptsMax = 30

    /// Does `work` until it succeeds, later each time; cancellation ends it.
    func persistently(_ what: String, _ pod: ObjectKey, _ work: () async throws -> Void) async {
        var random = SystemRandomNumberGenerator()
        let backoff = Backoff(minimum: .milliseconds(100), maximum: .seconds(10), jitter: 0.2)
        for attempt in 0..<Self.attemptsMax {
            do {
                return try await work()
            } catch {
                let level: Logger.Level = attempt < 3 ? .debug : .warning
                self.logger.log(
                    level: level, "not done yet",
                    metadata: ["action": "\(what)", "pod.key": "\(pod)", "error": "\(error)"])
            }
            let wait = backoff.delay(attempt: attempt, using: &random)
            guard (try? await Task.sleep(for: wait)) != nil else { return }  // Cancelled.
        }
    }
}

/// Runs one pod: performs what its ``PodLifecycle`` decides, and tells the API server.
actor PodWorker {
    /// What can happen to a pod.
    enum Event: Sendable {
        /// The API server has a new version of it.
        case changed(Pod)
        /// The API server has it no more.
        case vanished
        case started(String, Int32)
        case failed(String, reason: String, message: String)
        case exited(String, ContainerProcess.Exit)
        case probed(String, ProbeKind, Bool)
        case stopHandlerEnded(String)
        case tick
    }

    let context: NodeContext
    let address: IPAddress
    let place: ContainerLaunch.Place
    let volumes: VolumeKeeper
    private let events: AsyncStream<Event>
    private let statuses: (stream: AsyncStream<PodStatus>, input: AsyncStream<PodStatus>.Continuation)
    var pod: Pod
    var lifecycle: PodLifecycle
    var facts: PodFacts
    private var status = PodStatus()
    var launches: [String: ContainerLaunch] = [:]
    private var isVanished = false
    private var isNetworkUp = false

    /// Where events come in.
    nonisolated let input: AsyncStream<Event>.Continuation

    init(_ pod: Pod, address: IPAddress, context: NodeContext) {
        self.context = context
        self.address = address
        self.pod = pod
        let plan = context.network.plan
        self.place = ContainerLaunch.Place(
            directory: context.directory.appending(pod.metadata.uid), dns: plan.dns, domain: context.domain,
            apiServer: plan.apiServer)
        self.volumes = VolumeKeeper(access: context.access, place: self.place)
        // A pod's events are few, and each of them counts.
        (self.events, self.input) = AsyncStream.makeStream(of: Event.self)
        let statuses = AsyncStream.makeStream(of: PodStatus.self, bufferingPolicy: .bufferingNewest(1))
        self.statuses = (statuses.stream, statuses.continuation)
        self.lifecycle = PodLifecycle(spec: pod.spec)
        self.facts = PodFacts(host: plan.host, startTime: Self.now)
    }

    private static var now: Timestamp { Timestamp(seconds: Int64(time(nil))) }

    private static let start = ContinuousClock.now

    private static var monotonicNow: MonotonicTime {
        MonotonicTime(nanoseconds: (ContinuousClock.now - self.start).clampedNanoseconds)
    }

    var logger: Logger { self.context.logger }

    // MARK: - The loop

    /// Runs the pod until it is deleted and all of it is gone.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.reportStatuses() }
            group.addTask { await self.keepVolumes() }
            self.apply(.changed(self.pod))
            await self.bringUpNetwork()
            var isFinished = self.act(in: &group)
            for await event in self.events where !isFinished {
                self.apply(event)
                isFinished = self.act(in: &group)
                if isFinished { break }
            }
            group.cancelAll()
        }
        await self.takeDown()
    }

    private func bringUpNetwork() async {
        while !Task.isCancelled {
            do {
                try Files.makeDirectories(self.place.directory, mode: 0o700)
                _ = try await self.context.network.addPod(self.address)
                self.facts.address = self.address
                self.isNetworkUp = true
                return
            } catch {
                self.logger.error("cannot set up a pod", metadata: self.metadata(["error": "\(error)"]))
                try? await self.context.network.removePod(self.address)  // Whatever was made of it.
                // Cancelled: the loop ends.
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func apply(_ event: Event) {
        let now = Self.monotonicNow
        switch event {
        case .changed(let pod):
            self.pod.metadata = pod.metadata
            guard pod.metadata.deletionTimestamp != nil else { return }
            let grace = pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30
            self.lifecycle.deleted(grace: .seconds(grace), now: now)
        case .vanished:
            self.isVanished = true
            self.lifecycle.deleted(grace: .zero, now: now)
        case .started(let name, let process):
            self.lifecycle.started(name, process: process, now: now, at: Self.now)
            self.record(.normal, "Started", "Started container \(name)", of: name)
        case .failed(let name, let reason, let message):
            self.lifecycle.failedToStart(name, reason: reason, message: message, now: now)
            self.record(.warning, "Failed", "Error: \(message)", of: name)
        case .exited(let name, let exit):
            self.lifecycle.exited(name, code: exit.code, signal: exit.signal, now: now, at: Self.now)
            guard exit.code != 0, self.lifecycle.end == nil else { return }
            self.record(.warning, "BackOff", "Container \(name) ended with exit code \(exit.code)", of: name)
        case .probed(let name, let kind, let success):
            self.lifecycle.probed(name, kind, succeeded: success, now: now)
            guard !success, self.lifecycle.end == nil else { return }
            self.record(.warning, "Unhealthy", "\(kind.title) probe failed", of: name)
        case .stopHandlerEnded(let name): self.lifecycle.stopHandlerEnded(name)
        case .tick: break
        }
    }

    /// Does what is due; true when the pod is finished and deleted.
    private func act(in group: inout DiscardingTaskGroup) -> Bool {
        let now = Self.monotonicNow
        let plan = self.lifecycle.plan(now: now)
        var isFinished = false
        for action in plan.actions {
            switch action {
            case .start(let name): group.addTask { await self.runContainer(name) }
            case .runStopHandler(let name): group.addTask { await self.runStopHandler(name) }
            case .signal(let name, let process, let signal):
                _ = kill(-process, signal)  // It may just have ended.
                guard signal == PodLifecycle.terminate else { continue }
                self.record(.normal, "Killing", "Stopping container \(name)", of: name)
            case .finish:
                if case .deleted = self.lifecycle.end { isFinished = true }
            }
        }
        if let wake = plan.wake, !isFinished {
            let wait = Duration.nanoseconds(max(0, wake.nanoseconds(since: now)))
            group.addTask {
                guard (try? await Task.sleep(for: wait)) != nil else { return }  // Cancelled: nobody listens.
                self.input.yield(.tick)
            }
        }
        self.publish()
        return isFinished
    }

    // MARK: - Status

    private func publish() {
        let status = self.lifecycle.status(self.facts, previous: self.status.conditions, now: Self.now)
        guard status != self.status else { return }
        self.status = status
        self.statuses.input.yield(status)
    }

    private func reportStatuses() async {
        for await status in self.statuses.stream {
            do {
                try await self.context.access.report(status, of: self.pod)
            } catch {
                self.logger.debug("cannot report a pod", metadata: self.metadata(["error": "\(error)"]))
                guard (try? await Task.sleep(for: .milliseconds(500))) != nil else { return }  // Cancelled.
                self.statuses.input.yield(self.status)  // By now there may be a newer one.
            }
        }
    }

    private func record(_ type: EventType, _ reason: String, _ note: String, of container: String) {
        self.context.access.record(type, reason: reason, note: note, container: container, of: self.pod)
    }

    func metadata(_ more: Logger.Metadata) -> Logger.Metadata {
        more.merging(["pod.key": "\(self.pod.key)"]) { first, _ in first }
    }

    // MARK: - The end

    private func takeDown() async {
        self.statuses.input.finish()
        self.input.finish()
        // Cancelled: whoever ends the agent takes down the network as a whole, processes included.
        guard !Task.isCancelled else { return }
        do {
            if self.isNetworkUp { try await self.context.network.removePod(self.address) }
            Files.removeTree(self.place.directory)
        } catch {
            self.logger.error("cannot take down a pod", metadata: self.metadata(["error": "\(error)"]))
        }
        guard !self.isVanished, case .deleted = self.lifecycle.end else { return }
        await self.context.persistently("remove", self.pod.key) { try await self.context.access.remove(self.pod) }
    }
}
