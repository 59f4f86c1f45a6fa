public import MeshModel

/// Writes the nftables rules of the node namespace.
///
/// The script replaces the whole table in one transaction: a connection sees the rules of before or of after, never
/// none. A connection picks one of the endpoints at random and keeps it (connection tracking).
public enum ServiceRules {
    /// The name of the one table that we own.
    public static let table = "heddle"

    /// The script for `nft -f -`.
    ///
    /// - Parameters:
    ///   - services: At most one for each address, port and transport; of several the first counts.
    ///   - network: The virtual addresses; whatever in it no service claims is refused.
    ///   - pods: Endpoints in this network may also be their own clients, through the virtual address.
    public static func script(
        services: [VirtualService], network: IPNetwork, pods: IPNetwork
    ) -> String {
        var chains = ""
        var elements: [String] = []
        var endpoints: Set<IPAddress> = []
        var seen: Set<String> = []
        for service in services {
            let key = "\(service.address.ip) . \(service.transport.rawValue) . \(service.address.port)"
            guard !service.endpoints.isEmpty, seen.insert(key).inserted else { continue }
            let chain = "service\(elements.count)"
            elements.append("\(key) : goto \(chain)")
            chains += self.chain(chain, of: service)
            endpoints.formUnion(service.endpoints.map(\.ip).filter(pods.contains))
        }
        return """
            add table ip \(self.table)
            delete table ip \(self.table)
            table ip \(self.table) {
            \(chains)  map services {
                type ipv4_addr . inet_proto . inet_service : verdict
            \(self.elements(elements))  }
              set hairpin {
                type ipv4_addr . ipv4_addr
            \(self.elements(endpoints.map { "\($0) . \($0)" }.sorted()))  }
              chain translate {
                type nat hook prerouting priority dstnat
                ip daddr . meta l4proto . th dport vmap @services
              }
              chain return-path {
                type nat hook postrouting priority srcnat
                ip saddr . ip daddr @hairpin masquerade
              }
              chain refuse {
                type filter hook forward priority filter
                ip daddr \(network) meta l4proto tcp reject with tcp reset
                ip daddr \(network) reject
              }
            }

            """
    }

    private static func chain(_ name: String, of service: VirtualService) -> String {
        let transport = service.transport.rawValue
        let target: String
        if service.endpoints.count == 1 {
            target = "dnat to \(service.endpoints[0])"
        } else {
            let choices = service.endpoints.enumerated().map { "\($0.offset) : \($0.element.ip) . \($0.element.port)" }
            target = "dnat to numgen random mod \(choices.count) map { \(choices.joined(separator: ", ")) }"
        }
        return """
              chain \(name) {
                meta l4proto \(transport) \(target)
              }

            """
    }

    private static func elements(_ lines: [String]) -> String {
        lines.isEmpty ? "" : "    elements = { \(lines.joined(separator: ", ")) }\n"
    }
}
