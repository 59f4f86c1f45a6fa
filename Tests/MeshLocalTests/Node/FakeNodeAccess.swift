import MeshModel
import MeshResources
import Synchronization

@testable import MeshLocal

/// An API server that keeps what the node agent tells it.
final class FakeNodeAccess: NodeAccess {
    private struct State {
        var configMaps: [ObjectKey: ConfigMap] = [:]
        var statuses: [String: PodStatus] = [:]
        var removed: Set<String> = []
        var bound: [String: String] = [:]
        var tokens = 0
        var events: [String] = []
    }

    private let state = Mutex(State())

    var events: [String] { self.state.withLock { $0.events } }

    func record(_ type: EventType, reason: String, note: String, container: String?, of pod: Pod) {
        self.state.withLock { $0.events.append(reason) }
    }

    func set(_ object: ConfigMap) { self.state.withLock { $0.configMaps[object.key] = object } }
    func status(_ uid: String) -> PodStatus? { self.state.withLock { $0.statuses[uid] } }
    func isRemoved(_ uid: String) -> Bool { self.state.withLock { $0.removed.contains(uid) } }
    func node(of uid: String) -> String? { self.state.withLock { $0.bound[uid] } }

    func configMap(_ key: ObjectKey) async throws -> ConfigMap? { self.state.withLock { $0.configMaps[key] } }
    func secret(_ key: ObjectKey) async throws -> Secret? { nil }

    func token(
        of account: ObjectKey, audience: String?, expirationSeconds: Int64, for pod: Pod
    ) async throws -> String {
        self.state.withLock { state in
            state.tokens += 1
            return "token-\(state.tokens)-of-\(account.name)-for-\(audience ?? "api")"
        }
    }

    func bind(_ pod: Pod, to node: String) async throws { self.state.withLock { $0.bound[pod.metadata.uid] = node } }

    func report(_ status: PodStatus, of pod: Pod) async throws {
        self.state.withLock { $0.statuses[pod.metadata.uid] = status }
    }

    func remove(_ pod: Pod) async throws { _ = self.state.withLock { $0.removed.insert(pod.metadata.uid) } }
}
