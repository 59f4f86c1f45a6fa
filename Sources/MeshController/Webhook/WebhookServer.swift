import HTTPTypes
import Hummingbird
import HummingbirdTLS
import Logging
import MeshCodec
import MeshModel
import MeshRPC
import NIOCore
import NIOSSL
import ServiceLifecycle

/// An HTTPS server that answers admission reviews.
///
/// It starts when there is a certificate to present, and presents the newest one in every handshake.
struct WebhookServer: Service {
    /// Larger than any object that etcd takes, with room for the old one beside it.
    static let bodyBytesMax = 10 << 20

    let host: String
    let port: Int
    let credentials: ServerCredentials
    let logger: Logger
    var listening: @Sendable (Int) -> Void = { _ in }
    /// The verdict on one review; an error is answered with 500, which leaves the decision to `failurePolicy`.
    let review: @Sendable (AdmissionReview) async throws -> AdmissionReview.Verdict

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await self.credentials.ready() }
        } catch is CancellationError {
            return  // Asked to stop before there was anything to serve.
        }
        let application = Application(
            router: self.router(), server: try .tls(tlsConfiguration: self.tls()),
            configuration: .init(address: .hostname(self.host, port: self.port), serverName: nil),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                self.logger.notice("listening", metadata: ["port": "\(port)"])
                self.listening(port)
            },
            logger: self.logger)
        try await application.run()
    }

    private func tls() throws -> TLSConfiguration {
        let now = self.credentials.sslContextConfigurationOverride
        guard let chain = now.certificateChain, let key = now.privateKey else {
            throw ServerCredentials.Refusal.unreadableCertificate
        }
        var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: key)
        configuration.minimumTLSVersion = .tlsv13
        let credentials = self.credentials
        configuration.sslContextCallback = { _, promise in
            promise.succeed(credentials.sslContextConfigurationOverride)
        }
        return configuration
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.post("/") { request, _ in try await self.answer(request) }
        return router
    }

    private func answer(_ request: Request) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let review: AdmissionReview
        do {
            review = try AdmissionReview(JSONReader.read(Array(body.readableBytesView)))
        } catch {
            self.logger.warning("unreadable review", metadata: ["error": "\(error)"])
            return Self.text("\(error)\n", status: .badRequest)
        }
        do {
            let verdict = try await self.review(review)
            let answer = review.answer(verdict) { Base64.encode(JSONWriter.write($0)) }
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(bytes: JSONWriter.write(answer))))
        } catch {
            self.logger.error(
                "review failed",
                metadata: ["kind": "\(review.kind)", "namespace": "\(review.namespace)", "error": "\(error)"])
            return Self.text("\(error)\n", status: .internalServerError)
        }
    }

    private static func text(_ text: String, status: HTTPResponse.Status) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}
