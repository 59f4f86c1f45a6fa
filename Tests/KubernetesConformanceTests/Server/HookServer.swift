import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTLS
import Logging
import MeshCodec
import MeshModel
import NIOCore
import NIOSSL
import Synchronization
import Testing

/// Admission webhooks over HTTPS that answer what a case says, by path, and remember what they were asked.
final class HookServer: Sendable {
    /// What a webhook does.
    enum Behaviour: Sendable {
        case allow
        case deny(String)
        case patch([JSONValue])
        case broken
        /// Answers, but not before the time-out of two seconds.
        case late
    }

    private struct State {
        var behaviours: [String: Behaviour] = [:]
        var calls: [(path: String, request: JSONValue)] = []
    }
    private let state = Mutex(State())
    private let address = Mutex<Int?>(nil)
    private let certificatePEM: String
    private let keyPEM: String

    private init(certificatePEM: String, keyPEM: String) {
        self.certificatePEM = certificatePEM
        self.keyPEM = keyPEM
    }

    func set(_ path: String, _ behaviour: Behaviour) { self.state.withLock { $0.behaviours[path] = behaviour } }

    /// The paths that were called, and what for.
    var calls: [(path: String, request: JSONValue)] { self.state.withLock { $0.calls } }
    var paths: [String] { self.calls.map(\.path) }
    func forget() { self.state.withLock { $0.calls = [] } }

    /// How a configuration names a path here.
    func clientConfig(_ path: String) -> JSONValue {
        let port = self.address.withLock { $0 } ?? 0
        return [
            "url": .string("https://127.0.0.1:\(port)\(path)"),
            "caBundle": .string(Base64.encode(self.certificatePEM.utf8)),
        ]
    }

    /// Runs `body` while webhooks are served.
    static func with(_ body: @Sendable @escaping (HookServer) async throws -> Void) async throws {
        let pem = try await RealServer.shell(
            """
            openssl req -x509 -config <(printf '[req]\\ndistinguished_name=dn\\n[dn]\\n') -days 2 -subj /CN=hooks \
            -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout - -out - \
            -addext basicConstraints=critical,CA:TRUE -addext subjectAltName=IP:127.0.0.1 2>/dev/null
            """)
        let start = try #require(pem.range(of: "-----BEGIN CERTIFICATE"))
        let server = HookServer(
            certificatePEM: String(pem[start.lowerBound...]), keyPEM: String(pem[..<start.lowerBound]))
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (opened, continuation) = AsyncStream.makeStream(of: Int.self)
            let application = try server.application { port in continuation.yield(port) }
            group.addTask { try await application.run() }
            for await port in opened {
                server.address.withLock { $0 = port }
                break
            }
            try await body(server)
            group.cancelAll()
        }
    }

    private func application(_ onOpen: @escaping @Sendable (Int) -> Void) throws -> some ApplicationProtocol {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(self.certificatePEM.utf8)).map {
            NIOSSLCertificateSource.certificate($0)
        }
        let key = try NIOSSLPrivateKey(bytes: Array(self.keyPEM.utf8), format: .pem)
        let tls = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        var logger = Logger(label: "hooks")
        logger.logLevel = .critical
        let router = Router()
        router.post("{path}") { request, context in
            let path = "/" + (context.parameters.get("path") ?? "")
            let body = try await request.body.collect(upTo: 4 << 20)
            return try await self.answer(path, Array(body.readableBytesView))
        }
        return Application(
            router: router, server: try .tls(.http1(), tlsConfiguration: tls),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in onOpen(channel.localAddress?.port ?? 0) }, logger: logger)
    }

    private func answer(_ path: String, _ bytes: [UInt8]) async throws -> Response {
        let request = try JSONReader.read(bytes)["request"] ?? .null
        let behaviour = self.state.withLock { state in
            // A controller of the cluster publishes this in every namespace, a moment after it was made.
            if request["name"] != "kube-root-ca.crt" { state.calls.append((path, request)) }
            return state.behaviours[path] ?? .allow
        }
        var response: JSONValue = ["uid": request["uid"] ?? "", "allowed": true]
        switch behaviour {
        case .allow: break
        case .late: try await Task.sleep(for: .seconds(4))  // Longer than the time-out: that is the behaviour.
        case .broken: return Response(status: .internalServerError)
        case .deny(let text):
            response["allowed"] = false
            response["status"] = ["message": .string(text), "code": 403, "reason": "Forbidden"]
        case .patch(let operations):
            response["patchType"] = "JSONPatch"
            response["patch"] = .string(Base64.encode(JSONWriter.write(.array(operations))))
        }
        let review: JSONValue = [
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response,
        ]
        var fields = HTTPFields()
        fields[.contentType] = "application/json"
        return Response(
            status: .ok, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: JSONWriter.write(review))))
    }
}
