public import MeshModel

/// The names of everything that a local cluster creates in the kernel, derived from the cluster's name alone.
///
/// That is what makes clean-up after a crash possible: whatever carries such a name belongs to that cluster and to
/// nothing else. A cluster's name has no dot, so no name of one cluster is a prefix of another's.
public struct NetworkNames: Hashable, Sendable {
    /// The cluster's name.
    public let cluster: String

    /// Checks `cluster`: 1 to 32 lower-case letters, digits and inner hyphens; nil otherwise.
    public init?(cluster: String) {
        let bytes = Array(cluster.utf8)
        let alphanumeric = { (byte: UInt8) in (97...122).contains(byte) || (48...57).contains(byte) }
        guard (1...32).contains(bytes.count), let first = bytes.first, let last = bytes.last,
            alphanumeric(first), alphanumeric(last),
            bytes.allSatisfy({ alphanumeric($0) || $0 == UInt8(ascii: "-") })
        else { return nil }
        self.cluster = cluster
    }

    /// The network namespace that joins the pods.
    public var nodeNamespace: String { "heddle.\(self.cluster)" }

    /// What the names of all pods' namespaces begin with.
    public var podNamespacePrefix: String { "heddle.\(self.cluster).pod." }

    /// The network namespace of the pod with this address.
    public func podNamespace(_ address: IPAddress) -> String {
        self.podNamespacePrefix + Self.hex(address)
    }

    /// The node's end of the link to the pod with this address; at most 15 characters (IFNAMSIZ).
    public func podLink(_ address: IPAddress) -> String { "pod\(Self.hex(address))" }

    /// The machine's end of the link to the node namespace; the only link outside of our namespaces.
    public var hostLink: String {
        var hash: UInt32 = 0x811C_9DC5  // FNV-1a, 32 bits.
        for byte in self.cluster.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return "hdl-\(Self.hex(hash))"
    }

    /// True for a network namespace of this cluster.
    public func owns(namespace: String) -> Bool {
        namespace == self.nodeNamespace || namespace.hasPrefix(self.podNamespacePrefix)
    }

    private static func hex(_ address: IPAddress) -> String {
        switch address {
        case .v4(let value): self.hex(value)
        case .v6(let upper, let lower): self.hex(UInt32(truncatingIfNeeded: upper ^ lower))
        }
    }

    private static func hex(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
