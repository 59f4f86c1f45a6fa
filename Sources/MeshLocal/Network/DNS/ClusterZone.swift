public import MeshModel

/// The names of a cluster as its DNS server knows them (the Kubernetes DNS specification, version 1.1.0).
///
/// - Services: `NAME.NAMESPACE.svc.DOMAIN`, with the virtual address, or the endpoints' when there is none.
/// - Endpoints of headless Services: `HOSTNAME.NAME.NAMESPACE.svc.DOMAIN`.
/// - Ports: `_PORT._TRANSPORT.` before a Service's name.
/// - Pods: `10-244-0-4.NAMESPACE.pod.DOMAIN`.
public struct ClusterZone: Hashable, Sendable {
    /// A Service with a name.
    public struct Service: Hashable, Sendable {
        /// The virtual address; nil for headless ones.
        public var address: IPAddress?
        /// Set for an alias of a name elsewhere (`ExternalName`).
        public var alias: [String]?
        /// Ports by name, of Services with a virtual address.
        public var ports: [Port]
        /// Who serves, for headless Services.
        public var endpoints: [Endpoint]

        /// A Service.
        public init(
            address: IPAddress? = nil, alias: [String]? = nil, ports: [Port] = [], endpoints: [Endpoint] = []
        ) {
            self.address = address
            self.alias = alias
            self.ports = ports
            self.endpoints = endpoints
        }
    }

    /// A named port.
    public struct Port: Hashable, Sendable {
        /// As in `_NAME._TRANSPORT`.
        public var name: String
        /// `tcp` or `udp`.
        public var transport: VirtualService.Transport
        /// The number.
        public var number: UInt16

        /// A named port.
        public init(name: String, transport: VirtualService.Transport, number: UInt16) {
            self.name = name
            self.transport = transport
            self.number = number
        }
    }

    /// One address of a headless Service.
    public struct Endpoint: Hashable, Sendable {
        /// The pod.
        public var address: IPAddress
        /// The pod's `hostname`; otherwise its name is made from the address.
        public var hostname: String?
        /// What it serves.
        public var ports: [Port]

        /// An endpoint.
        public init(address: IPAddress, hostname: String? = nil, ports: [Port] = []) {
            self.address = address
            self.hostname = hostname
            self.ports = ports
        }

        var label: String {
            self.hostname ?? String(self.address.description.map { $0 == "." || $0 == ":" ? "-" : $0 })
        }
    }

    /// Labels of the cluster's domain.
    public var domain: [String]
    /// Every Service by namespace and name.
    public var services: [ObjectKey: Service]
    private let namespaces: Set<String>

    /// The zone of `services`.
    public init(domain: [String] = ["cluster", "local"], services: [ObjectKey: Service] = [:]) {
        self.domain = domain
        self.services = services
        self.namespaces = Set(services.keys.map(\.namespace))
    }
}

extension ClusterZone {
    /// Answers for `name`, labels in lower case.
    ///
    /// Names outside the domain do not exist: nothing outside is reachable from a pod, and a quick no is kinder than a
    /// time-out.
    func answer(_ name: [String], type: UInt16) -> DNSAnswer {
        if name == ["localhost"] { return self.addresses([.v4(0x7F00_0001)], type) }
        guard name.count >= self.domain.count, Array(name.suffix(self.domain.count)) == self.domain else {
            return .noSuchName
        }
        let labels = Array(name.dropLast(self.domain.count))
        switch labels.last {
        case nil: return .records([])
        case "svc": return self.service(Array(labels.dropLast()), type)
        case "pod": return self.pod(Array(labels.dropLast()), type)
        default: return .noSuchName
        }
    }

    private func service(_ labels: [String], _ type: UInt16) -> DNSAnswer {
        guard let namespace = labels.last else { return .records([]) }
        guard labels.count >= 2 else { return self.namespaces.contains(namespace) ? .records([]) : .noSuchName }
        let name = labels[labels.count - 2]
        guard let service = self.services[ObjectKey(namespace: namespace, name: name)] else { return .noSuchName }
        let fullName = [name, namespace, "svc"] + self.domain
        let rest = Array(labels.dropLast(2))
        if let alias = service.alias { return rest.isEmpty ? .records([.cname(alias)]) : .noSuchName }
        switch rest.count {
        case 0: return self.addresses(service.address.map { [$0] } ?? service.endpoints.map(\.address), type)
        case 1:
            let matching = service.endpoints.filter { $0.label == rest[0] }.map(\.address)
            return service.address == nil && !matching.isEmpty ? self.addresses(matching, type) : .noSuchName
        case 2: return self.ports(of: service, fullName, rest, type)
        default: return .noSuchName
        }
    }

    private func ports(of service: Service, _ fullName: [String], _ labels: [String], _ type: UInt16) -> DNSAnswer {
        let matches = { (port: Port) in labels == ["_\(port.name)", "_\(port.transport.rawValue)"] }
        var records: [DNSRecord] = []
        if let address = service.address {
            for port in service.ports where matches(port) {
                records.append(.srv(port: port.number, target: fullName))
                if case .v4(let value) = address { records.append(.additional(fullName, value)) }
            }
        } else {
            for endpoint in service.endpoints {
                for port in endpoint.ports where matches(port) {
                    let target = [endpoint.label] + fullName
                    records.append(.srv(port: port.number, target: target))
                    if case .v4(let value) = endpoint.address { records.append(.additional(target, value)) }
                }
            }
        }
        guard !records.isEmpty else { return .noSuchName }
        return .records(type == DNSType.srv || type == DNSType.any ? records : [])
    }

    private func pod(_ labels: [String], _ type: UInt16) -> DNSAnswer {
        guard let namespace = labels.last else { return .records([]) }
        guard labels.count == 2 else {
            return labels.count == 1 && self.namespaces.contains(namespace) ? .records([]) : .noSuchName
        }
        guard let address = IPAddress(String(labels[0].map { $0 == "-" ? "." : $0 })) else { return .noSuchName }
        return self.addresses([address], type)
    }

    private func addresses(_ addresses: [IPAddress], _ type: UInt16) -> DNSAnswer {
        guard type == DNSType.a || type == DNSType.any else { return .records([]) }
        return .records(
            addresses.compactMap { address in
                guard case .v4(let value) = address else { return nil }
                return .a(value)
            })
    }
}
