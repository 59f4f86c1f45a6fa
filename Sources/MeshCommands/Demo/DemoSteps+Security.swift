import MeshKubernetes
import MeshModel
import MeshResources
import MeshRollout

extension DemoSteps {
    /// All requests between pods are mutual TLS with the right identities, and the wire shows no plaintext.
    func mtls(capture: DemoCapture) async throws -> String {
        let marker = "heddle-marker"
        self.world.console.progress("capturing the front end's wire while the bot sends a marker")
        let (packets, found) = try await capture.search(for: marker) {
            _ = try await self.world.burst(requests: 200, path: "/api/vote?choice=:rocket:")
        }
        guard packets > 100 else { throw DemoFailure("the capture saw only \(packets) packets") }
        guard found == 0 else { throw DemoFailure("the marker header was seen in plaintext \(found) times") }
        var encrypted = 0.0
        var plain = 0.0
        var clients: Set<String> = []
        for app in ["bot", "web"] {
            for sample in try await self.samples(of: app) where sample.name == "request_total" {
                guard sample.labels["direction"] == "outbound", sample.labels["dst_service"] != nil else { continue }
                if sample.labels["tls"] == "true", sample.labels["server_id"]?.isEmpty == false {
                    encrypted += sample.value
                } else {
                    plain += sample.value
                }
            }
        }
        for app in ["web", "emoji", "voting"] {
            for sample in try await self.samples(of: app) where sample.name == "request_total" {
                guard sample.labels["direction"] == "inbound", let client = sample.labels["client_id"], !client.isEmpty
                else { continue }
                clients.insert("\(client.prefix { $0 != "." })→\(app)")
            }
        }
        guard encrypted > 0, plain == 0 else {
            throw DemoFailure("\(Int(plain)) of \(Int(plain + encrypted)) requests were not mutual TLS")
        }
        let expected: Set<String> = ["bot→web", "web→emoji", "web→voting"]
        guard clients == expected else {
            throw DemoFailure("clients seen: \(clients.sorted()); expected: \(expected.sorted())")
        }
        return "\(Int(encrypted)) requests, all mutual TLS (\(clients.sorted().joined(separator: ", "))); "
            + "\(packets) packets captured, no plaintext"
    }

    /// The samples of all proxies of `app`.
    private func samples(of app: String) async throws -> [MetricSample] {
        var samples: [MetricSample] = []
        for pod in try await self.world.pods(in: "voting", app: app) {
            guard let address = pod.status.podIP else { continue }
            let page = try await self.world.get("http://\(address):4191/metrics")
            samples += MetricPage.samples(in: page) { $0 == "request_total" }
        }
        return samples
    }

    /// A policy shuts the outsider out and leaves the bot in; deleted, the outsider is back.
    func policy() async throws -> String {
        let clock = ContinuousClock()
        let before = try await self.outsider()
        guard before.statuses.keys.sorted() == ["200"] else {
            throw DemoFailure("before the policy the outsider saw \(before.summary)")
        }
        let applied = clock.now
        try await self.world.applier.apply(files: [self.world.sample("policy.yaml")])
        try await self.world.wait("the outsider is refused", atMost: .seconds(30), every: .milliseconds(50)) {
            () -> DemoWorld.Wait<Void> in
            let tally = try await self.outsider()
            return tally.statuses.keys.sorted() == ["403"] ? .holds(()) : .not(tally.summary)
        }
        let enforced = applied.duration(to: clock.now)
        let bot = try await self.world.burst(requests: 100, path: "/api/list")
        guard bot.statuses == ["200": 100] else { throw DemoFailure("with the policy the bot saw \(bot.summary)") }
        let deleted = clock.now
        try await self.world.applier.delete(files: [self.world.sample("policy.yaml")])
        try await self.world.wait("the outsider is let in", atMost: .seconds(30), every: .milliseconds(50)) {
            () -> DemoWorld.Wait<Void> in
            let tally = try await self.outsider()
            return tally.statuses.keys.sorted() == ["200"] ? .holds(()) : .not(tally.summary)
        }
        let lifted = deleted.duration(to: clock.now)
        return "outsider 403 after \(DemoText.rounded(enforced / .seconds(1))) s, bot 200; "
            + "deleted: outsider 200 after \(DemoText.rounded(lifted / .seconds(1))) s"
    }

    /// Waits until the outsider's proxy, which has forgotten the web long ago, has asked the control plane for it.
    func waitForOutsider() async throws {
        try await self.world.wait("the outsider's proxy has caught up", atMost: .seconds(30)) {
            () -> DemoWorld.Wait<Void> in
            let tally = try await self.outsider()
            return tally.statuses.keys.sorted() == ["200"] ? .holds(()) : .not(tally.summary)
        }
    }

    private func outsider() async throws -> DemoTally {
        try await self.world.burst(
            from: "outsider", in: "voting-outside", requests: 20, concurrency: 4, path: "/api/list")
    }
}
