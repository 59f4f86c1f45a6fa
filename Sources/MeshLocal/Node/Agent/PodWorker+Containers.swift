import Foundation
import Glibc
import Logging
import MeshModel
import MeshResources
import SystemPackage

/// The processes of a pod's containers.
extension PodWorker {
    private var fields: DownwardFields {
        DownwardFields(
            pod: self.pod, address: self.address, host: self.context.network.plan.host, cores: self.context.cores,
            memory: self.context.memory)
    }

    func runContainer(_ name: String) async {
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

    func runStopHandler(_ name: String) async {
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

    func keepVolumes() async {
        while (try? await Task.sleep(for: VolumeKeeper.period)) != nil {  // Until cancelled.
            guard !self.launches.isEmpty else { continue }
            do {
                _ = try await self.volumes.update(self.fields)
            } catch {
                self.logger.debug("cannot refresh volumes", metadata: self.metadata(["error": "\(error)"]))
            }
        }
    }
}
