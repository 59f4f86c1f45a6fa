import MeshModel
import MeshResources

/// A pod or an external workload, as far as inbound policies are concerned.
enum GovernedWorkload {
    case pod(Pod)
    case external(ExternalWorkload)

    /// The workload `name`; nil when it is not there or not meshed.
    init?(_ name: WorkloadName, in view: ClusterView) {
        let key = ObjectKey(namespace: name.namespace, name: name.name)
        switch name.kind {
        case .pod:
            guard let pod = view.object(key, in: ClusterCollections.pods), pod.controlNamespace != nil else {
                return nil
            }
            self = .pod(pod)
        case .external:
            guard let workload = view.object(key, in: ClusterCollections.externalWorkloads) else { return nil }
            self = .external(workload)
        }
    }

    var annotations: [String: String] {
        switch self {
        case .pod(let pod): pod.metadata.annotations
        case .external(let workload): workload.metadata.annotations
        }
    }

    /// True when `server` governs `port` of this workload.
    func isGoverned(by server: Server, on port: UInt16) -> Bool {
        switch self {
        case .pod(let pod): server.selects(pod) && server.ports(of: pod).contains(port)
        case .external(let workload): server.selects(workload) && server.ports(of: workload).contains(port)
        }
    }

    /// The ports of the annotation `key`; none when it is absent or cannot be read as a whole.
    func annotatedPorts(_ key: String) -> PortSet {
        self.annotations[key].flatMap { PortSet(parsing: $0) } ?? PortSet()
    }

    /// The paths of HTTP probes on `port`, sorted; without their queries.
    func probePaths(on port: UInt16) -> [String] {
        guard case .pod(let pod) = self else { return [] }
        var paths: Set<String> = []
        for container in pod.allContainers {
            for probe in [container.livenessProbe, container.readinessProbe, container.startupProbe] {
                guard let action = probe?.httpGet, container.number(of: action.port) == port else { continue }
                let path = (action.path ?? "/").prefix { $0 != "?" }
                paths.insert(path.isEmpty ? "/" : String(path))
            }
        }
        return paths.sorted()
    }
}

extension Container {
    /// A port number, or the number of this container's own TCP port of that name, whatever the case.
    fileprivate func number(of port: IntOrString) -> UInt16? {
        switch port {
        case .int(let number): return UInt16(exactly: number)
        case .string(let name):
            let match = self.ports.first { $0.protocol == .tcp && ($0.name ?? "").matches(name) }
            return match.flatMap { UInt16(exactly: $0.containerPort) }
        }
    }
}
