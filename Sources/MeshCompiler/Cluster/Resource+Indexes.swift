import MeshModel
import MeshResources

extension Pod {
    /// How a pod is found: by its own addresses, and by the ports of its node that lead to it.
    var indexKeys: [ClusterIndexKey] {
        guard self.isLive else { return [] }
        var keys: [ClusterIndexKey] = []
        if !self.spec.hostNetwork { keys += self.addresses.map { .podIP($0) } }
        let hosts = self.hostAddresses
        for container in self.spec.initContainers + self.spec.containers {
            for port in container.ports where port.protocol == .tcp {
                guard let hostPort = port.hostPort, let number = UInt16(exactly: hostPort), number > 0 else { continue }
                keys += hosts.map { .hostPort(SocketAddress($0, port: number)) }
            }
        }
        return keys
    }

    /// True unless the pod is on its way out or has ended; such pods own no address any more.
    var isLive: Bool {
        self.metadata.deletionTimestamp == nil && self.status.phase != "Succeeded" && self.status.phase != "Failed"
    }

    /// The pod's addresses, one of each family at most.
    var addresses: [IPAddress] { Self.parse(self.status.podIPs.compactMap(\.ip), or: self.status.podIP) }

    private var hostAddresses: [IPAddress] { Self.parse(self.status.hostIPs.compactMap(\.ip), or: self.status.hostIP) }

    private static func parse(_ list: [String], or single: String?) -> [IPAddress] {
        (list.isEmpty ? [single].compactMap(\.self) : list).compactMap { IPAddress($0) }
    }
}

extension Service {
    /// The cluster IPs; none for headless Services.
    var clusterIPs: [IPAddress] {
        let texts = self.spec.clusterIPs.isEmpty ? [self.spec.clusterIP].compactMap(\.self) : self.spec.clusterIPs
        return texts.compactMap { IPAddress($0) }
    }
}

extension EndpointSlice {
    /// The Service whose addresses the slice holds.
    var service: ObjectKey? {
        let name =
            self.metadata.labels["kubernetes.io/service-name"]
            ?? self.metadata.ownerReferences.first { $0.kind == "Service" }?.name
        return name.map { ObjectKey(namespace: self.metadata.namespace, name: $0) }
    }
}

extension ExternalWorkload {
    var addresses: [IPAddress] { self.spec.workloadIPs.compactMap { IPAddress($0.ip) } }
}
