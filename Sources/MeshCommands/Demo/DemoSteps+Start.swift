import MeshKubernetes
import MeshModel
import MeshResources

/// The steps of the demo; each observes from outside and returns what it saw, or throws what does not hold.
struct DemoSteps: Sendable {
    /// The namespaces of the sample.
    static let sampleNamespaces = ["voting", "voting-outside"]

    let world: DemoWorld

    /// Installs the definitions and the controller, and waits until all of its components are ready.
    func controlPlane() async throws -> String {
        try await self.world.applier.apply(files: try self.world.files("crds"))
        try await self.world.applier.apply(files: try self.world.files("config/control-plane"))
        try await self.waitForControlPlane()
        return "controller ready, its webhooks answer"
    }

    func waitForControlPlane() async throws {
        try await self.waitForDeployment(ObjectKey(namespace: "heddle", name: "heddle-controller"))
        try await self.world.wait("webhooks", atMost: .seconds(30)) { () -> DemoWorld.Wait<Void> in
            let configuration = try await self.world.client.document(
                at: "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations")
            let hooks = (configuration["items"]?.array ?? []).flatMap { $0["webhooks"]?.array ?? [] }
            let ready = hooks.filter { $0[path: "clientConfig", "caBundle"]?.string?.isEmpty == false }
            return !hooks.isEmpty && ready.count == hooks.count
                ? .holds(()) : .not("no certificate authority in place yet")
        }
    }

    func waitForDeployment(_ key: ObjectKey, atMost limit: Duration = .seconds(90)) async throws {
        try await self.world.wait("deployment \(key)", atMost: limit) { () -> DemoWorld.Wait<Void> in
            let deployment = try await self.world.client.get(Deployment.resourceType, key)
            let wanted = deployment[path: "spec", "replicas"]?.integer ?? 1
            let status = deployment["status"] ?? [:]
            let available = status["availableReplicas"]?.integer ?? 0
            let updated = status["updatedReplicas"]?.integer ?? 0
            let isSeen =
                status["observedGeneration"]?.integer ?? 0 >= deployment[path: "metadata", "generation"]?.integer ?? 0
            guard isSeen, available >= wanted, updated >= wanted else {
                return .not("\(available) of \(wanted) available")
            }
            return .holds(())
        }
    }

    /// Applies the sample and waits until every pod is ready and carries a proxy.
    func app() async throws -> String {
        let files = ["namespaces", "emoji", "voting", "web", "bot", "outsider"].map { self.world.sample("\($0).yaml") }
        try await self.world.applier.apply(files: files)
        let pods = try await self.world.wait("pods", atMost: .seconds(90)) { () -> DemoWorld.Wait<[Pod]> in
            var pods: [Pod] = []
            for namespace in Self.sampleNamespaces { pods += try await self.world.pods(in: namespace) }
            let ready = pods.filter { pod in
                pod.status.conditions.contains { $0.type == "Ready" && $0.status == .true }
            }
            guard pods.count >= 8, ready.count == pods.count else {
                return .not("\(ready.count) of \(max(pods.count, 8)) ready")
            }
            return .holds(pods)
        }
        for pod in pods {
            let names = (pod.spec.initContainers + pod.spec.containers).map(\.name)
            guard names.contains("linkerd-proxy") else { throw DemoFailure("pod \(pod.key) carries no proxy") }
        }
        return "\(pods.count) pods ready, each with an injected proxy"
    }

    /// At least 2,000 requests through web to emoji and voting.
    func traffic() async throws -> String {
        self.world.console.progress("2,000 requests through web to emoji and voting")
        let lists = try await self.world.burst(requests: 1000, path: "/api/list")
        let votes = try await self.world.burst(requests: 1000, path: "/api/vote?choice=:tada:")
        let sent = lists.sent + votes.sent
        let failed = lists.failed + votes.failed
        let rate = Double(sent - failed) / Double(sent) * 100
        guard sent >= 2000, rate >= 99.9 else {
            throw DemoFailure("\(failed) of \(sent) failed: \(lists.summary); \(votes.summary)")
        }
        return "\(sent) requests, \(DemoText.percent(rate)) succeeded"
    }
}

/// Numbers for people.
enum DemoText {
    static func percent(_ value: Double) -> String { "\(Self.rounded(value)) %" }

    static func rounded(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let fraction = hundredths % 100
        guard fraction != 0 else { return "\(hundredths / 100)" }
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}
