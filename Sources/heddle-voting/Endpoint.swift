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

/// How long a role goes on serving after SIGTERM: until callers have learnt that it goes.
let drainTime = Duration.seconds(2)

/// Runs `services` until one ends, or SIGTERM or SIGINT asks for a graceful end.
func runUntilSignalled(_ services: [any Service]) async throws {
    let group = ServiceGroup(services: services, logger: Logger(label: "voting"))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                if signal == .sigterm { try await Task.sleep(for: drainTime) }
                await group.triggerGracefulShutdown()
            }
        }
        try await group.run()
        tasks.cancelAll()
    }
}
