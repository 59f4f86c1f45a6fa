import MeshModel
import MeshPolicy
import MeshResources

/// Makes endpoints of workloads: who they are, what they speak.
struct WorkloadEndpoints {
    let view: ClusterView
    let settings: MeshSettings

    /// The endpoint of `pod` at `address`; nil for a meshed pod whose proxy cannot be made out.
    ///
    /// Such a pod answers nobody: its ports are redirected to a proxy that is not there.
    func endpoint(of pod: Pod, at address: SocketAddress) -> MeshPolicy.Endpoint? {
        var endpoint = MeshPolicy.Endpoint(address: address, labels: self.labels(of: pod))
        let skipped = pod.annotatedPorts(MeshLabels.skipInboundPorts)?.contains(address.port) ?? false
        guard let controlNamespace = pod.controlNamespace, !skipped else { return endpoint }
        guard let inbound = pod.proxyAddress("LINKERD2_PROXY_INBOUND_LISTEN_ADDR"),
            let admin = pod.proxyAddress("LINKERD2_PROXY_ADMIN_LISTEN_ADDR")
        else { return nil }
        let control = pod.proxyAddress("LINKERD2_PROXY_CONTROL_LISTEN_ADDR")
        let isOpaque = self.isOpaque(pod, port: address.port)
        endpoint.hint = isOpaque ? .opaque : self.settings.upgradesHTTP1 ? .http2 : .unspecified
        let isOwnPort = address.port == admin.port || address.port == control?.port
        if isOpaque || self.settings.usesTransportHeader, !isOwnPort { endpoint.transportPort = inbound.port }
        endpoint.http2 = self.settings.meshedHTTP2
        if controlNamespace == self.settings.controlNamespace {
            endpoint.tls = EndpointTLS(dns: self.settings.identity(of: pod.account))
        }
        return endpoint
    }

    /// The endpoint of an external workload at `address`.
    func endpoint(of workload: ExternalWorkload, at address: SocketAddress) -> MeshPolicy.Endpoint {
        let ports = workload.spec.ports
        let proxyPort =
            ports.first { $0.name == MeshLabels.proxyContainer }.flatMap { UInt16(exactly: $0.port) } ?? 4143
        let isOpaque = self.isOpaque(workload, port: address.port)
        var labels = ["external_workload": workload.metadata.name]
        if let owner = workload.metadata.ownerReferences.first { labels[Self.label(of: owner.kind)] = owner.name }
        return MeshPolicy.Endpoint(
            address: address, labels: labels,
            tls: EndpointTLS(
                identity: .uri(workload.spec.meshTLS.identity), serverName: workload.spec.meshTLS.serverName),
            hint: isOpaque ? .opaque : .http2,
            transportPort: isOpaque || self.settings.usesTransportHeader ? proxyPort : nil,
            http2: self.settings.meshedHTTP2)
    }

    /// True when connections to `port` of `pod` are not to be looked into.
    func isOpaque(_ pod: Pod, port: UInt16) -> Bool {
        if (pod.annotatedPorts(MeshLabels.opaquePorts) ?? self.settings.opaquePorts).contains(port) { return true }
        return self.opaqueServers(in: pod.metadata.namespace).contains { server in
            server.selects(pod) && server.ports(of: pod).contains(port)
        }
    }

    private func isOpaque(_ workload: ExternalWorkload, port: UInt16) -> Bool {
        let annotated = workload.metadata.annotations[MeshLabels.opaquePorts].map { text in
            PortSet(annotation: text) { name in workload.ports(named: name) }
        }
        if (annotated ?? self.settings.opaquePorts).contains(port) { return true }
        return self.opaqueServers(in: workload.metadata.namespace).contains { server in
            server.selects(workload) && server.ports(of: workload).contains(port)
        }
    }

    private func opaqueServers(in namespace: String) -> [Server] {
        self.view.objects(of: namespace, in: ClusterCollections.servers).filter { $0.spec.proxyProtocol == .opaque }
    }

    private func labels(of pod: Pod) -> [String: String] {
        var labels = ["pod": pod.metadata.name, "serviceaccount": pod.account.name]
        if let owner = self.owner(of: pod) { labels[Self.label(of: owner.kind)] = owner.name }
        if let controlNamespace = pod.controlNamespace { labels["control_plane_ns"] = controlNamespace }
        if let hash = pod.metadata.labels["pod-template-hash"] { labels["pod_template_hash"] = hash }
        return labels
    }

    /// The object that stands behind a pod: its controller, or the Deployment behind a ReplicaSet.
    private func owner(of pod: Pod) -> (kind: String, name: String)? {
        let references = pod.metadata.ownerReferences
        guard let owner = references.first(where: { $0.controller == true }) ?? references.first else { return nil }
        guard owner.kind == "ReplicaSet" else { return (owner.kind, owner.name) }
        let key = ObjectKey(namespace: pod.metadata.namespace, name: owner.name)
        let set = self.view.object(key, in: ClusterCollections.replicaSets)
        guard let above = set?.metadata.ownerReferences.first else { return (owner.kind, owner.name) }
        return (above.kind, above.name)
    }

    /// Kinds as metric labels; `job` is a label that Prometheus keeps for itself.
    private static func label(of kind: String) -> String {
        let lower = kind.lowercased()
        return lower == "job" ? "k8s_job" : lower
    }
}
