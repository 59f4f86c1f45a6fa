import AsyncHTTPClient
import Logging
import MeshKubernetes
import MeshModel
import MeshResources
import MeshRollout
import ServiceLifecycle

/// Ticks every Canary at its interval, each in a task of its own so that a slow one holds up no other.
struct RolloutService: ServiceLifecycle.Service {
    /// How often it is looked whether a Canary is due; a new Canary or interval is noticed within it.
    private static let lookInterval = Duration.seconds(1)

    /// The Canaries of the cluster; the definition may not be installed (yet).
    let canaries: Reflector<Canary>
    let client: KubernetesClient
    let leadership: Leadership
    let events: EventRecorder
    let logger: Logger

    func run() async throws {
        let http = HTTPClient(eventLoopGroupProvider: .singleton)
        let outcome: Result<Void, any Error>
        do {
            try await cancelWhenGracefulShutdown {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await self.canaries.run() }
                    group.addTask { try await self.follow(http: http) }
                    try await group.next()
                    group.cancelAll()
                }
            }
            outcome = .success(())
        } catch is CancellationError {
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        try await http.shutdown()
        try outcome.get()
    }

    private func follow(http: HTTPClient) async throws {
        let traffic = TrafficReader(client: self.client, http: http)
        let hooks = HookCaller(http: http)
        let clock = ContinuousClock()
        var due: [ObjectKey: ContinuousClock.Instant] = [:]
        let running = RunningKeys()
        try await withThrowingDiscardingTaskGroup { group in
            while true {
                if self.leadership.isLeader {
                    let canaries = self.canaries.store.objects
                    due = due.filter { canaries[$0.key] != nil }
                    for canary in canaries.values where due[canary.key].map({ $0 <= clock.now }) ?? true {
                        guard running.insert(canary.key) else { continue }
                        due[canary.key] = clock.now + RolloutRun.interval(of: canary)
                        let run = RolloutRun(
                            client: self.client, traffic: traffic, hooks: hooks, events: self.events,
                            logger: self.logger)
                        group.addTask {
                            await self.tick(canary.key, run)
                            running.remove(canary.key)
                        }
                    }
                }
                try await clock.sleep(for: Self.lookInterval)
            }
        }
    }

    /// Carries on the Canary as it is now: the cache may be a step behind, and a step must not be taken twice.
    private func tick(_ key: ObjectKey, _ run: RolloutRun) async {
        do {
            let canary = try await self.client.get(Canary.self, key)
            await KubernetesClient.writing(while: { self.leadership.remaining }) { await run.tick(canary) }
        } catch {
            guard !error.isNotFound else { return }  // It went away in between.
            self.logger.warning("canary cannot be read", metadata: ["canary": "\(key)", "error": "\(error)"])
        }
    }
}
