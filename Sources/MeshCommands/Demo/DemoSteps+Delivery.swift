import MeshKubernetes
import MeshModel
import MeshResources

extension DemoSteps {
    private static let web = ObjectKey(namespace: "voting", name: "web")
    private static let voting = ObjectKey(namespace: "voting", name: "voting")

    /// A route shares requests out over two versions, and is changed without a failed request.
    func split() async throws -> String {
        try await self.world.applier.apply(files: [self.world.sample("split.yaml")])
        try await self.waitForDeployment(ObjectKey(namespace: "voting", name: "web-v2"))
        try await self.waitForShare(of: "v2", near: 10)
        let tenth = try await self.measureShare()
        guard abs(tenth.share - 10) <= 1.5, tenth.failed == 0 else {
            throw DemoFailure("asked for 10 %, measured \(DemoText.percent(tenth.share)), \(tenth.failed) failed")
        }
        let before = try await self.world.steadyLoad()
        let weights: JSONValue = [
            ["op": "replace", "path": "/spec/rules/0/backendRefs/0/weight", "value": 50],
            ["op": "replace", "path": "/spec/rules/0/backendRefs/1/weight", "value": 50],
        ]
        _ = try await self.world.client.patch(.json(weights), to: HTTPRoute.resourceType, Self.web)
        try await self.waitForShare(of: "v2", near: 50)
        let half = try await self.measureShare()
        let steady = try await self.world.steadyLoad().since(before)
        guard abs(half.share - 50) <= 1.5, half.failed == 0, steady.failed == 0 else {
            throw DemoFailure(
                "asked for 50 %, measured \(DemoText.percent(half.share)), \(half.failed + steady.failed) failed")
        }
        try await self.world.applier.delete(files: [self.world.sample("split.yaml")])
        try await self.world.wait("version 2 is gone", atMost: .seconds(60)) { () -> DemoWorld.Wait<Void> in
            let pods = try await self.world.pods(in: "voting", app: "web").filter {
                $0.metadata.labels["version"] == "v2"
            }
            return pods.isEmpty ? .holds(()) : .not("\(pods.count) pods left")
        }
        return "90/10 measured \(DemoText.percent(tenth.share)), 50/50 measured \(DemoText.percent(half.share)) "
            + "of 10,000 requests each, none failed"
    }

    /// Waits until the route is in force: a small burst comes near the share.
    private func waitForShare(of version: String, near percent: Double) async throws {
        try await self.world.wait("route in force", atMost: .seconds(30)) { () -> DemoWorld.Wait<Void> in
            let tally = try await self.world.burst(requests: 400, path: "/api/list")
            let share = Double(tally.versions[version] ?? 0) / Double(max(tally.sent, 1)) * 100
            return abs(share - percent) <= 8 && tally.failed == 0
                ? .holds(()) : .not("\(DemoText.percent(share)), \(tally.summary)")
        }
    }

    private func measureShare() async throws -> (share: Double, failed: Int) {
        self.world.console.progress("10,000 requests")
        let tally = try await self.world.burst(requests: 10_000, concurrency: 32, path: "/api/list")
        return (Double(tally.versions["v2"] ?? 0) / Double(max(tally.sent, 1)) * 100, tally.failed)
    }

    /// Version 2 of the vote counter is rolled out by weights to its promotion.
    func canary() async throws -> String {
        guard var document = try Manifests.read(self.world.sample("canary.yaml")).first else {
            throw DemoFailure("canary.yaml is empty")
        }
        if self.world.isFast { document["spec"]?["analysis"]?["interval"] = "2s" }
        try await self.world.applier.apply(document)
        _ = try await self.waitForPhase(["Initialized"], seen: [])
        let before = try await self.world.steadyLoad()
        try await self.setVersion("v2", failurePercent: 0)
        let weights = try await self.waitForPhase(["Succeeded"], seen: ["Failed"])
        let steady = try await self.world.steadyLoad().since(before)
        guard steady.failed == 0, steady.sent > 0 else {
            throw DemoFailure("\(steady.failed) of \(steady.sent) requests failed: \(steady.summary)")
        }
        let version = try await self.servingVersion()
        guard version == "v2" else { throw DemoFailure("after the promotion \(version) serves") }
        return "weights \(weights.map { "\($0)" }.joined(separator: " → ")) %, promoted; "
            + "\(steady.sent) requests meanwhile, none failed"
    }

    /// Version 3 fails on purpose, is found out, and gets no traffic at the end.
    func rollback() async throws -> String {
        try await self.setVersion("v3", failurePercent: 60)
        let weights = try await self.waitForPhase(["Failed"], seen: ["Succeeded"])
        let canary: Canary = try await self.world.client.get(Canary.self, Self.voting)
        guard canary.status.canaryWeight == 0 else {
            throw DemoFailure("the bad version keeps \(canary.status.canaryWeight ?? -1) %")
        }
        let route = try await self.world.client.get(HTTPRoute.resourceType, Self.voting)
        let backends = route[path: "spec", "rules"]?.array?.first?["backendRefs"]?.array ?? []
        guard backends.last?["weight"]?.integer == 0 else {
            throw DemoFailure("the route keeps the bad version: \(backends)")
        }
        let reason = canary.status.conditions.first?.message ?? ""
        let after = try await self.world.burst(requests: 500, path: "/api/vote?choice=:yarn:")
        guard after.failed == 0 else { throw DemoFailure("after the rollback \(after.failed) of 500 failed") }
        return "found at \(weights.max() ?? 0) %: \(reason) Weight 0, \(after.sent) requests afterwards, none failed"
    }

    private func setVersion(_ version: String, failurePercent: Int) async throws {
        let arguments: [JSONValue] = [
            "voting", "--port=8082", .string("--version-name=\(version)"),
            .string("--failure-percent=\(failurePercent)"),
        ]
        _ = try await self.world.client.patch(
            .json([
                ["op": "replace", "path": "/spec/template/spec/containers/0/args", "value": .array(arguments)]
            ]), to: Deployment.resourceType, Self.voting)
    }

    /// Waits for one of `phases` after something else was seen; returns the weights on the way.
    private func waitForPhase(_ phases: Set<String>, seen forbidden: Set<String>) async throws -> [Int] {
        var weights: [Int] = []
        var hasLeft = forbidden.isEmpty
        return try await self.world.wait("rollout", atMost: .seconds(self.world.isFast ? 120 : 300)) {
            () -> DemoWorld.Wait<[Int]> in
            let canary: Canary = try await self.world.client.get(Canary.self, Self.voting)
            let phase = canary.status.phase ?? "new"
            let weight = canary.status.canaryWeight ?? 0
            if weight > 0, weights.last != weight { weights.append(weight) }
            if !phases.contains(phase), !forbidden.contains(phase) { hasLeft = true }
            if hasLeft, forbidden.contains(phase) {
                throw DemoFailure("ended as \(phase): \(canary.status.conditions.first?.message ?? "")")
            }
            return hasLeft && phases.contains(phase)
                ? .holds(weights) : .not("\(phase), \(weight) % on the new version")
        }
    }

    /// The version of the vote counter that answers a vote.
    private func servingVersion() async throws -> String {
        let address = try await self.world.address(of: "web", in: "voting")
        let answer = try await self.world.get("http://\(address):8080/api/vote?choice=:owl:")
        return answer.split(separator: "\"voting\":\"").dropFirst().first.map { String($0.prefix { $0 != "\"" }) } ?? ""
    }

    /// The control plane is killed for ten seconds; traffic goes on, and afterwards changes take effect again.
    func resilience() async throws -> String {
        let controller = ObjectKey(namespace: "heddle", name: "heddle-controller")
        let before = try await self.world.steadyLoad()
        try await self.scale(controller, to: 0)
        for pod in try await self.world.pods(in: "heddle") {
            try await self.kill(pod)
        }
        try await self.world.wait("control plane gone", atMost: .seconds(10)) { () -> DemoWorld.Wait<Void> in
            let pods = try await self.world.pods(in: "heddle")
            return pods.isEmpty ? .holds(()) : .not("\(pods.count) pods")
        }
        let down = ContinuousClock.now
        var burst = 0
        while down.duration(to: .now) < .seconds(10) {
            let tally = try await self.world.burst(requests: 200, path: "/api/list")
            burst += tally.sent
            guard tally.failed == 0 else { throw DemoFailure("without a control plane: \(tally.summary)") }
            self.world.console.progress("no control plane, \(burst) requests so far")
        }
        try await self.scale(controller, to: 1)
        try await self.waitForControlPlane()
        try await self.waitForOutsider()
        let caughtUp = try await self.policy()
        let steady = try await self.world.steadyLoad().since(before)
        guard steady.failed == 0 else {
            throw DemoFailure("\(steady.failed) of \(steady.sent) requests failed: \(steady.summary)")
        }
        return "10 s without a control plane: \(burst + steady.sent) requests, none failed; back: \(caughtUp)"
    }

    private func scale(_ key: ObjectKey, to replicas: Int64) async throws {
        _ = try await self.world.client.patch(
            .merge(["spec": ["replicas": .integer(replicas)]]), to: Deployment.resourceType, key)
    }

    private func kill(_ pod: Pod) async throws {
        do {
            try await self.world.client.delete(
                Pod.resourceType, pod.key, options: DeleteOptions(gracePeriodSeconds: 0))
        } catch {
            guard error.isNotFound else { throw error }
        }
    }
}
