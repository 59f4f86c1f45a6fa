import ArgumentParser
import MeshModel
import MeshRedirect

/// Only proves that redirection is in force, for pods whose rules somebody else wrote.
struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prove that outgoing traffic is redirected, or exit with 95.")

    @Option(help: "Address that nobody answers at.")
    var connectAddr: String = "1.1.1.1:20001"
    @Option(help: "Where the proxy will listen.")
    var listenAddr: String = "0.0.0.0:4140"
    @Option(help: "Seconds to wait, such as 10s.")
    var timeout: String = "10s"
    @Option(help: "Accepted for compatibility.")
    var logFormat: String = "plain"
    @Option(help: "Accepted for compatibility.")
    var logLevel: String = "info"

    func run() throws {
        guard let target = SocketAddress(self.connectAddr) else {
            throw ValidationError("--connect-addr is not ADDRESS:PORT: \(self.connectAddr)")
        }
        guard let listener = SocketAddress(self.listenAddr) else {
            throw ValidationError("--listen-addr is not ADDRESS:PORT: \(self.listenAddr)")
        }
        guard let seconds = Int(self.timeout.hasSuffix("s") ? String(self.timeout.dropLast()) : self.timeout),
            (1...600).contains(seconds)
        else { throw ValidationError("--timeout is not 1s to 600s: \(self.timeout)") }
        let probe = RedirectionProbe(target: target, listener: listener, timeout: .seconds(seconds))
        guard try probe.run() == .redirected else {
            throw RedirectError.probeFailed("no route to \(target)")
        }
        Message.info.print("outgoing connections reach \(listener)")
    }
}
