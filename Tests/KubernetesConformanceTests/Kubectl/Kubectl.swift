import Foundation
import Subprocess
import SystemPackage
import Testing

/// The real kubectl, for what only it can say of a server.
struct Kubectl: Sendable {
    static let path = ["/usr/bin/kubectl", "/usr/local/bin/kubectl"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
    /// Why tests with kubectl cannot run; nil when they can.
    static let absence: String? = path == nil ? "no kubectl" : nil

    let folder: URL

    /// What a command printed, errors included, and whether it succeeded.
    struct Output: Sendable {
        var text: String
        var isSuccess: Bool
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
        return try await body(Kubectl(folder: folder))
    }

    /// Runs a shell command in which `kubectl` speaks to the server.
    func run(_ command: String) async throws -> Output {
        let result = try await Subprocess.run(
            .path("/bin/bash"), arguments: ["-c", "exec 2>&1; \(command)"],
            environment: .inherit.updating([
                "KUBECONFIG": self.folder.appending(path: "config").path, "HOME": self.folder.path,
            ]),
            workingDirectory: FilePath(self.folder.path), output: .string(limit: 1 << 20), error: .discarded)
        return Output(text: result.standardOutput, isSuccess: result.terminationStatus.isSuccess)
    }
}
