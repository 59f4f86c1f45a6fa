/// A network in CIDR form; host bits of the given address are dropped.
public struct IPNetwork: Hashable, Sendable {
    /// The first address of the network.
    public let address: IPAddress
    /// 0…32 for IPv4, 0…128 for IPv6.
    public let prefixLength: Int

    /// The network of `prefixLength` bits that holds `address`; nil when the length does not fit the family.
    public init?(_ address: IPAddress, prefixLength: Int) {
        guard (0...address.bitWidth).contains(prefixLength) else { return nil }
        self.prefixLength = prefixLength
        switch address {
        case .v4(let value):
            self.address = .v4(prefixLength == 0 ? 0 : value & (UInt32.max << UInt32(32 - prefixLength)))
        case .v6(let upper, let lower):
            let upperMask = prefixLength == 0 ? 0 : UInt64.max << UInt64(max(0, 64 - prefixLength))
            let lowerMask = prefixLength <= 64 ? 0 : UInt64.max << UInt64(128 - prefixLength)
            self.address = .v6(upper & upperMask, lower & lowerMask)
        }
    }

    /// Parses `ADDRESS/LENGTH`, or a bare address as the network of that one host.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        guard parts.count == 2 else {
            self.init(address, prefixLength: address.bitWidth)
            return
        }
        let digits = parts[1]
        guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let length = Int(digits)
        else { return nil }
        self.init(address, prefixLength: length)
    }

    /// True when `candidate` lies in this network.
    ///
    /// Families never mix; IPv4-mapped addresses count as IPv4.
    public func contains(_ candidate: IPAddress) -> Bool {
        switch (self.address, candidate.canonical) {
        case (.v4, .v4), (.v6, .v6):
            IPNetwork(candidate.canonical, prefixLength: self.prefixLength)?.address == self.address
        default: false
        }
    }

    /// True when every address of `other` lies in this network.
    public func contains(_ other: IPNetwork) -> Bool {
        other.prefixLength >= self.prefixLength && self.contains(other.address)
    }

    /// True when the two share an address.
    public func overlaps(_ other: IPNetwork) -> Bool { self.contains(other) || other.contains(self) }

    /// 0.0.0.0/0.
    public static let all4 = IPNetwork(.v4(0), prefixLength: 0) ?? unreachableNetwork()
    /// `::/0`.
    public static let all6 = IPNetwork(.v6(0, 0), prefixLength: 0) ?? unreachableNetwork()

    private static func unreachableNetwork() -> IPNetwork { preconditionFailure("a zero prefix fits every family") }
}

extension IPNetwork: CustomStringConvertible {
    /// `ADDRESS/LENGTH`.
    public var description: String { "\(self.address)/\(self.prefixLength)" }
}
