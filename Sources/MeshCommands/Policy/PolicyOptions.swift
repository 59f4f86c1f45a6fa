import ArgumentParser
import Foundation
import Logging
import MeshCompiler
import MeshKubernetes
import MeshModel
import MeshPolicy

/// What all commands that look into policies take: which cluster, which namespace, what holds for the mesh.
struct PolicyOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The namespace of what is named without one.")
    var namespace = "default"

    @Option(help: "The kubeconfig; without it KUBECONFIG, then the usual places.")
    var kubeconfig: String?

    @Option(help: "The context in the kubeconfig.")
    var context: String?

    @Option(help: "The trust domain of the mesh's identities.")
    var trustDomain = "cluster.local"

    @Option(help: "What the controller was told of ports that no Server governs.", transform: PolicyOptions.policy)
    var defaultPolicy = DefaultPolicy.allUnauthenticated

    @Option(name: .shortAndLong, help: "How the answer looks: table or json.")
    var output = OutputFormat.table

    private static func policy(_ text: String) throws -> DefaultPolicy {
        guard let policy = DefaultPolicy(rawValue: text) else {
            let names = DefaultPolicy.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(text) is no policy; there are \(names)")
        }
        return policy
    }

    /// The settings of the mesh.
    var settings: MeshSettings {
        var settings = MeshSettings()
        settings.trustDomain = self.trustDomain
        settings.defaultPolicy = self.defaultPolicy
        return settings
    }

    /// Reads the cluster as the controller does.
    func readCluster() async throws -> ClusterSnapshot {
        let access = try ClusterAccess.discover(
            path: self.kubeconfig, context: self.context, environment: ProcessInfo.processInfo.environment)
        let client = try KubernetesClient(
            access: access, configuration: .init(component: "heddle"),
            logger: Logger(label: "heddle") { StreamLogHandler.standardError(label: $0) })
        let snapshot: ClusterSnapshot
        do {
            snapshot = try await ClusterReader(client: client).snapshot()
        } catch {
            try await client.shutdown()
            throw error
        }
        try await client.shutdown()
        return snapshot
    }
}

/// How an answer looks.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table
    case json
}
