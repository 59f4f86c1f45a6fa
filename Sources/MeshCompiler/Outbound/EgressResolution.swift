import MeshModel
import MeshPolicy
import MeshResources

/// Finds the EgressNetwork that an address outside the cluster belongs to.
struct EgressResolution {
    let view: ClusterView
    let settings: MeshSettings

    /// The most specific network, then the oldest, then the first by name.
    ///
    /// The networks of the source's namespace count if there are any at all, otherwise the global ones.
    func network(for address: IPAddress, from namespace: String) -> EgressNetwork? {
        var candidates = self.view.objects(of: namespace, in: ClusterCollections.egressNetworks)
        if candidates.isEmpty {
            candidates = self.view.objects(
                of: self.settings.globalEgressNamespace, in: ClusterCollections.egressNetworks)
        }
        let matching = candidates.compactMap { network in
            self.smallestBlock(of: network, containing: address).map { (size: $0, network: network) }
        }
        return matching.min { left, right in
            left.size != right.size ? left.size < right.size : Precedence.claims(left.network, before: right.network)
        }?.network
    }

    /// The number of addresses, less one, of the smallest network that holds `address`.
    private func smallestBlock(of network: EgressNetwork, containing address: IPAddress) -> UInt128? {
        network.matches(settings: self.settings).filter { $0.contains(address) }.map(\.size).min()
    }
}

extension EgressNetwork {
    /// The networks, without those parts that cannot be read; everything outside the cluster when none are written.
    func matches(settings: MeshSettings) -> [NetworkMatch] {
        guard let blocks = self.spec.networks else {
            return NetworkMatch.everywhere.map { everything in
                NetworkMatch(
                    everything.network,
                    except: settings.clusterNetworks.filter { everything.network.overlaps($0) })
            }
        }
        return blocks.compactMap { block in
            IPNetwork(block.cidr).map { NetworkMatch($0, except: block.except.compactMap { IPNetwork($0) }) }
        }
    }

    /// True unless a network or an exception cannot be read.
    var isReadable: Bool {
        (self.spec.networks ?? []).allSatisfy { block in
            IPNetwork(block.cidr) != nil && block.except.allSatisfy { IPNetwork($0) != nil }
        }
    }

    /// Whether traffic that no route takes may pass; what cannot be read as a whole lets nothing pass.
    var allowsTraffic: Bool { self.spec.trafficPolicy == .allow && self.isReadable }
}

extension NetworkMatch {
    /// The number of addresses less one, so that `::/0` fits.
    fileprivate var size: UInt128 {
        self.except.filter { self.network.contains($0) }.reduce(Self.size(self.network)) { rest, exception in
            let part = Self.size(exception)
            return rest > part ? rest - part - 1 : 0
        }
    }

    private static func size(_ network: IPNetwork) -> UInt128 {
        let hostBits = network.address.bitWidth - network.prefixLength
        return hostBits == 128 ? UInt128.max : (UInt128(1) << UInt128(hostBits)) - 1
    }
}
