import MeshCompiler
import MeshKubernetes
import MeshModel
import MeshResources
import Testing

@testable import MeshController

@Suite struct StatusPatchTests {
    /// What has to be written for one route and one Server.
    private func writes() -> [StatusWrite] {
        var snapshot = ClusterSnapshot()
        let server = Server(
            metadata: ObjectMeta(name: "srv", namespace: "ns", resourceVersion: "7", generation: 3),
            spec: ServerSpec(podSelector: LabelSelector(), port: 80))
        snapshot.apply(server, in: ClusterCollections.servers)
        let parent = ParentReference(group: "policy.linkerd.io", kind: "Server", name: "srv")
        let route = HTTPRoute(
            group: .policy, metadata: ObjectMeta(name: "r", namespace: "ns", resourceVersion: "8", generation: 4),
            spec: HTTPRouteSpec(parentRefs: [parent]))
        snapshot.apply(route, in: ClusterCollections.policyHTTPRoutes)
        return StatusQuery().answer(in: ClusterView(snapshot), settings: MeshSettings())
    }

    @Test("a status that others write to is merged, and refused when the object has changed since")
    func merged() throws {
        let write = try #require(self.writes().first { $0.key.name == "r" })
        guard case .merge(let body) = try StatusWriter.patch(for: write, now: Timestamp(seconds: 1)) else {
            Issue.record("not merged")
            return
        }
        #expect(body[path: "metadata", "resourceVersion"] == "8")
        let condition = body[path: "status", "parents"]?.array?.first?["conditions"]?.array?.first
        #expect(condition?["lastTransitionTime"] == "1970-01-01T00:00:01Z")
        #expect(condition?["message"] == "")
        #expect(condition?["observedGeneration"]?.integer == 4)
    }

    @Test("a status that is ours alone is applied")
    func applied() throws {
        let write = try #require(self.writes().first { $0.key.name == "srv" })
        guard case .apply(let body, let manager, true) = try StatusWriter.patch(for: write, now: Timestamp(seconds: 1))
        else {
            Issue.record("not applied")
            return
        }
        #expect(manager == "linkerd.io/policy-controller")
        #expect(body[path: "status", "workloads"]?.integer == 0)
        #expect(body[path: "status", "ports"]?.integer == 0)
        #expect(body[path: "status", "conditions"]?.array?.count == 2)
    }
}
