import AsyncHTTPClient
import Glibc
import MeshModel
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Calls webhooks over HTTPS, with connections kept for each target.
final class WebhookClient: WebhookTransport {
    /// Clients kept at most; each has its own trust roots and address.
    static let clientMax = 32

    private struct Key: Hashable {
        var authority: String
        var host: String
        var address: MeshModel.SocketAddress?
    }
    private let clients = Mutex<[Key: HTTPClient]>([:])

    init() {}

    func post(_ body: [UInt8], to target: WebhookTarget) async throws -> (status: Int, body: [UInt8]) {
        guard target.url.hasPrefix("https://") else { throw Failure.notSecure }
        let authority = target.url.dropFirst("https://".count).prefix { $0 != "/" && $0 != "?" }
        let host = String(authority.prefix { $0 != ":" })
        let key = Key(authority: target.authority, host: host, address: target.address)
        let (client, retired) = try self.client(for: key)
        try await retired?.shutdown()
        var url = target.url
        if let address = target.address {
            // The certificate names the Service, the connection goes to one of its endpoints.
            url = "https://\(host):\(address.port)" + target.url.dropFirst("https://".count + authority.count)
        }
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "accept", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: body))
        do {
            // The client's own limit ends at the head of an answer; this one covers all of it.
            return try await Self.within(.seconds(target.timeoutSeconds)) { [request] in
                let response = try await client.execute(request, timeout: .seconds(target.timeoutSeconds))
                let answer = try await response.body.collect(upTo: APIHandler.bodyMax)
                return (Int(response.status.code), Array(answer.readableBytesView))
            }
        } catch {
            throw Self.failure(error, authority)
        }
    }

    /// Why there was no answer.
    enum Failure: Error, CustomStringConvertible {
        case notSecure
        case invalidAuthority
        case late
        case refused(String)
        case untrusted(String)

        var description: String {
            switch self {
            case .notSecure: "the URL must begin with https://"
            case .invalidAuthority: "the caBundle holds no certificate"
            case .late: "context deadline exceeded"
            case .refused(let address): "dial tcp \(address): connect: connection refused"
            case .untrusted(let why): "tls: failed to verify certificate: x509: \(why)"
            }
        }
    }

    private static func within<Value: Sendable>(
        _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: limit)
                throw Failure.late
            }
            guard let value = try await group.next() else { throw Failure.late }
            return value
        }
    }

    /// The error in the words of the real server where it has some.
    private static func failure(_ error: any Error, _ address: Substring) -> any Error {
        if let error = error as? HTTPClientError {
            let limits: [HTTPClientError] = [
                .deadlineExceeded, .connectTimeout, .readTimeout, .getConnectionFromPoolTimeout,
            ]
            return limits.contains(error) ? Failure.late : error
        }
        if let error = error as? NIOConnectionError,
            error.connectionErrors.contains(where: { Self.isRefusal($0.error) })
        {
            return Failure.refused(String(address))
        }
        if Self.isRefusal(error) { return Failure.refused(String(address)) }
        if error is NIOSSLError, "\(error)".contains("CERTIFICATE_VERIFY_FAILED") {
            return Failure.untrusted("certificate signed by unknown authority")
        }
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            return Failure.untrusted("certificate is not valid for \(address)")
        }
        return error
    }

    private static func isRefusal(_ error: any Error) -> Bool { (error as? IOError)?.errnoCode == ECONNREFUSED }

    private func client(for key: Key) throws -> (HTTPClient, retired: HTTPClient?) {
        if let existing = self.clients.withLock({ $0[key] }) { return (existing, nil) }
        var tls = TLSConfiguration.makeClientConfiguration()
        if !key.authority.isEmpty {
            let certificates = try NIOSSLCertificate.fromPEMBytes(Array(key.authority.utf8))
            guard !certificates.isEmpty else { throw Failure.invalidAuthority }
            tls.trustRoots = .certificates(certificates)
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(5)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        if let address = key.address { configuration.dnsOverride = [key.host: address.ip.description] }
        let made = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        return self.clients.withLock { clients in
            if let existing = clients[key] { return (existing, made) }
            var retired: HTTPClient?
            if clients.count >= Self.clientMax, let victim = clients.keys.first {
                retired = clients.removeValue(forKey: victim)
            }
            clients[key] = made
            return (made, retired)
        }
    }

    /// Closes every connection.
    func shutdown() async throws {
        let all = self.clients.withLock { clients in
            defer { clients = [:] }
            return Array(clients.values)
        }
        for client in all { try await client.shutdown() }
    }
}
