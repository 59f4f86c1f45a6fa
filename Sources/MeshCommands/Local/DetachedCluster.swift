import MeshLocal
import Subprocess
import SystemPackage

/// Starts a cluster's runtime in the background.
struct DetachedCluster {
    /// Where the runtime's output goes.
    let log: FilePath

    /// A runtime that has been started.
    struct Started {
        let log: FilePath
        let process: Int32
    }

    /// Starts this very program with `arguments` in a session of its own.
    ///
    /// A shell starts it and ends at once, so that it is nobody's child and outlives us.
    func start(_ arguments: [String]) async throws -> Started {
        let script = """
            log=$1; shift
            (umask 077 && mkdir -p "$(dirname "$log")" && : >"$log") || exit
            setsid "$0" "$@" >"$log" 2>&1 </dev/null & echo $!
            """
        let program = LocalCluster.Configuration().launcher.string
        let result = try await run(
            .path("/bin/sh"), arguments: Arguments(["-c", script, program, self.log.string] + arguments),
            output: .string(limit: 64))
        guard result.terminationStatus.isSuccess,
            let process = Int32(result.standardOutput.prefix { $0 != "\n" })
        else { throw LocalClusterError.failed(part: "the background process", reason: "\(result.terminationStatus)") }
        return Started(log: self.log, process: process)
    }
}

extension DetachedCluster.Started {
    /// Waits until the cluster is up.
    ///
    /// - Throws: ``LocalClusterError/failed(part:reason:)`` with what it said when it ended before.
    func waitUntilUp(name: String) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(60)
        while clock.now < deadline {
            if case .running(self.process, _) = LocalCluster.status(name: name) { return }
            guard LocalCluster.isAlive(self.process) else {
                throw LocalClusterError.failed(part: "cluster \"\(name)\"", reason: LocalCluster.lastLine(of: self.log))
            }
            try await clock.sleep(for: .milliseconds(100))
        }
        throw LocalClusterError.failed(part: "cluster \"\(name)\"", reason: "not up within a minute; see \(self.log)")
    }
}
