import Logging
import MeshCodec
import MeshCompiler
import MeshKubernetes
import MeshModel
import MeshRPC
import MeshResources
import Metrics
import ServiceLifecycle

/// Writes the statuses of routes and policies, as long as this replica leads.
///
/// It compares and writes whenever something changed, when it starts to lead, and every ``period``: a write that failed
/// is found again as a difference. The comparison looks at the whole cluster, so it runs beside the index and takes a
/// fifth of a core at most.
struct StatusWriter: ServiceLifecycle.Service {
    /// How often everything is compared without any news.
    static let period = Duration.seconds(10)
    /// A comparison that was this quick may be repeated at once.
    private static let negligible = Duration.milliseconds(2)
    /// After so long what is only for people to read waits for the next turn.
    private static let turn = Duration.seconds(1)
    /// The name under which conditions of policies are written.
    private static let manager = "linkerd.io/policy-controller"

    let index: ClusterIndex
    let settings: MeshSettings
    let client: KubernetesClient
    let leadership: Leadership
    let metrics: any MetricsFactory
    let logger: Logger

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await self.write() }
        } catch is CancellationError {
            self.logger.debug("the status writer ends")
        }
    }

    private func write() async throws {
        try await self.index.whenSynced()
        let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let updates = await self.index.changes()
        let changes = self.leadership.changes()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in updates.stream { signal.yield() } }
            group.addTask { for await _ in changes { signal.yield() } }
            group.addTask {
                while !Task.isCancelled {
                    signal.yield()
                    // Cancellation ends the loop above.
                    try? await ContinuousClock().sleep(for: Self.period)
                }
            }
            for await _ in signals {
                guard self.leadership.isLeader else { continue }
                let start = ContinuousClock.now
                let snapshot = await self.index.current
                let writes = StatusQuery().answer(in: ClusterView(snapshot), settings: self.settings)
                let took = start.duration(to: .now)
                let deadline = ContinuousClock.now + Self.turn
                for write in writes {
                    guard self.leadership.isLeader, !Task.isCancelled else { break }
                    // Routes wait for their statuses, so they come first in the list and never wait long.
                    if case .governance = write.content, ContinuousClock.now > deadline {
                        signal.yield()
                        break
                    }
                    await KubernetesClient.writing(while: { self.leadership.remaining }) { await self.perform(write) }
                }
                // Cancellation ends the loop.
                if took > Self.negligible { try? await ContinuousClock().sleep(for: took * 4) }
            }
            group.cancelAll()
        }
    }

    private func perform(_ write: StatusWrite) async {
        let metadata: Logger.Metadata = ["object.kind": "\(write.type.kind)", "object.key": "\(write.key)"]
        do {
            _ = try await self.client.patch(
                try Self.patch(for: write, now: .now), to: write.type, write.key, subresource: "status")
            Counter(label: "heddle_status_writes_total", dimensions: [("result", "ok")], factory: self.metrics)
                .increment()
            self.logger.debug("status written", metadata: metadata)
        } catch {
            Counter(label: "heddle_status_writes_total", dimensions: [("result", "failed")], factory: self.metrics)
                .increment()
            let isRace = (error as? KubernetesError).map { $0.isConflict || $0.isNotFound } ?? false
            self.logger.log(
                level: isRace ? .debug : .warning, "status not written",
                metadata: metadata.merging(["error": "\(error)"]) { $1 })
        }
    }

    /// Statuses that are ours alone are applied; those that others write to are merged, and the version in the patch
    /// makes the API server refuse it if the object has changed since.
    static func patch(for write: StatusWrite, now: Timestamp) throws -> Patch<JSONValue> {
        var status = JSONValue.object([:])
        switch write.content {
        case .parents(let parents):
            let timed = parents.map { parent in
                var parent = parent
                parent.conditions = parent.conditions.map { $0.timed(now) }
                return parent
            }
            status["parents"] = .array(try timed.map { try JSONValue(encoding: $0) })
        case .conditions(let conditions, let target):
            status["conditions"] = .array(try conditions.map { try JSONValue(encoding: $0.timed(now)) })
            if let target { status["targetRef"] = try JSONValue(encoding: target) }
        case .governance(var governance):
            governance.conditions = governance.conditions.map { $0.timed(now) }
            return .apply(["status": try JSONValue(encoding: governance)], manager: Self.manager, force: true)
        }
        return .merge([
            "apiVersion": .string(write.type.apiVersion), "kind": .string(write.type.kind),
            "metadata": [
                "name": .string(write.key.name), "namespace": .string(write.key.namespace),
                "resourceVersion": .string(write.resourceVersion),
            ],
            "status": status,
        ])
    }
}

extension Condition {
    /// With a time, and with a message even if it is empty: definitions demand both.
    fileprivate func timed(_ now: Timestamp) -> Condition {
        var condition = self
        condition.lastTransitionTime = condition.lastTransitionTime ?? now
        condition.message = condition.message ?? ""
        return condition
    }
}
