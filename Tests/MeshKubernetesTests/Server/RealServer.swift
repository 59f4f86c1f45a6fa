import Foundation
import Logging
import MeshKubernetes
import Subprocess
import SystemPackage
import Testing

/// A real kube-apiserver for tests: the one that `HEDDLE_TEST_KUBECONFIG` names, or one that is started for the suite.
enum RealServer {
    /// The folder with `start.sh` and the server's binaries, beside the repository.
    private static var folder: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/envtest")
    }

    /// Why tests against a real server cannot run; nil when they can.
    static let absence: String? = {
        if ProcessInfo.processInfo.environment["HEDDLE_TEST_KUBECONFIG"] != nil { return nil }
        guard FileManager.default.isExecutableFile(atPath: folder.appending(path: "start.sh").path) else {
            return "no kube-apiserver: set HEDDLE_TEST_KUBECONFIG"
        }
        guard FileManager.default.isExecutableFile(atPath: etcd) else { return "no etcd at \(etcd)" }
        return nil
    }()

    private static let etcd = ProcessInfo.processInfo.environment["ETCD"] ?? "/usr/bin/etcd"

    @TaskLocal static var kubeconfig: String?

    /// A client of the suite's server, closed afterwards.
    static func withClient<Result>(
        _ body: (KubernetesClient) async throws -> Result
    ) async throws -> Result {
        let path = try #require(Self.kubeconfig)
        return try await withTestClient(try Kubeconfig(paths: [path]).access(), body)
    }

    /// Runs `body` with a server that is stopped in every path, also when this process dies.
    fileprivate static func provide(_ body: () async throws -> Void) async throws {
        if let path = ProcessInfo.processInfo.environment["HEDDLE_TEST_KUBECONFIG"] {
            return try await Self.$kubeconfig.withValue(path) { try await body() }
        }
        let data = FileManager.default.temporaryDirectory.appending(path: "heddle-envtest-\(UUID().uuidString)")
        let stop = "\(folder.path)/stop.sh \(data.path); rm -rf \(data.path)"
        let me = ProcessInfo.processInfo.processIdentifier
        let guardian = "(while kill -0 \(me) && [ -e \(data.path) ]; do sleep 1; done; \(stop)) >/dev/null 2>&1 &"
        let controllers = "namespace,garbagecollector,serviceaccount,root-ca-cert-publisher"
        let output = try await Self.shell(
            "mkdir -p \(data.path); \(guardian) ETCD=\(etcd) \(folder.path)/start.sh \(data.path) 0 \(controllers)")
        do {
            try await Self.$kubeconfig.withValue(output.trimmingCharacters(in: .whitespacesAndNewlines)) {
                try await body()
            }
            _ = try await Self.shell(stop)
        } catch {
            _ = try await Self.shell(stop)
            throw error
        }
    }

    private static func shell(_ command: String) async throws -> String {
        let result = try await Subprocess.run(
            .path("/bin/sh"), arguments: ["-c", command], output: .string(limit: 65_536), error: .discarded)
        try #require(result.terminationStatus.isSuccess, "\(command) failed")
        return result.standardOutput
    }
}

/// Gives a suite a real API server.
struct RealServerTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await RealServer.provide { try await function() }
    }
}

extension Trait where Self == RealServerTrait {
    /// Starts the server before the suite and stops it afterwards.
    static var realServer: Self { Self() }
}

/// Runs `body` with a client that is closed afterwards.
func withTestClient<Result>(
    _ access: ClusterAccess, attemptsMax: Int = 5, timeout: Duration = .seconds(30),
    _ body: (KubernetesClient) async throws -> Result
) async throws -> Result {
    let client = try KubernetesClient(
        access: access,
        configuration: .init(component: "test", timeout: timeout, attemptsMax: attemptsMax),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    do {
        let result = try await body(client)
        try await client.shutdown()
        return result
    } catch {
        try await client.shutdown()
        throw error
    }
}

/// Waits until `condition` holds; records an issue when it does not in time.
func eventually(
    within limit: Duration = .seconds(10), _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    #expect(Bool(false), comment ?? "it did not happen in time", sourceLocation: sourceLocation)
}
