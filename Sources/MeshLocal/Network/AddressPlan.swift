public import MeshModel

/// Which addresses a local cluster uses, all derived from two networks.
///
/// The last two addresses of the pod network belong to the machine: its end of the link into the node namespace, and
/// the node namespace's own. Both lie in the pod network so that the usual "cluster networks" cover them.
public struct AddressPlan: Hashable, Sendable {
    /// Where pods get their addresses, an IPv4 /16.
    public let pods: IPNetwork
    /// Where Services get their virtual addresses, an IPv4 /16.
    public let services: IPNetwork
    private let podBase: UInt32
    private let serviceBase: UInt32

    /// The plan numbered `index`: pods in 10.(244+index).0.0/16, Services in 10.(96+index).0.0/16.
    ///
    /// Returns nil unless `index` is one of ``indices``.
    public init?(index: Int) {
        guard Self.indices.contains(index), let number = UInt32(exactly: index) else { return nil }
        self.podBase = (10 << 24) | ((244 + number) << 16)
        self.serviceBase = (10 << 24) | ((96 + number) << 16)
        guard let pods = IPNetwork(.v4(self.podBase), prefixLength: 16),
            let services = IPNetwork(.v4(self.serviceBase), prefixLength: 16)
        else { return nil }
        self.pods = pods
        self.services = services
    }

    /// The plans that exist; so many local clusters can run on one machine.
    public static let indices = 0..<12

    /// How many pods can have an address at the same time.
    public static let podsMax = 4096

    /// The machine's end of the link: the node's address, where the API server listens and probes come from.
    public var host: IPAddress { .v4(self.podBase | 0xFFFE) }

    /// The node namespace's end of the link; what a pod sees when it reaches itself through its own Service.
    public var node: IPAddress { .v4(self.podBase | 0xFFFD) }

    /// The virtual address of Service `default/kubernetes`.
    public var apiServer: IPAddress { .v4(self.serviceBase | 1) }

    /// The virtual address of the cluster's DNS server.
    public var dns: IPAddress { .v4(self.serviceBase | 10) }

    /// The address of the pod that holds slot `slot`, 0 ≤ slot < ``podsMax``.
    public func pod(slot: Int) -> IPAddress {
        precondition((0..<Self.podsMax).contains(slot), "pod slots are handed out below podsMax")
        return .v4(self.podBase | UInt32(slot + 4))
    }

    /// The first plan whose networks overlap with none of `taken`.
    public static func first(avoiding taken: [IPNetwork]) -> AddressPlan? {
        self.indices.lazy.compactMap { AddressPlan(index: $0) }.first { plan in
            !taken.contains { $0.overlaps(plan.pods) || $0.overlaps(plan.services) }
        }
    }
}
