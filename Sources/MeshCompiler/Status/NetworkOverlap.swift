import MeshModel
import MeshPolicy
import MeshResources

extension EgressNetwork {
    /// True when an address of the cluster belongs to one of the networks; never when none are written.
    func overlapsCluster(settings: MeshSettings) -> Bool {
        guard self.spec.networks != nil else { return false }
        return self.matches(settings: settings).contains { match in
            settings.clusterNetworks.contains { match.overlaps($0) }
        }
    }
}

extension NetworkMatch {
    /// True when an address of `other` matches.
    func overlaps(_ other: IPNetwork) -> Bool {
        // Of two networks that share an address, one holds the other: the smaller one is what they share.
        guard self.network.overlaps(other) else { return false }
        let shared = self.network.contains(other) ? other : self.network
        return !Self.isCovered(shared, by: self.except)
    }

    /// True when every address of `network` lies in one of `parts`.
    ///
    /// - Complexity: only halves that a part lies in are looked into.
    private static func isCovered(_ network: IPNetwork, by parts: [IPNetwork]) -> Bool {
        if parts.contains(where: { $0.contains(network) }) { return true }
        let inside = parts.filter { network.contains($0) }
        guard !inside.isEmpty, let (low, high) = network.halves else { return false }
        return self.isCovered(low, by: inside) && self.isCovered(high, by: inside)
    }
}

extension IPNetwork {
    /// The two networks of half the size; nil for a single address.
    fileprivate var halves: (IPNetwork, IPNetwork)? {
        let length = self.prefixLength + 1
        let upper: IPAddress
        switch self.address {
        case .v4(let value):
            guard length <= 32 else { return nil }
            upper = .v4(value | 1 << UInt32(32 - length))
        case .v6(let high, let low):
            guard length <= 128 else { return nil }
            upper =
                length <= 64 ? .v6(high | 1 << UInt64(64 - length), low) : .v6(high, low | 1 << UInt64(128 - length))
        }
        guard let first = IPNetwork(self.address, prefixLength: length),
            let second = IPNetwork(upper, prefixLength: length)
        else { return nil }
        return (first, second)
    }
}
