import Subprocess
import SystemPackage

/// Runs one container's process from start to end.
struct ContainerProcess: Sendable {
    /// How a process ended.
    struct Exit: Hashable, Sendable {
        /// The exit code, or 128 + the signal.
        var code: Int32
        /// The signal that ended it.
        var signal: Int32?
    }

    /// The pod's network namespace, by name.
    let namespace: String
    /// What becomes the container: a command that takes the description's path.
    let launcher: [String]
    /// The description, a ``ContainerLaunch`` as JSON.
    let description: FilePath
    /// Where standard output and error go.
    let log: FilePath

    /// Runs the process; `started` gets its identifier, which is also its session's and process group's.
    ///
    /// Cancellation ends the process with SIGKILL.
    func run(started: (Int32) -> Void) async throws -> Exit {
        let output = try FileDescriptor.open(
            self.log, .writeOnly, options: [.create, .append, .closeOnExec], permissions: [.ownerReadWrite, .groupRead])
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [.send(signal: .kill, allowedDurationToNextStep: .milliseconds(1))]
        let enter = ["--net=/run/netns/\(self.namespace)", "unshare", "--mount", "--uts", "--propagation", "private"]
        let result = try await Subprocess.run(
            .name("nsenter"), arguments: Arguments(enter + ["--"] + self.launcher + [self.description.string]),
            environment: Tool.environment, workingDirectory: "/", platformOptions: options, input: .none,
            output: .fileDescriptor(output, closeAfterSpawningProcess: true), error: .combinedWithOutput
        ) { execution in
            started(execution.processIdentifier.value)
        }
        switch result.terminationStatus {
        case .exited(let code): return Exit(code: code)
        case .signaled(let signal): return Exit(code: 128 + signal, signal: signal)
        }
    }

    /// Runs `command` beside a running process, in the same namespaces and root; true when it ends with success.
    static func execute(
        _ command: [String], beside process: Int32, launch: ContainerLaunch
    ) async throws -> Bool {
        var inner = launch
        inner.command = command
        let enter = ["--target=\(process)", "--net", "--mount", "--uts", "--root", "--wd"]
        let environment = Environment.custom(
            Dictionary(launch.environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }) { first, _ in
                first
            })
        let result = try await Subprocess.run(
            .path("/usr/bin/nsenter"), arguments: Arguments(enter + ["--"] + inner.privilegeCommand),
            environment: environment, output: .discarded, error: .discarded)
        return result.terminationStatus.isSuccess
    }
}
