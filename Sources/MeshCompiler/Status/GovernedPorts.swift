import MeshModel
import MeshResources

/// Which Server governs which ports of which workloads, in the whole cluster.
///
/// - Complexity: for each Server only the workloads that share one of its labels are looked at.
struct GovernedPorts {
    /// A port of a workload; workloads are numbered.
    struct Port: Hashable {
        let workload: Int
        let port: UInt16
    }

    /// What came of one Server.
    struct Extent {
        /// The workloads that the selector matches.
        var matched = 0
        /// The ports that the Server governs.
        var ports: Set<Port> = []
        /// An older Server that holds a port that this one asks for.
        var rival: String?
    }

    private(set) var extents: [ObjectKey: Extent] = [:]

    init(_ view: ClusterView) {
        let servers = Dictionary(grouping: view.unordered(in: ClusterCollections.servers)) { $0.metadata.namespace }
        let pods = Dictionary(
            grouping: view.unordered(in: ClusterCollections.pods).filter { $0.controlNamespace != nil }
        ) { $0.metadata.namespace }
        let externals = Dictionary(grouping: view.unordered(in: ClusterCollections.externalWorkloads)) {
            $0.metadata.namespace
        }
        var first = 0
        for (namespace, servers) in servers {
            let workloads =
                (pods[namespace] ?? []).map { GovernedWorkload.pod($0) }
                + (externals[namespace] ?? []).map { .external($0) }
            self.govern(LabelledWorkloads(workloads, first: first), servers)
            first += workloads.count
        }
    }

    private mutating func govern(_ workloads: LabelledWorkloads, _ servers: [Server]) {
        var holders: [Port: String] = [:]
        for server in servers.sorted(by: { Precedence.claims($0, before: $1) }) {
            var extent = Extent()
            for (number, workload) in workloads.candidates(for: server) {
                guard let ports = workload.portsIfSelected(by: server) else { continue }
                extent.matched += 1
                for port in ports {
                    let port = Port(workload: number, port: port)
                    if let holder = holders[port] {
                        extent.rival = extent.rival ?? holder
                    } else {
                        holders[port] = server.metadata.name
                        extent.ports.insert(port)
                    }
                }
            }
            self.extents[server.key] = extent
        }
    }
}

/// The workloads of a namespace, found by their labels.
private struct LabelledWorkloads {
    private let all: [(Int, GovernedWorkload)]
    private var byLabel: [String: [String: [(Int, GovernedWorkload)]]] = [:]

    init(_ workloads: [GovernedWorkload], first: Int) {
        self.all = workloads.enumerated().map { (first + $0.offset, $0.element) }
        for entry in self.all {
            for (name, value) in entry.1.labels { self.byLabel[name, default: [:]][value, default: []].append(entry) }
        }
    }

    /// Workloads among which are all that the Server selects.
    func candidates(for server: Server) -> [(Int, GovernedWorkload)] {
        let selector = server.spec.podSelector ?? server.spec.externalWorkloadSelector
        let lists = (selector?.matchLabels ?? [:]).map { self.byLabel[$0.key]?[$0.value] ?? [] }
        return lists.min { $0.count < $1.count } ?? self.all
    }
}

extension GovernedWorkload {
    fileprivate var labels: [String: String] {
        switch self {
        case .pod(let pod): pod.metadata.labels
        case .external(let workload): workload.metadata.labels
        }
    }

    /// The ports that `server` asks for; nil when its selector does not match.
    fileprivate func portsIfSelected(by server: Server) -> [UInt16]? {
        switch self {
        case .pod(let pod): server.selects(pod) ? server.ports(of: pod) : nil
        case .external(let workload): server.selects(workload) ? server.ports(of: workload) : nil
        }
    }
}
