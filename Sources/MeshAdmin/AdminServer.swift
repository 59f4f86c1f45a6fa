import Hummingbird
public import Logging
import NIOCore
public import ServiceLifecycle

/// The controller's plain-text HTTP endpoints for probes and scrapes: `/live`, `/ready`, `/metrics` and `/config`.
///
/// `/config` shows the effective settings; the caller leaves secrets out of them.
public struct AdminServer: Service {
    private let host: String
    private let port: Int
    private let readiness: Readiness
    private let metrics: MetricsRegistry
    private let settings: [String: String]
    private let logger: Logger
    private let listening: @Sendable (Int) -> Void

    /// A server on `host`:`port`; `listening` is told the port that was bound.
    public init(
        host: String = "0.0.0.0", port: Int, readiness: Readiness, metrics: MetricsRegistry,
        settings: [String: String] = [:], logger: Logger, listening: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        self.readiness = readiness
        self.metrics = metrics
        self.settings = settings
        self.logger = logger
        self.listening = listening
    }

    /// Serves until the task is cancelled or its group shuts down.
    public func run() async throws {
        let listening = self.listening
        let application = Application(
            router: self.router(),
            configuration: .init(address: .hostname(self.host, port: self.port), serverName: nil),
            onServerRunning: { channel in listening(channel.localAddress?.port ?? 0) },
            logger: self.logger
        )
        try await application.run()
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        let (readiness, metrics, settings) = (self.readiness, self.metrics, self.settings)
        router.get("/live") { _, _ in Self.text("alive\n") }
        router.get("/ready") { _, _ in
            let pending = readiness.pending
            return pending.isEmpty
                ? Self.text("ready\n")
                : Self.text("not ready: \(pending.joined(separator: ", "))\n", status: .internalServerError)
        }
        router.get("/metrics") { _, _ in
            Self.text(metrics.render(), type: "text/plain; version=0.0.4; charset=utf-8")
        }
        router.get("/config") { _, _ in
            Self.text(settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined())
        }
        return router
    }

    private static func text(
        _ text: String, status: HTTPResponse.Status = .ok, type: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type], body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}
