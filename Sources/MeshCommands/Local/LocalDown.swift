import ArgumentParser
import MeshLocal

/// `heddle local down`.
struct LocalDown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "End a cluster and remove everything that it has made, also after a crash.")

    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        try await LocalFailure.reporting {
            let wasThere = try await LocalCluster.down(name: self.cluster.name)
            print("cluster \"\(self.cluster.name)\" \(wasThere ? "is down" : "was not up")")
        }
    }
}

/// `heddle local status`.
struct LocalStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say whether a cluster runs; exit code 1 when it does not.")

    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let name = self.cluster.name
        switch LocalCluster.status(name: name) {
        case .running(let process, let kubeconfig):
            print("cluster \"\(name)\" runs (process \(process))\nexport KUBECONFIG=\(kubeconfig)")
            return
        case .starting: print("cluster \"\(name)\" is coming up")
        case .dead: print("cluster \"\(name)\" has crashed: `heddle local down` removes what it has left")
        case .absent: print("cluster \"\(name)\" is not up")
        }
        throw ExitCode(1)
    }
}

/// Turns what a user can do something about into one line and exit code 2.
enum LocalFailure {
    static func reporting(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as LocalClusterError {
            ErrorOutput.write("heddle local: \(error)")
            throw ExitCode(2)
        }
    }
}
