import ArgumentParser
import MeshLocal

/// `heddle local`: a Kubernetes cluster on this machine.
struct LocalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "local", abstract: "Run a cluster on this machine: an API server and pods as processes.",
        subcommands: [LocalUp.self, LocalDown.self, LocalStatus.self, RunContainer.self])
}

/// What the node agent starts for each container; nobody else has a use for it.
struct RunContainer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run-container", abstract: "Become a container's process.", shouldDisplay: false)

    @Argument(help: "The container's description.")
    var description: String

    func run() throws {
        try ContainerLauncher.run(self.description)
    }
}
