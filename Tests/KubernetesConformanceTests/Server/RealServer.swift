import AsyncHTTPClient
import Foundation
import MeshKubernetes
import NIOSSL
import Subprocess
import SystemPackage
import Testing

/// The real kube-apiserver that the cases are held to: the one that `HEDDLE_TEST_KUBECONFIG` names, or one that is
/// started for the run, of `KUBEBUILDER_ASSETS` or of the folder beside the repository.
enum RealServer {
    private static let environment = ProcessInfo.processInfo.environment

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "shared/envtest")

    private static func has(_ path: String) -> Bool { FileManager.default.isExecutableFile(atPath: path) }

    private static let assets: String? = environment["KUBEBUILDER_ASSETS"].flatMap { path in
        has("\(path)/kube-apiserver") && has("\(path)/etcd") ? path : nil
    }
    private static let etcd: String? = ([environment["ETCD"]].compactMap { $0 } + ["/usr/bin/etcd"]).first { has($0) }

    /// Why there is none; nil when there is one.
    static let absence: String? = {
        if environment["HEDDLE_TEST_KUBECONFIG"] != nil || assets != nil { return nil }
        guard has(folder.appending(path: "start.sh").path) else {
            return "no real kube-apiserver (HEDDLE_TEST_KUBECONFIG, KUBEBUILDER_ASSETS, or ../shared/envtest)"
        }
        return etcd == nil ? "no etcd for the real kube-apiserver (Debian: etcd-server)" : nil
    }()

    /// Runs `body` against it; what was started ends in every path, also when this process dies.
    static func with(_ body: @Sendable (Peer) async throws -> Void) async throws {
        if let path = Self.environment["HEDDLE_TEST_KUBECONFIG"] { return try await Self.connect(path, body) }
        let data = FileManager.default.temporaryDirectory.appending(path: "heddle-conformance-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        let stop: String
        let start: String
        if let assets = Self.assets {
            let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "start-assets.sh").path
            stop = "\(script) stop \(assets) \(data)"
            start = "\(script) start \(assets) \(data)"
        } else {
            stop = "\(Self.folder.path)/stop.sh \(data)"
            start =
                "ETCD=\(Self.etcd ?? "etcd") \(Self.folder.path)/start.sh \(data) 0 "
                + "namespace,garbagecollector,serviceaccount,root-ca-cert-publisher"
        }
        let end = "\(stop); rm -rf \(data)"
        let me = ProcessInfo.processInfo.processIdentifier
        _ = try await Self.shell(
            "(while kill -0 \(me) && [ -e \(data) ]; do sleep 1; done; \(end)) </dev/null >/dev/null 2>&1 &")
        do {
            let path = try await Self.shell(start).trimmingCharacters(in: .whitespacesAndNewlines)
            try await Self.connect(path, body)
        } catch {
            _ = try await Self.shell(end)
            throw error
        }
        _ = try await Self.shell(end)
    }

    private static func connect(_ kubeconfig: String, _ body: @Sendable (Peer) async throws -> Void) async throws {
        let access = try Kubeconfig(paths: [kubeconfig]).access()
        var tls = TLSConfiguration.makeClientConfiguration()
        if case .authorities(let pem) = access.trust {
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)))
        }
        let anonymous = tls
        if let certificate = access.certificate {
            tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.chainPEM.utf8)).map {
                .certificate($0)
            }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(certificate.keyPEM.utf8), format: .pem))
        }
        let token: String? = if case .token(let text) = access.credentials { text } else { nil }
        func client(_ tls: TLSConfiguration) -> HTTPClient {
            HTTPClient(
                eventLoopGroupProvider: .singleton,
                configuration: HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow))
        }
        let known = client(tls)
        let stranger = client(anonymous)
        let peer = Peer(client: known, stranger: stranger, server: access.server, token: token)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(peer))
        } catch {
            result = .failure(error)
        }
        try await known.shutdown()
        try await stranger.shutdown()
        try result.get()
    }

    static func shell(_ command: String) async throws -> String {
        let result = try await Subprocess.run(
            .path("/bin/bash"), arguments: ["-c", command], output: .string(limit: 65_536), error: .discarded)
        try #require(result.terminationStatus.isSuccess, "\(command) failed")
        return result.standardOutput
    }
}
