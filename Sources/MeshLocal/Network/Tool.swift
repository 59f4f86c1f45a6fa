import Subprocess
import SystemPackage

/// Runs the programs of iproute2, nftables and util-linux to their end.
enum Tool {
    /// Most bytes of output that we look at.
    static let outputMax = 4 * 1024 * 1024

    /// Where they are, whatever PATH the caller has.
    static let path = "/usr/sbin:/usr/bin:/sbin:/bin"

    /// The environment of every program that we run.
    static let environment = Environment.custom(["PATH": "\(Tool.path)", "LC_ALL": "C"])

    /// Runs `name` with `arguments`, feeds it `input`, and returns its standard output.
    ///
    /// - Throws: ``NetworkError`` when it cannot start or ends with anything but success.
    @discardableResult
    static func run(_ name: String, _ arguments: [String], input: String = "") async throws(NetworkError) -> String {
        let result: ExecutionResult<Void, StringOutput<UTF8>, StringOutput<UTF8>>
        do {
            result = try await Subprocess.run(
                .name(name), arguments: Arguments(arguments), environment: self.environment,
                input: .string(input, using: UTF8.self), output: .string(limit: self.outputMax),
                error: .string(limit: 65536))
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw .missingTool(name)
        } catch {
            throw self.failure(name, arguments, status: "not started", output: "\(error)")
        }
        guard result.terminationStatus.isSuccess else {
            throw self.failure(
                name, arguments, status: "\(result.terminationStatus)", output: result.standardError)
        }
        return result.standardOutput
    }

    private static func failure(
        _ name: String, _ arguments: [String], status: String, output: String
    ) -> NetworkError {
        .commandFailed(
            command: ([name] + arguments).joined(separator: " "), status: status, output: String(output.prefix(2048)))
    }
}
