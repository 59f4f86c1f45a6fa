import MeshModel
public import MeshResources

/// What the node's address translation and the DNS server must know, from Services and EndpointSlices.
public struct ServiceTable: Hashable, Sendable {
    /// Virtual addresses and their endpoints.
    public var virtual: [VirtualService] = []
    /// Names.
    public var zone = ClusterZone()

    /// The table of `services`; slices are found by their label.
    public init(services: [Service], slices: [EndpointSlice], domain: [String] = ["cluster", "local"]) {
        let byService = Dictionary(grouping: slices) { slice in
            ObjectKey(
                namespace: slice.metadata.namespace, name: slice.metadata.labels["kubernetes.io/service-name"] ?? "")
        }
        var names: [ObjectKey: ClusterZone.Service] = [:]
        for service in services.sorted(by: { $0.key < $1.key }) {
            let slices = (byService[service.key] ?? []).sorted { $0.key < $1.key }
            self.virtual += Self.virtual(service, slices)
            names[service.key] = Self.name(service, slices)
        }
        self.zone = ClusterZone(domain: domain, services: names)
    }

    private static func address(of service: Service) -> IPAddress? {
        service.spec.clusterIP.flatMap { IPAddress($0) }
    }

    private static func virtual(_ service: Service, _ slices: [EndpointSlice]) -> [VirtualService] {
        guard let address = self.address(of: service) else { return [] }
        return service.spec.ports.compactMap { port in
            guard let number = UInt16(exactly: port.port), let transport = self.transport(port.protocol) else {
                return nil
            }
            let endpoints = slices.flatMap { slice in
                self.endpoints(of: slice, port: port.name ?? "", port.protocol)
            }
            return VirtualService(
                address: SocketAddress(address, port: number), transport: transport, endpoints: endpoints)
        }
    }

    private static func endpoints(
        of slice: EndpointSlice, port name: String, _ transport: TransportProtocol
    ) -> [SocketAddress] {
        let port = slice.ports.first { ($0.name ?? "") == name && $0.protocol == transport }?.port
        guard let number = port.flatMap({ UInt16(exactly: $0) }) else { return [] }
        return slice.endpoints.filter { $0.conditions.ready != false }.compactMap { endpoint in
            endpoint.addresses.first.flatMap { IPAddress($0) }.map { SocketAddress($0, port: number) }
        }
    }

    private static func name(_ service: Service, _ slices: [EndpointSlice]) -> ClusterZone.Service {
        if service.spec.type == .externalName {
            let alias = (service.spec.externalName ?? "").lowercased().split(separator: ".").map(String.init)
            return ClusterZone.Service(alias: alias)
        }
        if let address = self.address(of: service) {
            let ports = service.spec.ports.compactMap { port in
                self.port(port.name, port.protocol, port.port)
            }
            return ClusterZone.Service(address: address, ports: ports)
        }
        let endpoints = slices.flatMap { slice in
            let ports = slice.ports.compactMap { self.port($0.name, $0.protocol, $0.port) }
            return slice.endpoints.filter { $0.conditions.ready != false }.compactMap { endpoint in
                endpoint.addresses.first.flatMap { IPAddress($0) }.map { address in
                    ClusterZone.Endpoint(address: address, hostname: endpoint.hostname, ports: ports)
                }
            }
        }
        return ClusterZone.Service(endpoints: endpoints)
    }

    private static func port(_ name: String?, _ transport: TransportProtocol, _ number: Int?) -> ClusterZone.Port? {
        guard let name, !name.isEmpty, let number = number.flatMap({ UInt16(exactly: $0) }),
            let transport = self.transport(transport)
        else { return nil }
        return ClusterZone.Port(name: name, transport: transport, number: number)
    }

    private static func transport(_ transport: TransportProtocol) -> VirtualService.Transport? {
        switch transport {
        case .tcp: .tcp
        case .udp: .udp
        case .sctp: nil
        }
    }
}
