public import GRPCCore
import GRPCNIOTransportHTTP2Posix
public import Logging
public import ServiceLifecycle

/// A gRPC listener: one port, its services, TLS with ``ServerCredentials``.
///
/// It starts to listen when the credentials have something to present. On graceful shutdown it stops accepting, the
/// services see their calls cancelled and end their streams with OK, so that clients reconnect elsewhere.
public struct RPCListener: Service {
    /// How the port is protected.
    public enum Security: Sendable {
        /// TLS; clients need no certificate.
        case tls(ServerCredentials)
        /// Nothing: only behind something else that encrypts, and in tests.
        case plaintext
    }

    private let host: String
    private let port: Int
    private let services: [any RegistrableRPCService]
    private let security: Security
    private let logger: Logger
    private let listening: @Sendable (Int) -> Void

    /// The largest request that is read, in bytes: ours are small, a CSR with its token is the largest.
    public static let requestBytesMax = 64 * 1024

    /// A listener on `host`:`port`; `listening` is told the port that was bound.
    public init(
        host: String = "0.0.0.0", port: Int, services: [any RegistrableRPCService], security: Security, logger: Logger,
        listening: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        self.services = services
        self.security = security
        self.logger = logger
        self.listening = listening
    }

    /// Serves until cancelled or shut down.
    public func run() async throws {
        let transport = HTTP2ServerTransport.Posix(
            address: self.host.contains(":")
                ? .ipv6(host: self.host, port: self.port) : .ipv4(host: self.host, port: self.port),
            transportSecurity: try await self.transportSecurity(),
            config: .defaults { config in
                config.rpc.maxRequestPayloadSize = Self.requestBytesMax
                // Proxies ping idle connections to notice a dead controller quickly.
                config.connection.keepalive.clientBehavior.allowWithoutCalls = true
                config.connection.keepalive.clientBehavior.minPingIntervalWithoutCalls = .seconds(1)
            })
        let server = GRPCServer(transport: transport, services: self.services)
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.serve() }
                let address = try await transport.listeningAddress
                let port = address.ipv4?.port ?? address.ipv6?.port ?? self.port
                self.logger.notice("listening", metadata: ["port": "\(port)"])
                self.listening(port)
                try await group.waitForAll()
            }
        } onGracefulShutdown: {
            server.beginGracefulShutdown()
        }
    }

    private func transportSecurity() async throws -> HTTP2ServerTransport.Posix.TransportSecurity {
        switch self.security {
        case .plaintext:
            return .plaintext
        case .tls(let credentials):
            try await credentials.ready()
            return try .tls(certificateReloader: credentials) { $0.requireALPN = true }
        }
    }
}
