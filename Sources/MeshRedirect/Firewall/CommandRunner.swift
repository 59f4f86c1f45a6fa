import Glibc
import Subprocess
import SystemPackage

/// Runs the system's firewall tools, in another network namespace if asked.
struct CommandRunner: Sendable {
    /// More than any nat table that we list; output beyond it is an error.
    static let outputMax = 4 << 20
    private static let directories = ["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin", "/bin"]

    /// The path of a network namespace, as `nsenter --net=` takes it; nil for our own.
    let networkNamespace: String?

    /// True when a tool of this name is installed.
    func has(_ name: String) -> Bool { Self.path(of: name) != nil }

    /// Runs `name` to its end and returns what it printed.
    ///
    /// - Throws: ``RedirectError/commandFailed(command:status:output:)`` also when it cannot be started.
    func run(_ name: String, _ arguments: [String], input: String = "") async throws(RedirectError) -> String {
        let command = ([name] + arguments).joined(separator: " ")
        guard let path = Self.path(of: name) else {
            throw .commandFailed(command: command, status: "not found", output: "")
        }
        var line = [path] + arguments
        if let networkNamespace {
            guard let enter = Self.path(of: "nsenter") else {
                throw .commandFailed(command: command, status: "not found", output: "nsenter")
            }
            line = [enter, "--net=\(networkNamespace)", "--"] + line
        }
        do {
            let result = try await Subprocess.run(
                .path(FilePath(line[0])), arguments: Arguments(Array(line.dropFirst())), input: .string(input),
                output: .string(limit: Self.outputMax), error: .string(limit: Self.outputMax))
            guard result.terminationStatus.isSuccess else {
                throw RedirectError.commandFailed(
                    command: command, status: "\(result.terminationStatus)", output: result.standardError)
            }
            return result.standardOutput
        } catch let error as RedirectError {
            throw error
        } catch {
            throw .commandFailed(command: command, status: "not run", output: "\(error)")
        }
    }

    private static func path(of name: String) -> String? {
        if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
        return Self.directories.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
