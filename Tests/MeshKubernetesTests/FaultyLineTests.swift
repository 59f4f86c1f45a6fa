import Foundation
import Logging
import MeshKubernetes
import MeshModel
import MeshResources
import MeshTestKit
import Synchronization
import Testing

/// A real API server behind a line that breaks in every way.
extension RealServerTests {
    @Test("a store equals the server again soon after whatever happened to the line between them", arguments: [1, 2])
    func faultyLine(seed: UInt64) async throws {
        try await RealServer.withClient { client in
            let made = try await client.create(["metadata": ["generateName": "line-"]], as: Namespace.resourceType)
            let namespace = try #require(made[path: "metadata", "name"]?.string)
            let line = FaultyLine()
            let port = try #require(URL(string: client.access.server)?.port)
            try await line.forward(to: port) { port in
                var access = client.access
                access.server = "https://127.0.0.1:\(port)"
                try await withTestClient(access, timeout: .seconds(2)) { remote in
                    let reflector = Reflector(
                        ConfigMap.self, client: remote,
                        configuration: .init(
                            namespace: namespace, selection: Selection(labels: "made"), pageSize: 3,
                            watchTimeout: .seconds(2), watchGrace: .milliseconds(500), silenceMax: .seconds(2),
                            listTimeout: .seconds(2),
                            backoff: Backoff(minimum: .milliseconds(20), maximum: .milliseconds(300), jitter: 0.2)),
                        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                    try await withThrowingTaskGroup { group in
                        group.addTask { try await reflector.run() }
                        var random = SplitMix64(seed: seed)
                        for _ in 0..<2 {
                            for fault in FaultyLine.Fault.allCases.shuffled(using: &random) {
                                try await self.change(client, namespace, &random)
                                try await line.inflict(fault)
                                try await self.change(client, namespace, &random)
                                try await eventually(within: .seconds(5), "after \(fault) the store is wrong") {
                                    let truth = try await client.listAll(
                                        ConfigMap.self, in: namespace, selecting: Selection(labels: "made"))
                                    let stored = reflector.store.objects
                                    return truth.count == stored.count && truth.allSatisfy { stored[$0.key] == $0 }
                                }
                            }
                        }
                        group.cancelAll()
                    }
                }
            }
        }
    }

    private func change(
        _ client: KubernetesClient, _ namespace: String, _ random: inout SplitMix64
    ) async throws {
        for _ in 0..<4 {
            let key = ObjectKey(namespace: namespace, name: "c\(UInt8.random(in: 0..<6, using: &random))")
            let value = String(UInt16.random(in: 0..<999, using: &random))
            if UInt8.random(in: 0..<4, using: &random) == 0 {
                do throws(KubernetesError) {
                    try await client.delete(ConfigMap.resourceType, key)
                } catch {
                    guard error.isNotFound else { throw error }
                }
            } else {
                _ = try await client.patch(
                    .apply(
                        ["metadata": ["labels": ["made": "x"]], "data": ["v": .string(value)]], manager: "test",
                        force: true), to: ConfigMap.resourceType, key)
            }
        }
    }
}
