import ArgumentParser
import MeshModel
import MeshRedirect
import SystemPackage

/// Sets up the redirection of a pod's traffic to its proxy, proves it, and exits.
@main
struct HeddleInit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heddle-init",
        abstract: "Redirect a pod's traffic to its proxy, prove that it works, and exit.",
        subcommands: [Redirect.self, Validate.self], defaultSubcommand: Redirect.self)

    /// Lets `--flag` and `--flag=false` both stand for a boolean, as manifests write them.
    static func main() async {
        let booleans: Set<String> = ["--simulate", "--use-wait-flag", "-w", "--ipv6", "--validate", "--remove"]
        let arguments = CommandLine.arguments.dropFirst().map { argument in
            guard booleans.contains(argument) else { return argument }
            return argument == "-w" ? "--use-wait-flag=true" : argument + "=true"
        }
        do {
            var command = try Self.parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as RedirectError {
            Message.error.print("\(error)")
            // 95 tells whoever repairs nodes that redirection is not in force, as opposed to a wrong flag.
            if case .probeFailed = error { Self.exit(withError: ExitCode(95)) }
            Self.exit(withError: ExitCode(1))
        } catch {
            Self.exit(withError: error)
        }
    }
}

/// One line for the log of the init container.
enum Message: String {
    case info, error

    func print(_ text: String) {
        // Nothing is left to do when even standard error is gone.
        _ = try? FileDescriptor.standardError.writeAll("\(self.rawValue): \(text)\n".utf8)
    }
}
