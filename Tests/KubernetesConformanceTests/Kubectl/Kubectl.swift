import Foundation
import Subprocess
import SystemPackage
import Testing

/// The real kubectl, for what only it can say of a server.
struct Kubectl: Sendable {
    /// What a command printed, errors included, and whether it succeeded.
    struct Output: Sendable {
        var text: String
        var isSuccess: Bool
    }

    /// A command that goes on while others run, in a process group of its own.
    struct Job: Sendable {
        fileprivate var group: String
        fileprivate var log: URL

        /// What it has printed so far.
        func printed() throws -> String { try String(contentsOf: self.log, encoding: .utf8) }
    }

    /// The release whose output the documentation shows.
    static let release = "v1.32."
    /// Why tests with kubectl cannot run, when they cannot.
    static let need: Comment = "needs kubectl 1.32 at HEDDLE_KUBECTL or on PATH"

    private let folder: URL

    /// Where kubectl of the right release is; nil without it.
    static func path() async throws -> String? {
        let environment = ProcessInfo.processInfo.environment
        var candidates = environment["HEDDLE_KUBECTL"].map { [$0] } ?? []
        candidates += (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/kubectl" }
        for candidate in candidates where FileManager.default.isExecutableFile(atPath: candidate) {
            let result = try await Subprocess.run(
                .path(FilePath(candidate)), arguments: ["version", "--client"], output: .string(limit: 1 << 16),
                error: .discarded)
            if result.standardOutput.contains(Self.release) { return candidate }
        }
        return nil
    }

    /// Runs `body` with kubectl set up for a server.
    static func with<Result: Sendable>(
        kubeconfig: String, _ body: @Sendable (Kubectl) async throws -> Result
    ) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "heddle-kubectl-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer {
            do {
                try FileManager.default.removeItem(at: folder)
            } catch {
                Issue.record("\(folder.path) could not be removed: \(error)")
            }
        }
        try kubeconfig.write(to: folder.appending(path: "config"), atomically: true, encoding: .utf8)
        let program = try #require(try await Self.path())
        try FileManager.default.createSymbolicLink(
            atPath: folder.appending(path: "kubectl").path, withDestinationPath: program)
        return try await body(Kubectl(folder: folder))
    }

    /// Runs a shell command in which `kubectl` speaks to the server.
    func run(_ command: String) async throws -> Output {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let result = try await Subprocess.run(
            .path("/bin/bash"), arguments: ["-c", "exec 2>&1; \(command)"],
            environment: .inherit.updating([
                "KUBECONFIG": self.folder.appending(path: "config").path, "HOME": self.folder.path,
                "PATH": "\(self.folder.path):\(path)",
            ]),
            workingDirectory: FilePath(self.folder.path), output: .string(limit: 1 << 20), error: .discarded)
        return Output(text: result.standardOutput, isSuccess: result.terminationStatus.isSuccess)
    }

    /// Starts a command that goes on until ``stop(_:)``.
    func start(_ command: String) async throws -> Job {
        let log = self.folder.appending(path: "job-\(UUID().uuidString)")
        let started = try await self.run("setsid \(command) >\(log.path) 2>&1 </dev/null & echo $!")
        return Job(group: started.text.trimmingCharacters(in: .whitespacesAndNewlines), log: log)
    }

    /// Ends a command and what it started.
    func stop(_ job: Job) async throws {
        _ = try await self.run("kill -- -\(job.group)")
    }
}
