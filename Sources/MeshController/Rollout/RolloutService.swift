import AsyncHTTPClient
import Logging
import MeshKubernetes
import MeshModel
import MeshResources
import MeshRollout
import ServiceLifecycle

/// Ticks every Canary at its interval, each in a task of its own so that a slow one holds up no other.
struct RolloutService: ServiceLifecycle.Service {
    /// How often the list of Canaries is read; a new Canary or interval is noticed within it.
    private static let lookInterval = Duration.seconds(1)

    let client: KubernetesClient
    let leadership: Leadership
    let events: EventRecorder
    let logger: Logger

    func run() async throws {
        let http = HTTPClient(eventLoopGroupProvider: .singleton)
        let outcome: Result<Void, any Error>
        do {
            try await cancelWhenGracefulShutdown { try await self.follow(http: http) }
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
                    let canaries = await self.canaries()
                    due = due.filter { key, _ in canaries.contains { $0.key == key } }
                    for canary in canaries where due[canary.key].map({ $0 <= clock.now }) ?? true {
                        guard running.insert(canary.key) else { continue }
                        due[canary.key] = clock.now + RolloutRun.interval(of: canary)
                        let run = RolloutRun(
                            client: self.client, traffic: traffic, hooks: hooks, events: self.events,
                            logger: self.logger)
                        group.addTask {
                            await run.tick(canary)
                            running.remove(canary.key)
                        }
                    }
                }
                try await clock.sleep(for: Self.lookInterval)
            }
        }
    }

    private func canaries() async -> [Canary] {
        do {
            var canaries: [Canary] = []
            var page = Page(limit: 500)
            repeat {
                let list = try await self.client.list(Canary.self, page: page)
                for invalid in list.invalid {
                    self.logger.warning(
                        "canary cannot be read",
                        metadata: ["canary": "\(invalid.key)", "error": "\(invalid.reason)"])
                }
                canaries += list.objects
                page.token = list.next
            } while page.token != nil
            return canaries
        } catch  where error.status?.code == 404 {
            return []  // The definition is not installed (yet): nothing to roll out.
        } catch {
            self.logger.warning("canaries could not be listed", metadata: ["error": "\(error)"])
            return []
        }
    }
}
