import MeshModel
import MeshResources

/// What a pod's status says beyond its containers.
struct PodFacts: Hashable, Sendable {
    /// The pod's own address, once it has one.
    var address: IPAddress?
    /// The node's address.
    var host: IPAddress
    /// When the node agent took the pod on.
    var startTime: Timestamp
    /// Images as the table of images resolved them, for `imageID`.
    var imageIDs: [String: String] = [:]
}

extension PodLifecycle {
    /// The pod's status for all to see.
    ///
    /// - Parameters:
    ///   - previous: Conditions as they were: those that do not change keep their time.
    ///   - now: The time of those that do.
    func status(_ facts: PodFacts, previous: [Condition], now: Timestamp) -> PodStatus {
        let main = self.spec.containers.map { self.status(of: $0, facts) }
        let initial = self.spec.initContainers.map { self.status(of: $0, facts) }
        let sidecarsReady = zip(self.spec.initContainers, initial).allSatisfy { !$0.isSidecar || $1.ready }
        let isReady = self.isInitialized && self.end == nil && main.allSatisfy(\.ready) && sidecarsReady
        let addresses = facts.address.map { [PodIP(ip: $0.description)] } ?? []
        var conditions = [
            self.condition("PodReadyToStartContainers", facts.address != nil, otherwise: ""),
            self.condition("Initialized", self.isInitialized, otherwise: "ContainersNotInitialized"),
            self.condition("Ready", isReady, otherwise: self.unreadyReason),
            self.condition("ContainersReady", isReady, otherwise: self.unreadyReason),
            self.condition("PodScheduled", true, otherwise: ""),
        ]
        for index in conditions.indices {
            let before = previous.first { $0.type == conditions[index].type }
            let isSame = before?.status == conditions[index].status
            conditions[index].lastTransitionTime = isSame ? before?.lastTransitionTime ?? now : now
        }
        return PodStatus(
            phase: self.phase, podIP: facts.address?.description, podIPs: addresses,
            hostIP: facts.host.description, hostIPs: [PodIP(ip: facts.host.description)], conditions: conditions,
            containerStatuses: main, initContainerStatuses: initial, startTime: facts.startTime)
    }

    private var unreadyReason: String {
        if case .completed = self.end { return "PodCompleted" }
        return "ContainersNotReady"
    }

    private var phase: String {
        switch self.end {
        case .completed(let success): return success ? "Succeeded" : "Failed"
        case .deleted, nil: break
        }
        let hasRun = self.spec.containers.contains { container in
            guard let record = self.records[container.name] else { return false }
            switch record.phase {
            case .running, .terminated: return true
            case .waiting, .starting: return record.restarts > 0
            }
        }
        return hasRun ? "Running" : "Pending"
    }

    private func condition(_ type: String, _ holds: Bool, otherwise reason: String) -> Condition {
        Condition(type: type, status: holds ? .true : .false, reason: holds || reason.isEmpty ? nil : reason)
    }

    private func status(of container: Container, _ facts: PodFacts) -> ContainerStatus {
        let record = self.records[container.name] ?? ContainerRecord()
        let phase = record.phase
        var lastState = ContainerState()
        if let last = record.last { lastState.terminated = .init(last) }
        // A finished init container counts as ready (as in Kubernetes).
        let isInit = self.spec.initContainers.contains { $0.name == container.name }
        return ContainerStatus(
            name: container.name, ready: record.isReady || (isInit && Self.hasSucceeded(phase)),
            started: record.isStarted, restartCount: record.restarts, image: container.image,
            imageID: facts.imageIDs[container.name] ?? "", containerID: Self.identifier(phase),
            state: Self.state(phase), lastState: lastState)
    }

    @inline(never)
    private static func state(_ phase: ContainerRecord.Phase) -> ContainerState {
        var state = ContainerState()
        switch phase {
        case .waiting(let reason, let message):
            state.waiting = .init(reason: reason, message: message.isEmpty ? nil : message)
        case .starting: state.waiting = .init(reason: "ContainerCreating")
        case .running(let process): state.running = .init(startedAt: process.startedAt)
        case .terminated(let termination): state.terminated = .init(termination)
        }
        return state
    }

    @inline(never)
    private static func identifier(_ phase: ContainerRecord.Phase) -> String? {
        guard case .running(let process) = phase else { return nil }
        return "process://\(process.identifier)"
    }

    private static func hasSucceeded(_ phase: ContainerRecord.Phase) -> Bool {
        guard case .terminated(let termination) = phase else { return false }
        return termination.exitCode == 0
    }
}

extension ContainerStateTerminated {
    fileprivate init(_ termination: ContainerRecord.Termination) {
        self.init(
            exitCode: Int(termination.exitCode), signal: termination.signal.map(Int.init), reason: termination.reason,
            startedAt: termination.startedAt, finishedAt: termination.finishedAt)
    }
}
