import Foundation
import MeshModel
import MeshPolicy
import MeshReactor
import MeshSecure
import MeshWire
import SwiftProtobuf
import Synchronization
import Testing

@testable import MeshProxy

/// An admin thread against a control plane over TLS.
final class ControlHarness: Sendable {
    static let proxy = "web.ns.id"

    let shared: EngineShared
    let admin: SocketAddress
    let ended = Mutex<Int32?>(nil)
    private let token: String

    init(_ authority: TestAuthority, _ control: SocketAddress, _ changes: [String: String?] = [:]) throws {
        self.admin = try TestProxy.freeAddress()
        self.token = NSTemporaryDirectory() + "token-\(UUID().uuidString)"
        try Data("a token\n".utf8).write(to: URL(fileURLWithPath: self.token))
        var environment: [String: String?] = [
            "ADMIN_LISTEN_ADDR": "\(self.admin)", "IDENTITY_TRUST_ANCHORS": try authority.pem,
            "IDENTITY_TOKEN_FILE": self.token, "IDENTITY_LOCAL_NAME": Self.proxy, "INBOUND_PORTS": "8080",
            "SHUTDOWN_ENDPOINT_ENABLED": "true", "LOG": "off",
        ]
        for service in ["DESTINATION", "POLICY", "IDENTITY"] {
            // Not loopback by name, so that TLS is spoken.
            environment["\(service)_SVC_ADDR"] = "\(control)".replacing("127.0.0.1", with: "0.0.0.0")
            environment["\(service)_SVC_NAME"] = FakeControlPlane.name
        }
        environment.merge(changes) { $1 }
        let settings = try SettingsTests.settings(environment)
        let empty = Discovery(settings: settings).snapshot(version: 0, identity: nil)
        self.shared = try EngineShared(snapshots: SnapshotCell(empty), workers: 0)
        try startThread(name: "control") { [self] in
            do {
                let loop = try ControlLoop(
                    settings, environment: [:], signals: try Signals(), shared: self.shared,
                    log: Log(settings.logFilter, isJSON: false))
                let code = try loop.run()
                self.ended.withLock { $0 = code }
            } catch {
                print("the admin thread failed: \(error)")
            }
        }
        try TestProxy.awaitListener(self.admin)
    }

    deinit { try? FileManager.default.removeItem(atPath: self.token) }

    /// The admin port's answer.
    func get(_ path: String, method: String = "GET", body: String = "") throws -> (status: Int, text: String) {
        let wire = try Wire.connect(to: self.admin)
        try wire.write(
            "\(method) \(path) HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        let text = String(decoding: try wire.readToEnd(), as: UTF8.self)
        let status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return (status, text)
    }

    /// Waits for a snapshot that satisfies `condition`; nil after five seconds.
    func snapshot(_ condition: (Snapshot) -> Bool) -> Snapshot? {
        var found: Snapshot?
        _ = until {
            let snapshot = self.shared.snapshots.current
            if condition(snapshot) { found = snapshot }
            return found != nil
        }
        return found
    }

    func stop() throws { _ = try? self.get("/shutdown", method: "POST") }
}

/// True as soon as `condition` holds, false when it does not within ten seconds.
func until(_ condition: () -> Bool) -> Bool {
    let deadline = Clock.now().advanced(by: .seconds(10))
    while Clock.now() < deadline {
        if condition() { return true }
        _ = poll(nil, 0, 2)  // Between two looks, not instead of one.
    }
    return false
}

@Suite(.serialized, .timeLimit(.minutes(1))) struct ControlLoopTests {
    private let service = SocketAddress(.v4(0x0A00_0001), port: 80)

    private static func certificate(
        _ authority: TestAuthority, _ request: [UInt8], name: String = ControlHarness.proxy, seconds: Double = 3600
    ) throws -> FakeControlPlane.Reply {
        let request = try Io_Linkerd_Proxy_Identity_CertifyRequest(serializedBytes: request)
        let leaf = try authority.sign(request.csrBytes, name: name, seconds: seconds)
        let response = Io_Linkerd_Proxy_Identity_CertifyResponse(leaf: leaf, intermediates: [], validUntil: 0)
        return FakeControlPlane.Reply(messages: [response.serialized], code: 0)
    }

    /// Answers as a control plane should.
    private static func answer(_ authority: TestAuthority, _ path: String, _ request: [UInt8]) throws
        -> FakeControlPlane.Reply
    {
        switch path {
        case Certification.path: return try Self.certificate(authority, request)
        case Discovery.watchPortPath:
            let policy = DefaultPolicy.allAuthenticated.policy(cluster: [], isOpaque: false)
            return .init(messages: [policy.wire.serialized])
        case Discovery.watchPolicyPath:
            let backend = Backend(
                metadata: .implicit("web"), target: .balance(path: "web.ns:80", load: LoadEstimate()))
            let route = OutboundRoute<HTTPKind>(
                metadata: .implicit("r"),
                rules: [OutboundRoute.Rule(distribution: .firstAvailable([RouteBackend(backend)]))])
            let policy = OutboundPolicy(
                metadata: .implicit("web"), protocol: .http1(OutboundHTTP(routes: [route])))
            return .init(messages: [policy.wire.serialized])
        case Discovery.getPath:
            let endpoint = Endpoint(address: SocketAddress(.v4(0x0A01_0001), port: 8080))
            return .init(messages: [EndpointUpdate.add([endpoint], labels: [:]).wire.serialized])
        default: return .init(code: GRPCCode.unimplemented)
        }
    }

    @Test("a certificate is obtained, then policies and endpoints; the admin port tells")
    func bootstrap() throws {
        let authority = try TestAuthority()
        let control = try FakeControlPlane(authority) { try Self.answer(authority, $0, $1) }
        let harness = try ControlHarness(authority, control.address)
        let ready = try #require(
            harness.snapshot { $0.inbound.policy(of: 8080).policy.metadata.name == "all-authenticated" })
        #expect(ready.identity?.name == ControlHarness.proxy)
        #expect(try harness.get("/ready").status == 200)
        harness.shared.requests.send(.target(self.service))
        let known = try #require(harness.snapshot { $0.backend(0)?.state == .known })
        #expect(known.outbound[self.service] != nil)
        let certify = try #require(control.requests("Certify").first)
        let request = try Io_Linkerd_Proxy_Identity_CertifyRequest(serializedBytes: certify)
        #expect(request.tokenBytes == Array("a token".utf8), "without the line's end")
        #expect(try harness.get("/metrics").text.contains("control_identity_cert_refreshes_total 1\n"))
        try harness.stop()
        control.stop()
    }

    @Test("the admin port answers what it should and nothing else")
    func admin() throws {
        let authority = try TestAuthority()
        let control = try FakeControlPlane(authority) { _, _ in .init(code: GRPCCode.unavailable) }
        let harness = try ControlHarness(authority, control.address)
        #expect(try harness.get("/live").status == 200)
        #expect(try harness.get("/ready").status == 503)
        #expect(try harness.get("/nothing").status == 404)
        #expect(try harness.get("/shutdown").status == 405)
        #expect(try harness.get("/env.json?A=1").status == 400)
        #expect(try harness.get("/env.json?A").text.hasSuffix(#"{"A":null}"#))
        #expect(try harness.get("/proxy-log-level", method: "PUT", body: "error").status == 204)
        #expect(try harness.get("/proxy-log-level").text.hasSuffix("error"))
        #expect(try harness.get("/proxy-log-level", method: "PUT", body: "loud").status == 400)
        #expect(try harness.get("/live", method: "BAD METHOD").status == 400)
        #expect(try harness.get("/metrics").text.contains("process_start_time_seconds "))
        #expect(try harness.get("/shutdown", method: "POST").status == 200)
        #expect(until { harness.ended.withLock { $0 } == 0 })
        control.stop()
    }

    @Test("a control plane of another name, or of another authority, is not spoken to")
    func impostors() throws {
        let authority = try TestAuthority()
        let renamed = try FakeControlPlane(authority, name: "other.ns.id") { try Self.answer(authority, $0, $1) }
        let stranger = try TestAuthority()
        let foreign = try FakeControlPlane(stranger) { try Self.answer(stranger, $0, $1) }
        for control in [renamed, foreign] {
            let harness = try ControlHarness(authority, control.address)
            #expect(until { control.accepted >= 2 }, "it is tried again")
            #expect(try harness.get("/ready").status == 503)
            #expect(control.requests("Certify").isEmpty, "not even the token was sent")
            try harness.stop()
            control.stop()
        }
    }

    @Test("a certificate for another name, from another authority, or past its end is not used")
    func badCertificates() throws {
        let authority = try TestAuthority()
        let stranger = try TestAuthority()
        let answers: [@Sendable ([UInt8]) throws -> FakeControlPlane.Reply] = [
            { try Self.certificate(authority, $0, name: "admin.ns.id") },
            { try Self.certificate(stranger, $0) },
            { try Self.certificate(authority, $0, seconds: -30) },
            { _ in .init(messages: [[1, 2, 3]], code: 0) },
            { _ in .init(code: GRPCCode.failedPrecondition) },
        ]
        for answer in answers {
            let control = try FakeControlPlane(authority) { _, request in try answer(request) }
            let harness = try ControlHarness(authority, control.address)
            #expect(until { control.requests("Certify").count >= 2 }, "it is asked again")
            #expect(try harness.get("/ready").status == 503)
            #expect(harness.shared.snapshots.current.identity == nil)
            try harness.stop()
            control.stop()
        }
    }

    @Test("what was learned stays while the control plane is away, and changes when it is back")
    func away() throws {
        let authority = try TestAuthority()
        let first = try FakeControlPlane(authority) { try Self.answer(authority, $0, $1) }
        let harness = try ControlHarness(authority, first.address)
        _ = try #require(harness.snapshot { $0.identity != nil })
        harness.shared.requests.send(.target(self.service))
        let before = try #require(harness.snapshot { $0.backend(0)?.state == .known })
        before.outbound[self.service]?.usage.opened()
        first.stop()
        #expect(until { first.hasEnded })
        #expect(harness.shared.snapshots.current.backend(0)?.members.count == 1)
        #expect(try harness.get("/ready").status == 200)
        let deny = DefaultPolicy.deny.policy(cluster: [], isOpaque: false)
        let second = try FakeControlPlane(authority, at: first.address) { path, request in
            path == Discovery.watchPortPath
                ? .init(messages: [deny.wire.serialized]) : try Self.answer(authority, path, request)
        }
        #expect(harness.snapshot { $0.inbound.policy(of: 8080).policy.metadata.name == "deny" } != nil)
        try harness.stop()
        second.stop()
    }
}
