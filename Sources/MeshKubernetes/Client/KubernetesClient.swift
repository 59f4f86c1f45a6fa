import AsyncHTTPClient
public import Logging
import MeshCodec
import MeshModel
import NIOCore
import NIOHTTP1
import NIOPosix
public import ServiceLifecycle

/// Talks to one API server.
///
/// Requests go over HTTP/1.1, so that a watch owns its connection: giving up a silent watch also gives up what it was
/// silent on. Run the client as a service, or call ``shutdown()`` at the end.
public final class KubernetesClient: ServiceLifecycle.Service {
    /// What can be chosen about a client.
    public struct Configuration: Sendable {
        /// The component that asks, as shown in the User-Agent.
        public var component: String
        /// The version shown in the User-Agent.
        public var version: String
        /// For a whole exchange, unless a request says otherwise.
        public var timeout: Duration
        /// No answer is longer; of a watch, no event.
        public var answerBytesMax: Int
        /// How often a request is repeated when the server asks for it (429, Retry-After).
        public var attemptsMax: Int
        /// Connections at the same time; each watch takes one.
        public var connectionsMax: Int

        /// The settings of `component`; the rest suits a controller.
        public init(
            component: String, version: String = "0.1.0", timeout: Duration = .seconds(30),
            answerBytesMax: Int = 256 << 20, attemptsMax: Int = 5, connectionsMax: Int = 128
        ) {
            self.component = component
            self.version = version
            self.timeout = timeout
            self.answerBytesMax = answerBytesMax
            self.attemptsMax = attemptsMax
            self.connectionsMax = connectionsMax
        }
    }

    /// How the cluster is reached.
    public let access: ClusterAccess
    /// What was chosen about the client.
    public let configuration: Configuration
    let http: HTTPClient
    let credentials: CredentialSource
    let logger: Logger
    private let base: String

    /// A client of the cluster that `access` describes; connects with the first request.
    public init(
        access: ClusterAccess, configuration: Configuration, logger: Logger
    ) throws(KubernetesError) {
        self.access = access
        self.configuration = configuration
        self.logger = logger
        self.credentials = CredentialSource(access)
        let (base, settings) = try ConnectionSettings.make(access, connectionsMax: configuration.connectionsMax)
        self.base = base
        self.http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        for warning in access.warnings {
            logger.warning("a setting has no effect", metadata: ["setting": "\(warning)"])
        }
    }

    /// Waits for the graceful shutdown of its group, then closes all connections.
    public func run() async throws {
        do {
            try await gracefulShutdown()
        } catch is CancellationError {
            self.logger.debug("the client was cancelled")
        }
        try await self.shutdown()
    }

    /// Closes all connections; open requests fail.
    public func shutdown() async throws {
        try await self.http.shutdown()
    }

    // MARK: - Exchanges

    /// Sends `request` and reads the whole answer, repeating it as often as the server asks.
    func exchange(_ request: APIRequest) async throws(KubernetesError) -> [UInt8] {
        let limit = self.configuration.answerBytesMax
        return try await self.exchange(request) { body in Array(buffer: try await body.collect(upTo: limit)) }
    }

    /// Sends `request` and has `read` read the answer's body, repeating it as often as the server asks.
    func exchange<Answer: Sendable>(
        _ request: APIRequest, _ read: @escaping @Sendable (HTTPClientResponse.Body) async throws -> Answer
    ) async throws(KubernetesError) -> Answer {
        let clock = ContinuousClock()
        let deadline = try Self.deadline(of: request, timeout: request.timeout ?? self.configuration.timeout)
        var attempt = 1
        while true {
            let error: KubernetesError
            do {
                return try await self.answer(to: request, deadline: deadline, read)
            } catch let failure {
                error = failure
            }
            guard attempt < self.configuration.attemptsMax, let wait = Self.wait(after: error, request.method),
                clock.now + wait < deadline
            else { throw error }
            attempt += 1
            do {
                try await clock.sleep(for: wait)
            } catch {
                throw .cancelled
            }
        }
    }

    /// When the server asks for another try: how long after.
    ///
    /// 429 means that nothing was done; any other error is only safe to repeat for reads.
    private static func wait(after error: KubernetesError, _ method: APIRequest.Method) -> Duration? {
        guard let status = error.status else { return nil }
        if status.code == 429 { return status.retryAfter ?? .seconds(1) }
        return status.code >= 500 && method == .get ? status.retryAfter : nil
    }

    private func answer<Answer: Sendable>(
        to request: APIRequest, deadline: ContinuousClock.Instant,
        _ read: @escaping @Sendable (HTTPClientResponse.Body) async throws -> Answer
    ) async throws(KubernetesError) -> Answer {
        do {
            return try await withDeadline(deadline) {
                try await read(try await self.open(request, deadline: deadline).body)
            }
        } catch {
            throw KubernetesError(transport: error)
        }
    }

    /// Sends `request` and returns as soon as the head of a successful answer is there.
    ///
    /// Credentials that the server does not accept are renewed once.
    func open(
        _ request: APIRequest, deadline: ContinuousClock.Instant
    ) async throws(KubernetesError) -> HTTPClientResponse {
        let limit = NIODeadline.now() + .nanoseconds((deadline - ContinuousClock.now).clampedNanoseconds)
        for isLast in [false, true] {
            let presented = try await self.credentials.present()
            // A process that was paused in the meantime must not send what was due before.
            guard ContinuousClock.now < deadline else { throw .timedOut }
            let response: HTTPClientResponse
            do {
                response = try await self.http.execute(
                    self.message(request, as: presented), deadline: limit, logger: nil)
            } catch {
                throw KubernetesError(transport: error)
            }
            if (200..<300).contains(response.status.code) { return response }
            let error = await Self.refusal(response)
            guard error.code == 401, !isLast, await self.credentials.refused(presented) else {
                throw .refused(error)
            }
        }
        throw .invalidAccess(reason: "the credentials are refused")
    }

    private func message(_ request: APIRequest, as presented: PresentedCredentials) -> HTTPClientRequest {
        var message = HTTPClientRequest(url: self.base + request.target)
        message.tlsConfiguration = presented.tls
        message.method = .RAW(value: request.method.rawValue)
        message.headers.add(name: "Accept", value: request.accept)
        message.headers.add(
            name: "User-Agent", value: "heddle/\(self.configuration.version) (\(self.configuration.component))")
        if let authorization = presented.authorization {
            message.headers.add(name: "Authorization", value: authorization)
        }
        if let impersonation = self.access.impersonation {
            for (name, value) in impersonation.headers { message.headers.add(name: name, value: value) }
        }
        if let body = request.body {
            message.headers.add(name: "Content-Type", value: request.contentType)
            message.body = .bytes(ByteBuffer(bytes: body))
        }
        return message
    }

    /// The error that an unsuccessful answer is.
    private static func refusal(_ response: HTTPClientResponse) async -> StatusError {
        let code = Int(response.status.code)
        var error: StatusError
        do {
            let body = Array(buffer: try await response.body.collect(upTo: 4 << 20))
            if response.headers.first(name: "content-type")?.hasPrefix("application/json") == true {
                error = StatusError(document: try JSONReader.read(body), code: code)
            } else {
                let text = String(decoding: body.prefix(1024), as: UTF8.self)
                error = StatusError(code: code, reason: "", message: text)
            }
        } catch {
            return StatusError(code: code, reason: "", message: "the answer cannot be read: \(error)")
        }
        if let header = response.headers.first(name: "retry-after").flatMap({ Int($0) }) {
            error.details.retryAfterSeconds = header
        }
        return error
    }
}

extension ClusterAccess.Impersonation {
    /// The headers that ask for it.
    fileprivate var headers: [(name: String, value: String)] {
        var headers = [(name: "Impersonate-User", value: self.user)]
        if let uid = self.uid { headers.append(("Impersonate-Uid", uid)) }
        headers += self.groups.map { ("Impersonate-Group", $0) }
        for (key, values) in self.extra.sorted(by: { $0.key < $1.key }) {
            headers += values.map { ("Impersonate-Extra-\(Self.fieldName(key))", $0) }
        }
        return headers
    }

    /// A key as part of a field's name: what no token may hold (RFC 9110 §5.6.2), and `%`, is percent-encoded.
    private static func fieldName(_ key: String) -> String {
        var output = ""
        for byte in key.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isToken = scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            if byte < 0x80, isToken || "!#$&'*+-.^_`|~".unicodeScalars.contains(scalar) {
                output.unicodeScalars.append(scalar)
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                output += byte < 0x10 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return output
    }
}

extension KubernetesError {
    /// Names what went wrong below HTTP.
    init(transport error: any Error) {
        switch error {
        case let known as KubernetesError: self = known
        case is CancellationError: self = .cancelled
        case let error as HTTPClientError where error == .cancelled: self = .cancelled
        case let error as HTTPClientError
        where [.deadlineExceeded, .readTimeout, .connectTimeout, .tlsHandshakeTimeout].contains(error):
            self = .timedOut
        case is NIOConnectionError: self = .noServer(reason: "\(error)")
        case is NIOTooManyBytesError: self = .invalidAnswer(reason: "the answer is too long")
        default: self = .unreachable(reason: "\(error)")
        }
    }
}
