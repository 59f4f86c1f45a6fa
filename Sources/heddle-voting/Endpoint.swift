import ArgumentParser
import GRPCNIOTransportHTTP2Posix
import Logging
import ServiceLifecycle
import UnixSignals

/// A host and a port, as written in a manifest.
struct Endpoint {
    let host: String
    let port: Int

    init(_ text: String) throws(ValidationError) {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let port = Int(parts[1]), (1...65535).contains(port) else {
            throw ValidationError("\(text) is not HOST:PORT")
        }
        self.host = String(parts[0])
        self.port = port
    }

    /// Plaintext HTTP/2: the mesh encrypts on the way.
    func transport() throws -> HTTP2ClientTransport.Posix {
        try HTTP2ClientTransport.Posix(target: .dns(host: self.host, port: self.port), transportSecurity: .plaintext)
    }
}

/// Runs `services` until one ends, or SIGTERM or SIGINT asks for a graceful end.
func runUntilSignalled(_ services: [any Service]) async throws {
    let group = ServiceGroup(
        services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "voting"))
    try await group.run()
}
