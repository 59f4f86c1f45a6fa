import AsyncHTTPClient
import Foundation
import Logging
import MeshCodec
import MeshLocal
import MeshModel
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing

/// An API server that is spoken to in plain HTTP, so that tests see exactly what it answers.
struct Peer: Sendable {
    /// An answer as it came.
    struct Answer: Sendable {
        var status: Int
        var headers: [(name: String, value: String)]
        var bytes: [UInt8]

        /// The values of a header.
        func header(_ name: String) -> [String] {
            self.headers.filter { $0.name.lowercased() == name }.map(\.value)
        }

        /// The body as a document; nil when it is none.
        var document: JSONValue? {
            do {
                return try JSONReader.read(self.bytes)
            } catch {
                return nil  // Plain text.
            }
        }
    }

    let client: HTTPClient
    /// Sends what says by a header who asks; it shows no certificate.
    let stranger: HTTPClient
    let server: String
    /// Sent as the bearer token; nil for clients without one.
    let token: String?

    /// Sends one request and reads the whole answer.
    func send(
        _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        seconds: Int64 = 10
    ) async throws -> Answer {
        let response = try await self.open(method, target, headers: headers, body: body, seconds: seconds)
        let buffer = try await response.body.collect(upTo: 64 << 20)
        return Answer(
            status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) },
            bytes: Array(buffer.readableBytesView))
    }

    /// Sends one request and leaves the answer's body to the caller.
    func open(
        _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        seconds: Int64 = 10
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: self.server + target)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if !headers.contains(where: { $0.0.lowercased() == "authorization" }), let token = self.token {
            request.headers.add(name: "authorization", value: "Bearer \(token)")
        }
        if !headers.contains(where: { $0.0.lowercased() == "user-agent" }) {
            request.headers.add(name: "user-agent", value: "recorder/1")
        }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let isStranger = headers.contains { $0.0.lowercased() == "authorization" }
        return try await (isStranger ? self.stranger : self.client).execute(
            request, timeout: TimeAmount.seconds(seconds))
    }
}

/// Runs `body` against an embedded server of its own.
func withEmbeddedServer<Result: Sendable>(
    _ configure: (inout APIServerConfiguration) -> Void = { _ in },
    _ body: @Sendable (Peer, APIServer) async throws -> Result
) async throws -> Result {
    var configuration = APIServerConfiguration()
    configure(&configuration)
    var logger = Logger(label: "conformance")
    logger.logLevel = .error
    let server = try APIServer(configuration: configuration, logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        let address = try #require(try await server.bound().first)
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(server.certificateAuthorityPEM.utf8)))
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow))
        let peer = Peer(client: client, stranger: client, server: "https://\(address)", token: server.adminToken)
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(peer, server))
        } catch {
            result = .failure(error)
        }
        try await client.shutdown()
        group.cancelAll()
        return try result.get()
    }
}
