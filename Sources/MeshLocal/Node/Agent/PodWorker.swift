import AsyncHTTPClient
import Foundation
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

    private let context: NodeContext
    private let address: IPAddress
    private let place: ContainerLaunch.Place
    private let volumes: VolumeKeeper
    private let events: AsyncStream<Event>
    private let statuses: (stream: AsyncStream<PodStatus>, input: AsyncStream<PodStatus>.Continuation)
    private var pod: Pod
    private var lifecycle: PodLifecycle
    private var facts: PodFacts
    private var status = PodStatus()
    private var launches: [String: ContainerLaunch] = [:]
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

    private var logger: Logger { self.context.logger }

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
        case .failed(let name, let reason, let message):
            self.lifecycle.failedToStart(name, reason: reason, message: message, now: now)
        case .exited(let name, let exit):
            self.lifecycle.exited(name, code: exit.code, signal: exit.signal, now: now, at: Self.now)
        case .probed(let name, let kind, let success):
            self.lifecycle.probed(name, kind, succeeded: success, now: now)
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
            case .signal(_, let process, let signal): _ = kill(-process, signal)  // It may just have ended.
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

    private func metadata(_ more: Logger.Metadata) -> Logger.Metadata {
        more.merging(["pod.key": "\(self.pod.key)"]) { first, _ in first }
    }

    // MARK: - Containers

    private var fields: DownwardFields {
        DownwardFields(
            pod: self.pod, address: self.address, host: self.context.network.plan.host, cores: self.context.cores,
            memory: self.context.memory)
    }

    private func runContainer(_ name: String) async {
        guard let container = self.lifecycle.container(name) else { return }
        do {
            let sources = try await self.volumes.update(self.fields)
            let launch = try ContainerLaunch(
                container, fields: self.fields, sources: sources, images: self.context.images, place: self.place)
            self.facts.imageIDs[name] = self.context.images.path(of: container.image ?? "")
            self.launches[name] = launch
            let process = try self.process(container, launch)
            let exit = try await self.supervise(process, container, launch)
            self.input.yield(.exited(name, exit))
        } catch {
            let reason: String
            switch error as? ContainerConfigError {
            case .unknownImage: reason = "ErrImagePull"
            case .some: reason = "CreateContainerConfigError"
            case nil: reason = "CreateContainerError"
            }
            self.input.yield(.failed(name, reason: reason, message: "\(error)"))
        }
    }

    /// Writes the container's description and decides where its log goes.
    private func process(_ container: Container, _ launch: ContainerLaunch) throws -> ContainerProcess {
        let directory = self.place.directory.appending("containers").appending(container.name)
        try Files.makeDirectories(FilePath(launch.root))
        let description = directory.appending("launch.json")
        try Files.write(Array(JSONEncoder().encode(launch)), to: description, mode: 0o600)
        let attempt = self.lifecycle.records[container.name]?.restarts ?? 0
        _ = unlink(directory.appending("\(attempt - 2).log").string)  // Only the last and the one before are kept.
        return ContainerProcess(
            namespace: self.context.network.names.podNamespace(self.address), launcher: self.context.launcher,
            description: description, log: directory.appending("\(attempt).log"))
    }

    /// Runs the process with its probes beside it.
    private func supervise(
        _ process: ContainerProcess, _ container: Container, _ launch: ContainerLaunch
    ) async throws -> ContainerProcess.Exit {
        let (pids, pidInput) = AsyncStream.makeStream(of: Int32.self)
        return try await withThrowingTaskGroup(of: ContainerProcess.Exit?.self) { group in
            group.addTask {
                let exit = try await process.run { identifier in
                    self.input.yield(.started(container.name, identifier))
                    pidInput.yield(identifier)
                    pidInput.finish()
                }
                pidInput.finish()
                return exit
            }
            group.addTask {
                for await identifier in pids { await self.watch(identifier, container, launch) }
                return nil
            }
            defer { group.cancelAll() }
            for try await exit in group {
                if let exit { return exit }
            }
            throw CancellationError()
        }
    }

    private func watch(_ process: Int32, _ container: Container, _ launch: ContainerLaunch) async {
        let prober = Prober(
            address: self.address, container: container, process: process, launch: launch, client: self.context.client)
        let input = self.input
        let name = container.name
        if let handler = container.lifecycle?.postStart, await !prober.perform(handler) {
            input.yield(.probed(name, .liveness, false))
            return
        }
        if let probe = container.startupProbe {
            // Cancelled when the process ends.
            try? await prober.run(probe, .startup) { input.yield(.probed(name, .startup, $0)) }
        }
        await withDiscardingTaskGroup { group in
            for (probe, kind) in [
                (container.livenessProbe, ProbeKind.liveness), (container.readinessProbe, .readiness),
            ] {
                guard let probe else { continue }
                group.addTask {
                    try? await prober.run(probe, kind) { input.yield(.probed(name, kind, $0)) }  // Cancelled: as above.
                }
            }
        }
    }

    private func runStopHandler(_ name: String) async {
        if let container = self.lifecycle.container(name), let handler = container.lifecycle?.preStop,
            let process = self.lifecycle.records[name]?.process, let launch = self.launches[name]
        {
            let prober = Prober(
                address: self.address, container: container, process: process.identifier, launch: launch,
                client: self.context.client)
            _ = await prober.perform(handler)  // Failed or not, the container stops.
        }
        self.input.yield(.stopHandlerEnded(name))
    }

    private func keepVolumes() async {
        while (try? await Task.sleep(for: VolumeKeeper.period)) != nil {  // Until cancelled.
            guard !self.launches.isEmpty else { continue }
            do {
                _ = try await self.volumes.update(self.fields)
            } catch {
                self.logger.debug("cannot refresh volumes", metadata: self.metadata(["error": "\(error)"]))
            }
        }
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
            guard !self.isVanished, case .deleted = self.lifecycle.end else { return }
            try await self.context.access.remove(self.pod)
        } catch {
            self.logger.error("cannot remove a pod", metadata: self.metadata(["error": "\(error)"]))
        }
    }
}
