import Foundation
import MeshKubernetes
import MeshModel
import MeshResources
import Subprocess
import SystemPackage
import Testing

/// Two processes, a real API server, and what becomes of leadership when one of them is hurt.
extension RealServerTests {
    /// Times of the elections here, in milliseconds: lease, renew deadline, retry period.
    private static let times = (lease: 3000, renew: 2000, retry: 300)

    /// The program that takes part, built beside the tests.
    private static var program: FilePath {
        get throws {
            let folder = try #require(CommandLine.arguments.first.map { URL(filePath: $0).deletingLastPathComponent() })
            return FilePath(folder.appending(path: "lease-candidate").path)
        }
    }

    /// Runs a candidate until `body` ends; its process is gone afterwards in every case.
    private func withCandidate(
        _ identity: String, in namespace: String, _ body: (_ send: (Signal) throws -> Void) async throws -> Void
    ) async throws {
        let kubeconfig = try #require(RealServer.kubeconfig)
        let times = Self.times
        let program = try Self.program
        _ = try await Subprocess.run(
            .path(program),
            arguments: [
                kubeconfig, namespace, identity, String(times.lease), String(times.renew), String(times.retry),
            ], input: .none, output: .discarded, error: .discarded
        ) { execution in
            do {
                try await body { try execution.send(signal: $0) }
            } catch {
                try? execution.send(signal: .kill)  // It may have ended already.
                throw error
            }
            try? execution.send(signal: .kill)  // It may have ended already.
        }
    }

    /// Who wrote, in the order of the server.
    private func writers(_ client: KubernetesClient, _ namespace: String) async throws -> [String] {
        let writes = try await client.listAll(ConfigMap.self, in: namespace, selecting: Selection(labels: "writer"))
        let sorted = writes.sorted {
            (UInt64($0.metadata.resourceVersion) ?? 0) < (UInt64($1.metadata.resourceVersion) ?? 0)
        }
        return sorted.compactMap { $0.metadata.labels["writer"] }
    }

    /// Waits until `identity` has written; how long that took.
    @discardableResult
    private func written(
        by identity: String, _ client: KubernetesClient, _ namespace: String, within limit: Duration = .seconds(20)
    ) async throws -> Duration {
        let start = ContinuousClock.now
        try await eventually(within: limit, "\(identity) does not write") {
            try await !client.list(
                ConfigMap.self, in: namespace, selecting: Selection(labels: "writer=\(identity)"), page: Page(limit: 1)
            ).objects.isEmpty
        }
        return ContinuousClock.now - start
    }

    private func expectOneChange(_ writers: [String], from first: String, to second: String) {
        let changes = zip(writers, writers.dropFirst()).count { $0 != $1 }
        #expect(changes == 1, "\(writers.count) writes changed hands \(changes) times")
        #expect(writers.first == first)
        #expect(writers.last == second)
    }

    private func electionNamespace(_ client: KubernetesClient) async throws -> String {
        let made = try await client.create(["metadata": ["generateName": "leaders-"]], as: Namespace.resourceType)
        return try #require(made[path: "metadata", "name"]?.string)
    }

    @Test("a leader that was paused writes nothing once another has started, though it goes on")
    func pausedLeader() async throws {
        try await RealServer.withClient { client in
            let namespace = try await self.electionNamespace(client)
            try await self.withCandidate("one", in: namespace) { one in
                try await self.written(by: "one", client, namespace)
                try await self.withCandidate("two", in: namespace) { _ in
                    try await Task.sleep(for: .milliseconds(500))
                    try one(.suspend)
                    try await self.written(by: "two", client, namespace)
                    try one(.resume)
                    // Long enough for many writes, were it to believe that it still leads.
                    try await Task.sleep(for: .seconds(2))
                    self.expectOneChange(try await self.writers(client, namespace), from: "one", to: "two")
                }
            }
        }
    }

    @Test("when the leader is killed, the other leads within the lease duration and two seconds")
    func killedLeader() async throws {
        try await RealServer.withClient { client in
            let namespace = try await self.electionNamespace(client)
            try await self.withCandidate("one", in: namespace) { one in
                try await self.written(by: "one", client, namespace)
                try await self.withCandidate("two", in: namespace) { _ in
                    try await Task.sleep(for: .milliseconds(500))
                    try one(.kill)
                    let pause = try await self.written(by: "two", client, namespace)
                    #expect(pause <= .milliseconds(Self.times.lease) + .seconds(2))
                    try await Task.sleep(for: .milliseconds(300))
                    self.expectOneChange(try await self.writers(client, namespace), from: "one", to: "two")
                }
            }
        }
    }

    @Test("a leader that is told to stop gives leadership up at once")
    func stoppedLeader() async throws {
        try await RealServer.withClient { client in
            let namespace = try await self.electionNamespace(client)
            try await self.withCandidate("one", in: namespace) { one in
                try await self.written(by: "one", client, namespace)
                try await self.withCandidate("two", in: namespace) { _ in
                    try await Task.sleep(for: .milliseconds(500))
                    try one(.terminate)
                    let pause = try await self.written(by: "two", client, namespace)
                    #expect(pause < .milliseconds(Self.times.lease))
                    self.expectOneChange(try await self.writers(client, namespace), from: "one", to: "two")
                }
            }
        }
    }
}
