import Foundation
import Subprocess
import SystemPackage
import Testing

/// A shell in which the real `kubectl` and this build's `heddle` are found, with a home of its own.
struct Terminal: Sendable {
    /// A command that goes on while others run, in a process group of its own.
    struct Job: Sendable {
        fileprivate var group: String
        fileprivate var log: URL

        /// What it has printed so far.
        func printed() throws -> String { try String(contentsOf: self.log, encoding: .utf8) }
    }

    /// The release of kubectl whose output the documentation shows.
    static let release = "v1.32."
    /// What transcripts need, when it is not there.
    static let need: Comment =
        "transcripts need root, heddle beside the tests, and kubectl 1.32 at HEDDLE_KUBECTL or on PATH"

    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private let folder: URL

    /// Where the state of clusters is, as the documentation writes it and as it is here.
    var stateRoots: (documented: String, here: String) { ("/var/run/heddle/local/", "\(self.folder.path)/local/") }

    static func isComplete() async throws -> Bool {
        guard NSUserName() == "root", Self.heddle != nil else { return false }
        return try await Self.kubectl() != nil
    }

    private static let heddle: String? = {
        let tests = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        return [own, tests, repository.appending(path: ".build/debug")].map { $0.appending(path: "heddle").path }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    private static func kubectl() async throws -> String? {
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

    /// Runs `body` in a terminal; what it left running of clusters and files is removed.
    static func with(_ body: @Sendable (Terminal) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "heddle-terminal-\(UUID().uuidString)")
        let files = FileManager.default
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, target) in [
            ("kubectl", try #require(try await Self.kubectl())), ("heddle", try #require(Self.heddle)),
            ("crds", Self.repository.appending(path: "crds").path),
        ] {
            try files.createSymbolicLink(atPath: folder.appending(path: name).path, withDestinationPath: target)
        }
        let terminal = Terminal(folder: folder)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(terminal))
        } catch {
            result = .failure(error)
        }
        _ = try await terminal.run("for state in local/*/; do heddle local down --name $(basename $state); done")
        try files.removeItem(at: folder)
        try result.get()
    }

    /// What a shell command prints, errors included.
    func run(_ command: String) async throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let result = try await Subprocess.run(
            .path("/bin/bash"), arguments: ["-c", "exec 2>&1; \(command)"],
            environment: .inherit.updating([
                "HOME": self.folder.path, "HEDDLE_HOME": self.folder.path, "PATH": "\(self.folder.path):\(path)",
            ]),
            workingDirectory: FilePath(self.folder.path), output: .string(limit: 1 << 20), error: .discarded)
        return result.standardOutput
    }

    /// Starts a command that goes on until ``stop(_:)``.
    func start(_ command: String, after preparation: String) async throws -> Job {
        let log = self.folder.appending(path: "job-\(UUID().uuidString)")
        let started = try await self.run("\(preparation)setsid \(command) >\(log.path) 2>&1 </dev/null & echo $!")
        return Job(group: started.trimmingCharacters(in: .whitespacesAndNewlines), log: log)
    }

    /// Ends a command and what it started.
    func stop(_ job: Job) async throws {
        _ = try await self.run("kill -- -\(job.group)")
    }
}
