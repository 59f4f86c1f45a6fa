import ArgumentParser
import AsyncHTTPClient
import Foundation
import Logging
import MeshKubernetes
import MeshLocal
import MeshModel
import ServiceLifecycle
import SystemPackage
import UnixSignals

/// `heddle demo`: the mesh at work on this machine, each step checked from outside.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Show the mesh at work on this machine, each step checked from outside.",
        discussion: """
            Brings a local cluster up, installs the mesh, applies the voting sample and runs ten steps. Takes root, since
            pods are network namespaces. Everything it made is gone afterwards.

            EXAMPLES
              heddle demo --fast --json demo.json
              heddle demo --keep
            """)

    /// The steps, in their order; the names are those of the JSON report.
    static let steps = [
        "cluster", "control-plane", "app", "traffic", "mtls", "policy", "split", "canary", "rollback", "resilience",
    ]

    @Option(help: "Write what was observed to this file, as JSON.")
    var json: String?

    @Flag(help: "Leave everything running afterwards, until Ctrl-C.")
    var keep = false

    @Flag(help: "Shorten the intervals of the rollouts.")
    var fast = false

    @Option(help: "The name of the local cluster.")
    var name = "demo"

    @Option(help: "The folder with crds and config; found by itself in a checkout.")
    var manifests: String?

    func run() async throws {
        let console = DemoConsole(isTerminal: isatty(STDOUT_FILENO) == 1)
        let report: DemoReport?
        do {
            let manifests = try DemoFiles.manifests(given: self.manifests)
            try LocalCluster.check(self.cluster)
            try DemoTools.check()
            if let json = self.json { try DemoFiles.write("", to: json) }
            report = try await Self.untilSignalled { try await self.demo(console: console, manifests: manifests) }
        } catch let error as DemoFailure {
            ErrorOutput.write("heddle demo: \(error)")
            throw ExitCode(2)
        } catch let error as LocalClusterError {
            ErrorOutput.write("heddle demo: \(error)")
            throw ExitCode(2)
        }
        guard let report else {
            console.say("interrupted; everything is taken down")
            throw ExitCode(130)
        }
        guard report.isOK(expecting: Self.steps) else { throw ExitCode(1) }
    }

    /// Runs `work` to its end; SIGINT and SIGTERM cancel it, and then its result is nil unless it has one all the same.
    private static func untilSignalled(
        _ work: @escaping @Sendable () async throws -> DemoReport
    ) async throws -> DemoReport? {
        try await withThrowingTaskGroup(of: DemoReport?.self) { group in
            group.addTask {
                do {
                    return try await work()
                } catch is CancellationError {
                    return nil
                }
            }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { break }
                return nil
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            // After a signal the work takes everything down; what it returns then is a finished run that was kept.
            let second = try await group.next() ?? nil
            return first ?? second
        }
    }

    private var cluster: LocalCluster.Configuration {
        var configuration = LocalCluster.Configuration(name: self.name)
        configuration.apiPort = 0
        return configuration
    }

    private func demo(console: DemoConsole, manifests: FilePath) async throws -> DemoReport {
        var logger = Logger(label: "heddle.demo")
        logger.logLevel = .error
        let start = ContinuousClock.now
        console.begin("cluster")
        console.progress("starting the API server and the node")
        return try await LocalCluster.run(self.cluster, logger: logger) { cluster in
            let up = DemoReport.Step(
                name: "cluster", isOK: true, seconds: start.duration(to: .now) / .seconds(1),
                detail: "API server at \(cluster.client.access.server)")
            console.end(up)
            return try await self.steps(in: cluster, after: up, console: console, manifests: manifests)
        }
    }

    private func steps(
        in cluster: LocalCluster, after up: DemoReport.Step, console: DemoConsole, manifests: FilePath
    ) async throws -> DemoReport {
        let http = HTTPClient(eventLoopGroupProvider: .singleton)
        let world = DemoWorld(
            client: cluster.client, applier: ManifestApplier(client: cluster.client, manager: "heddle-demo"),
            http: http, console: console, manifests: manifests, isFast: self.fast)
        let result: Result<DemoReport, any Error>
        do {
            result = .success(try await self.run(DemoSteps(world: world), after: up))
        } catch {
            result = .failure(error)
        }
        try await http.shutdown()
        let report = try result.get()
        if let json = self.json { try DemoFiles.write(report.json(expecting: Self.steps), to: json) }
        if self.keep {
            console.say("kept: export KUBECONFIG=\(cluster.kubeconfig) ; Ctrl-C takes everything down")
            await Self.cancellation()
        }
        return report
    }

    /// Returns when the task is cancelled.
    private static func cancellation() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        for await _ in stream {}
        continuation.finish()
    }

    /// Runs the steps until one does not hold; the later ones build on it.
    private func run(_ steps: DemoSteps, after up: DemoReport.Step) async throws -> DemoReport {
        let capture = DemoCapture(namespace: "heddle.\(self.name)")
        let works: [(name: String, work: () async throws -> String)] = [
            ("control-plane", steps.controlPlane), ("app", steps.app), ("traffic", steps.traffic),
            ("mtls", { try await steps.mtls(capture: capture) }), ("policy", steps.policy), ("split", steps.split),
            ("canary", steps.canary), ("rollback", steps.rollback), ("resilience", steps.resilience),
        ]
        var report = DemoReport()
        report.steps.append(up)
        for (name, work) in works {
            steps.world.console.begin(name)
            let start = ContinuousClock.now
            var isOK = true
            var detail = ""
            do {
                detail = try await work()
            } catch {
                // Whatever a cancelled call throws, the run was interrupted.
                try Task.checkCancellation()
                (isOK, detail) = (false, "\(error)")
            }
            let step = DemoReport.Step(
                name: name, isOK: isOK, seconds: start.duration(to: .now) / .seconds(1), detail: detail)
            steps.world.console.end(step)
            report.steps.append(step)
            guard isOK else { break }
        }
        return report
    }
}
