import MeshModel
import MeshResources

extension Server {
    /// True when the Server's selector is one for pods and holds for `pod`.
    func selects(_ pod: Pod) -> Bool { self.spec.podSelector?.matches(pod.metadata.labels) ?? false }

    /// True when the Server's selector is one for external workloads and holds for `workload`.
    func selects(_ workload: ExternalWorkload) -> Bool {
        self.spec.externalWorkloadSelector?.matches(workload.metadata.labels) ?? false
    }

    /// The ports of `pod` that the Server governs: its number, or all container ports of its name.
    func ports(of pod: Pod) -> [UInt16] {
        switch self.spec.port {
        case .int(let number): UInt16(exactly: number).map { [$0] } ?? []
        case .string(let name): pod.ports(named: name)
        }
    }

    /// The port of `workload` that the Server governs.
    func ports(of workload: ExternalWorkload) -> [UInt16] {
        switch self.spec.port {
        case .int(let number): UInt16(exactly: number).map { [$0] } ?? []
        case .string(let name): workload.ports(named: name)
        }
    }
}

extension ExternalWorkload {
    func ports(named name: String) -> [UInt16] {
        self.spec.ports.filter { $0.name == name && $0.protocol == .tcp }.compactMap { UInt16(exactly: $0.port) }
    }
}
