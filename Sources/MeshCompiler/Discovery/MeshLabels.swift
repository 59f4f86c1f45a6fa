import MeshModel
import MeshResources

/// The labels and annotations of workloads that we read.
enum MeshLabels {
    static let controlNamespace = "linkerd.io/control-plane-ns"
    static let opaquePorts = "config.linkerd.io/opaque-ports"
    static let skipInboundPorts = "config.linkerd.io/skip-inbound-ports"
    static let defaultInboundPolicy = "config.linkerd.io/default-inbound-policy"
    static let requireIdentityPorts = "config.linkerd.io/proxy-require-identity-inbound-ports"
    static let proxyContainer = "linkerd-proxy"
}

extension Pod {
    /// The namespace of the control plane whose proxy runs in the pod; nil when there is none.
    var controlNamespace: String? { self.metadata.labels[MeshLabels.controlNamespace] }

    /// The pod's ServiceAccount.
    var account: ObjectKey {
        let name = self.spec.serviceAccountName ?? ""
        return ObjectKey(namespace: self.metadata.namespace, name: name.isEmpty ? "default" : name)
    }

    /// Init containers first: that is where a native sidecar lives.
    var allContainers: [Container] { self.spec.initContainers + self.spec.containers }

    /// Every TCP port number that a container port of this name has; several containers may share a name.
    func ports(named name: String) -> [UInt16] {
        var ports: [UInt16] = []
        for container in self.allContainers {
            for port in container.ports where port.protocol == .tcp && port.name == name {
                guard let number = UInt16(exactly: port.containerPort), number > 0, !ports.contains(number) else {
                    continue
                }
                ports.append(number)
            }
        }
        return ports
    }

    /// Ports of the annotation `key`: numbers, ranges and names of container ports.
    ///
    /// Nil when the annotation is absent; what cannot be read is left out, the rest holds.
    func annotatedPorts(_ key: String) -> PortSet? {
        guard let text = self.metadata.annotations[key] else { return nil }
        return PortSet(annotation: text) { name in self.ports(named: name) }
    }

    /// The address that a variable of the proxy's container holds.
    func proxyAddress(_ variable: String) -> SocketAddress? {
        let proxy = self.allContainers.first { $0.name == MeshLabels.proxyContainer }
        let value = proxy?.env.first { $0.name == variable }?.value
        return value.flatMap { SocketAddress($0) }
    }
}

extension PortSet {
    /// Reads numbers, ranges and names; names are resolved by `resolve`, what cannot be read is left out.
    init(annotation text: String, resolve: (String) -> [UInt16]) {
        var ranges: [ClosedRange<UInt16>] = []
        for item in text.split(separator: ",") {
            let item = Self.trimmed(item)
            if let set = PortSet(parsing: item) {
                ranges += set.ranges
            } else {
                ranges += resolve(String(item)).map { $0...$0 }
            }
        }
        self.init(ranges: ranges)
    }
}
