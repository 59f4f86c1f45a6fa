public import MeshModel
import MeshPolicy
import MeshResources

/// Asks which endpoints are behind a port of a Service.
public struct EndpointsQuery: ClusterQuery {
    /// What is known of a Service's endpoints.
    public enum Answer: Hashable, Sendable {
        /// There is no such Service.
        case missing
        /// The Service is a name of something outside.
        case external
        /// The endpoints, perhaps none.
        case found(EndpointSet)
    }

    /// The Service.
    public let service: ObjectKey
    /// One of its ports, or a port of its pods.
    public let port: UInt16

    /// Asks for the endpoints of `service` on `port`.
    public init(service: ObjectKey, port: UInt16) {
        self.service = service
        self.port = port
    }

    /// Looks through the Service's EndpointSlices.
    public func answer(in view: ClusterView, settings: MeshSettings) -> Answer {
        guard let service = view.object(self.service, in: ClusterCollections.services) else { return .missing }
        guard service.spec.type != .externalName else { return .external }
        let workloads = WorkloadEndpoints(view: view, settings: settings)
        var found: [SocketAddress: DiscoveredEndpoint] = [:]
        for slice in view.objects(at: .slices(self.service), in: ClusterCollections.endpointSlices) {
            guard let port = self.targetPort(of: service, in: slice) else { continue }
            for endpoint in slice.endpoints where endpoint.isUsable {
                for text in endpoint.addresses {
                    guard let ip = IPAddress(text) else { continue }
                    let address = SocketAddress(ip, port: port)
                    guard let one = self.discovered(endpoint, of: slice, at: address, workloads) else { continue }
                    found[address] = one
                }
            }
        }
        let endpoints = found.values.sorted {
            ($0.endpoint.address.ip.description, $0.endpoint.address.port)
                < ($1.endpoint.address.ip.description, $1.endpoint.address.port)
        }
        return .found(
            EndpointSet(
                endpoints: endpoints,
                labels: ["service": self.service.name, "namespace": self.service.namespace],
                isNodeLocal: service.spec.internalTrafficPolicy == "Local", usesIPv6: settings.ipv6))
    }

    /// The port to dial: the slice's port of the Service port's name, or the very port that was asked for when the
    /// Service does not define it.
    private func targetPort(of service: Service, in slice: EndpointSlice) -> UInt16? {
        guard !slice.ports.isEmpty else { return nil }
        let defined = service.spec.ports.first { $0.port == Int(self.port) && $0.protocol == .tcp }
        guard let defined else { return self.port }
        let name = defined.name ?? ""
        let match = slice.ports.first { ($0.name ?? "") == name && $0.protocol == .tcp }
        return match?.port.flatMap { UInt16(exactly: $0) }
    }

    private func discovered(
        _ endpoint: MeshResources.Endpoint, of slice: EndpointSlice, at address: SocketAddress,
        _ workloads: WorkloadEndpoints
    ) -> DiscoveredEndpoint? {
        var result: DiscoveredEndpoint
        switch endpoint.targetRef?.kind {
        case "Pod":
            let key = self.key(of: endpoint.targetRef, in: slice)
            guard let pod = workloads.view.object(key, in: ClusterCollections.pods),
                let made = workloads.endpoint(of: pod, at: address)
            else { return nil }
            result = DiscoveredEndpoint(made)
            result.endpoint.labels["zone"] = endpoint.zone ?? ""
            result.workload = key.description
        case "ExternalWorkload":
            let key = self.key(of: endpoint.targetRef, in: slice)
            guard let workload = workloads.view.object(key, in: ClusterCollections.externalWorkloads) else {
                return nil
            }
            result = DiscoveredEndpoint(workloads.endpoint(of: workload, at: address))
            result.endpoint.labels["zone"] = endpoint.zone ?? ""
            result.workload = key.description
        case nil:
            result = self.bare(address, of: slice, workloads.settings)
        default:
            return nil
        }
        (result.hostname, result.node) = (endpoint.hostname, endpoint.nodeName)
        if endpoint.targetRef != nil { result.zone = endpoint.zone }
        result.zoneHints = endpoint.hints?.forZones.map(\.name) ?? []
        return result
    }

    /// An address without an object behind it: a manual Endpoint, or the gateway of another cluster.
    private func bare(_ address: SocketAddress, of slice: EndpointSlice, _ settings: MeshSettings)
        -> DiscoveredEndpoint
    {
        var endpoint = MeshPolicy.Endpoint(address: address)
        let annotations = slice.metadata.annotations
        if let name = annotations["mirror.linkerd.io/remote-svc-fq-name"] {
            endpoint.authorityOverride = "\(name):\(self.port)"
        }
        if let identity = annotations["mirror.linkerd.io/remote-gateway-identity"], !identity.isEmpty {
            endpoint.tls = EndpointTLS(dns: identity)
            endpoint.hint = settings.upgradesHTTP1 ? .http2 : .unspecified
            endpoint.http2 = settings.meshedHTTP2
        }
        return DiscoveredEndpoint(endpoint)
    }

    private func key(of reference: ObjectReference?, in slice: EndpointSlice) -> ObjectKey {
        ObjectKey(namespace: reference?.namespace ?? slice.metadata.namespace, name: reference?.name ?? "")
    }
}

extension MeshResources.Endpoint {
    /// Ready (meant when unset), and not on its way out: a draining endpoint gets no new connections.
    fileprivate var isUsable: Bool { self.conditions.ready != false && self.conditions.terminating != true }
}

/// Asks in which zone a node runs.
public struct NodeZoneQuery: ClusterQuery {
    /// The node.
    public let node: String

    /// Asks for the zone of `node`.
    public init(node: String) { self.node = node }

    /// Reads the node's label.
    public func answer(in view: ClusterView, settings: MeshSettings) -> String? {
        view.object(ObjectKey(name: self.node), in: ClusterCollections.nodes)?
            .metadata.labels["topology.kubernetes.io/zone"]
    }
}
