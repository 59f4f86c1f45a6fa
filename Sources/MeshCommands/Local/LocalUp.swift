import ArgumentParser
import Logging
import MeshLocal
import ServiceLifecycle
import Subprocess
import SystemPackage
import UnixSignals

/// `heddle local up`.
struct LocalUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Bring a cluster up and run it until Ctrl-C.",
        discussion: "Prints the path of a kubeconfig when the cluster is ready. Its state lives in memory.")

    @OptionGroup var cluster: ClusterOptions

    @Option(name: .customLong("image"), help: ArgumentHelp("An executable for an image.", valueName: "name=path"))
    var images: [ImageArgument] = []

    @Option(help: "The API server's port on the cluster's own address; 0 lets the kernel choose.")
    var apiPort: UInt16 = 6443

    @Flag(help: "Run in the background; end it with `heddle local down`.")
    var detach = false

    @Flag(name: .shortAndLong, help: "Log what the cluster does.")
    var verbose = false

    func run() async throws {
        try await LocalFailure.reporting {
            if self.detach {
                try await self.runDetached()
            } else {
                try await self.runHere()
            }
        }
    }

    private func runHere() async throws {
        var logger = Logger(label: "heddle.local") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = self.verbose ? .debug : .warning
        var configuration = LocalCluster.Configuration(name: self.cluster.name)
        for image in self.images { configuration.images[image.name] = image.path }
        configuration.apiPort = self.apiPort
        let service = ClusterService(configuration: configuration, logger: logger)
        let group = ServiceGroup(
            configuration: .init(
                services: [service], gracefulShutdownSignals: [.sigint, .sigterm], logger: logger))
        try await group.run()
    }

    /// Starts this program once more, without a terminal, and waits until it is up.
    private func runDetached() async throws {
        let root = LocalCluster.defaultStateRoot
        if case .running(let process, _) = LocalCluster.status(name: self.cluster.name) {
            throw LocalClusterError.alreadyRunning(name: self.cluster.name, process: process)
        }
        let log = root.appending("\(self.cluster.name).log")
        let process = try await DetachedCluster(log: log).start(self.childArguments)
        try await process.waitUntilUp(name: self.cluster.name)
        guard case .running(_, let kubeconfig) = LocalCluster.status(name: self.cluster.name) else { return }
        ClusterService.announce(name: self.cluster.name, kubeconfig: kubeconfig)
    }

    private var childArguments: [String] {
        var arguments = ["local", "up", "--name", self.cluster.name, "--api-port", "\(self.apiPort)"]
        for image in self.images { arguments += ["--image", "\(image.name)=\(image.path)"] }
        if self.verbose { arguments.append("--verbose") }
        return arguments
    }
}

/// The option that all commands on a cluster have.
struct ClusterOptions: ParsableArguments {
    @Option(help: "The cluster's name.")
    var name = "heddle"
}

/// `NAME=PATH`.
struct ImageArgument: ExpressibleByArgument {
    let name: String
    let path: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, parts[1].hasPrefix("/") else { return nil }
        (self.name, self.path) = (parts[0], parts[1])
    }
}

/// Runs a cluster as a part of a group of services, until the group shuts down.
private struct ClusterService: Service {
    let configuration: LocalCluster.Configuration
    let logger: Logger

    func run() async throws {
        try await LocalCluster.run(self.configuration, logger: self.logger) { cluster in
            Self.announce(name: self.configuration.name, kubeconfig: cluster.kubeconfig.string)
            try await gracefulShutdown()
        }
    }

    static func announce(name: String, kubeconfig: String) {
        // Unbuffered: whoever reads this through a pipe waits for it.
        let text = "cluster \"\(name)\" is up\nexport KUBECONFIG=\(kubeconfig)\n"
        _ = try? FileDescriptor.standardOutput.writeAll(text.utf8)  // Nobody listens: the cluster runs all the same.
    }
}
