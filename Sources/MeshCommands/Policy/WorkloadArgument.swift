import ArgumentParser
import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources

/// A workload as users name it: `KIND/NAME[.NAMESPACE]`, or the name of a pod alone.
struct WorkloadArgument: Equatable {
    let kind: Kind
    let name: String
    let namespace: String

    enum Kind: Equatable {
        case pod
        case external
        /// Whatever makes pods: the first one whose name begins with its own.
        case owner
    }

    init?(_ text: String, namespace: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let kind: Kind
        switch parts.count == 2 ? parts[0].lowercased() : "pod" {
        case "pod", "pods", "po": kind = .pod
        case "deploy", "deployment", "deployments", "sts", "statefulset", "statefulsets", "ds", "daemonset",
            "daemonsets", "job", "jobs", "rs", "replicaset", "replicasets":
            kind = .owner
        case "externalworkload", "externalworkloads", "ew": kind = .external
        default: return nil
        }
        guard parts.count <= 2, let last = parts.last, !last.isEmpty else { return nil }
        let names = last.split(separator: ".", maxSplits: 1).map(String.init)
        guard let name = names.first else { return nil }
        (self.kind, self.name) = (kind, name)
        self.namespace = names.count == 2 ? names[1] : namespace
    }

    /// The workload in the cluster; nil when there is none.
    func resolve(in snapshot: ClusterSnapshot) -> WorkloadName? {
        let key = ObjectKey(namespace: self.namespace, name: self.name)
        switch self.kind {
        case .external:
            guard snapshot.externalWorkloads[key] != nil else { return nil }
            return WorkloadName(namespace: key.namespace, kind: .external, name: key.name)
        case .pod:
            guard snapshot.pods[key] != nil else { return nil }
            return WorkloadName(namespace: key.namespace, name: key.name)
        case .owner:
            let pods = snapshot.pods.objects(in: key.namespace).map(\.metadata.name)
            let first = pods.filter { $0.hasPrefix("\(self.name)-") }.min()
            return first.map { WorkloadName(namespace: key.namespace, name: $0) }
        }
    }

    /// Splits `WORKLOAD:PORT`; the port is a number or a name.
    static func withPort(_ text: String, namespace: String) -> (workload: WorkloadArgument, port: String)? {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, !parts[1].isEmpty, let workload = WorkloadArgument(parts[0], namespace: namespace)
        else { return nil }
        return (workload, parts[1])
    }

    /// The number of a port of a workload, given as a number or a name.
    static func port(_ text: String, of workload: WorkloadName, in snapshot: ClusterSnapshot) -> UInt16? {
        if let number = UInt16(text) { return number > 0 ? number : nil }
        let key = ObjectKey(namespace: workload.namespace, name: workload.name)
        switch workload.kind {
        case .pod:
            let containers = snapshot.pods[key].map { $0.spec.initContainers + $0.spec.containers } ?? []
            let found = containers.flatMap(\.ports).first { $0.name == text && $0.protocol == .tcp }
            return found.flatMap { UInt16(exactly: $0.containerPort) }
        case .external:
            let found = snapshot.externalWorkloads[key]?.spec.ports.first { $0.name == text }
            return found.flatMap { UInt16(exactly: $0.port) }
        }
    }
}

/// A client as users name it: a workload, an address, an identity, or `ADDRESS/IDENTITY`.
enum ClientArgument: Equatable {
    case workload(WorkloadArgument)
    case address(IPAddress, identity: String?)
    case identity(String)

    init?(_ text: String, namespace: String) {
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        if let first = parts.first, let address = IPAddress(first) {
            self = .address(address, identity: parts.count == 2 ? parts[1] : nil)
        } else if text.hasPrefix("spiffe://") {
            self = .identity(text)
        } else if parts.count == 1, text.split(separator: ".").count > 2 {
            self = .identity(text)
        } else if let workload = WorkloadArgument(text, namespace: namespace) {
            self = .workload(workload)
        } else {
            return nil
        }
    }

    static func peer(_ identity: String) -> PeerIdentity {
        identity.hasPrefix("spiffe://") ? .uri(ByteString(identity)) : .dns(ByteString(identity.lowercased()))
    }

    /// What proxies see of the client; nil when the workload is not there.
    func resolve(in snapshot: ClusterSnapshot, settings: MeshSettings) -> AccessClient? {
        switch self {
        case .workload(let argument):
            guard let name = argument.resolve(in: snapshot) else { return nil }
            return AccessClient(name, in: ClusterView(snapshot), settings: settings)
        case .address(let address, let identity):
            return AccessClient(address: address, identity: identity.map { Self.peer($0) } ?? .clear)
        case .identity(let identity):
            // An address of the cluster: where a client with an identity of the mesh usually is.
            return settings.clusterNetworks.first.map {
                AccessClient(address: $0.address, identity: Self.peer(identity))
            }
        }
    }
}
