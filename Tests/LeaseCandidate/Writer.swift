import MeshKubernetes
import MeshModel
import MeshResources
import ServiceLifecycle

/// Writes as often as it can, as long as its candidate leads.
struct Writer: ServiceLifecycle.Service {
    let client: KubernetesClient
    let standing: LeaseStanding
    let namespace: String
    let identity: String

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if self.standing.isLeader { await self.write() }
                // Cancellation ends the loop above; an error would end the keeper before it gives the lease back.
                try? await ContinuousClock().sleep(for: .milliseconds(30))
            }
        }
    }

    private func write() async {
        let object = ConfigMap(
            metadata: ObjectMeta(
                name: "", namespace: self.namespace, generateName: "write-", labels: ["writer": self.identity]))
        let standing = self.standing
        do {
            _ = try await KubernetesClient.writing(while: { standing.remaining }) {
                try await self.client.create(object)
            }
        } catch {
            print("\(self.identity): \(error)")
        }
    }
}
