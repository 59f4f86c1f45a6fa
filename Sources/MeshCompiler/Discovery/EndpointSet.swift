import MeshModel
public import MeshPolicy

/// An address behind a Service, before a client's view is applied.
public struct DiscoveredEndpoint: Hashable, Sendable {
    /// Where it is and how to speak with it; without `zone_locality`.
    public var endpoint: Endpoint
    /// The instance's name behind a headless Service.
    public var hostname: String?
    /// The node it runs on.
    public var node: String?
    /// The zone it runs in.
    public var zone: String?
    /// The zones whose clients should use it.
    public var zoneHints: [String]
    /// The workload behind the address, to tell families of one workload apart.
    public var workload: String?

    init(_ endpoint: Endpoint) {
        self.endpoint = endpoint
        self.zoneHints = []
    }
}

/// Where the client of a lookup runs.
public struct ClientLocation: Hashable, Sendable {
    /// Its node; nil when unknown.
    public var node: String?
    /// Its node's zone; nil when unknown.
    public var zone: String?

    /// A place; unknown unless given.
    public init(node: String? = nil, zone: String? = nil) {
        self.node = node
        self.zone = zone
    }
}

/// All addresses behind a port of a Service.
public struct EndpointSet: Hashable, Sendable {
    /// Sorted by address.
    public var endpoints: [DiscoveredEndpoint]
    /// Labels that hold for all of them.
    public var labels: [String: String]
    /// Clients may only use endpoints of their own node.
    public var isNodeLocal: Bool
    /// IPv6 endpoints are published, and preferred over IPv4 ones of the same workload.
    public var usesIPv6: Bool

    /// What a client at `location` may use; `instance` narrows it to one hostname.
    public func endpoints(for location: ClientLocation, instance: String? = nil) -> [Endpoint] {
        var candidates = self.endpoints
        if let instance { candidates.removeAll { $0.hostname != instance } }
        if self.isNodeLocal {
            candidates.removeAll { $0.node == nil || $0.node != location.node }
        } else if candidates.allSatisfy({ !$0.zoneHints.isEmpty }), let zone = location.zone {
            // Hints count only when every endpoint has some, and never leave a client without any endpoint.
            let near = candidates.filter { $0.zoneHints.contains(zone) }
            if !near.isEmpty { candidates = near }
        }
        return self.ofOneFamily(candidates).map { candidate in
            var endpoint = candidate.endpoint
            endpoint.labels["zone_locality"] = Self.locality(client: location.zone, endpoint: candidate.zone)
            return endpoint
        }
    }

    private func ofOneFamily(_ candidates: [DiscoveredEndpoint]) -> [DiscoveredEndpoint] {
        guard self.usesIPv6 else { return candidates.filter { !$0.isIPv6 } }
        let dual = Set(candidates.filter(\.isIPv6).compactMap(\.workload))
        return candidates.filter { candidate in
            candidate.isIPv6 || !(candidate.workload.map(dual.contains) ?? false)
        }
    }

    private static func locality(client: String?, endpoint: String?) -> String {
        guard let client, let endpoint, !client.isEmpty, !endpoint.isEmpty else { return "unknown" }
        return client == endpoint ? "local" : "remote"
    }
}

extension DiscoveredEndpoint {
    fileprivate var isIPv6: Bool {
        if case .v6 = self.endpoint.address.ip { return true }
        return false
    }
}
