public import MeshModel

/// What is to be redirected in one pod: everything that comes in or goes out over TCP, with these exceptions.
public struct Redirection: Hashable, Sendable {
    /// Where incoming connections go; the proxy's inbound listener.
    public var inboundProxyPort: UInt16
    /// Where outgoing connections go; nil leaves them alone.
    public var outboundProxyPort: UInt16?
    /// The user whose own connections are left alone: the proxy's.
    ///
    /// Root (0) is never exempt.
    public var proxyUser: UInt32?
    /// The group whose own connections are left alone.
    public var proxyGroup: UInt32?
    /// When not empty, only connections to these ports are redirected on the way in.
    public var portsToRedirect: [UInt16]
    /// Destination ports that bypass the proxy on the way in.
    public var inboundPortsToIgnore: [PortRange]
    /// Destination ports that bypass the proxy on the way out.
    public var outboundPortsToIgnore: [PortRange]
    /// Networks whose connections bypass the proxy on the way in, by source.
    public var subnetsToIgnore: [IPNetwork]

    /// Describes a redirection; only the inbound port is required.
    public init(
        inboundProxyPort: UInt16, outboundProxyPort: UInt16? = nil, proxyUser: UInt32? = nil,
        proxyGroup: UInt32? = nil, portsToRedirect: [UInt16] = [], inboundPortsToIgnore: [PortRange] = [],
        outboundPortsToIgnore: [PortRange] = [], subnetsToIgnore: [IPNetwork] = []
    ) {
        self.inboundProxyPort = inboundProxyPort
        self.outboundProxyPort = outboundProxyPort
        self.proxyUser = proxyUser
        self.proxyGroup = proxyGroup
        self.portsToRedirect = portsToRedirect
        self.inboundPortsToIgnore = inboundPortsToIgnore
        self.outboundPortsToIgnore = outboundPortsToIgnore
        self.subnetsToIgnore = subnetsToIgnore
    }

    /// The address family that a set of rules is for; each has its own tables.
    public enum Family: String, Sendable, CaseIterable {
        /// IPv4.
        case v4
        /// IPv6.
        case v6
    }

    /// The two chains of one family, in order of evaluation: exceptions first, then the redirection.
    func chains(for family: Family) -> [NatChain] {
        [self.inboundChain(family), self.outboundChain].compactMap { $0 }
    }

    private func inboundChain(_ family: Family) -> NatChain {
        var rules = Self.exceptions(self.inboundPortsToIgnore)
        for subnet in self.subnetsToIgnore where subnet.address.bitWidth == (family == .v4 ? 32 : 128) {
            rules.append(NatRule(.source(subnet), .return, comment: "ignore-subnet-\(subnet)"))
        }
        if self.portsToRedirect.isEmpty {
            rules.append(
                NatRule(
                    .tcp, .redirect(port: self.inboundProxyPort), comment: "redirect-all-incoming-to-proxy-port"))
        } else {
            for port in self.portsToRedirect {
                rules.append(
                    NatRule(
                        .destinationPorts([PortRange(port)]), .redirect(port: self.inboundProxyPort),
                        comment: "redirect-port-\(port)-to-proxy-port"))
            }
        }
        return NatChain(
            name: "PROXY_INIT_REDIRECT", hook: .prerouting, hookComment: "install-proxy-init-prerouting", rules: rules)
    }

    private var outboundChain: NatChain? {
        guard let outboundProxyPort else { return nil }
        var rules: [NatRule] = []
        if let proxyUser, proxyUser > 0 {
            rules.append(NatRule(.ownerUser(proxyUser), .return, comment: "ignore-proxy-user-id"))
        }
        if let proxyGroup, proxyGroup > 0 {
            rules.append(NatRule(.ownerGroup(proxyGroup), .return, comment: "ignore-proxy-group-id"))
        }
        rules.append(NatRule(.outInterface("lo"), .return, comment: "ignore-loopback"))
        rules += Self.exceptions(self.outboundPortsToIgnore)
        rules.append(
            NatRule(.tcp, .redirect(port: outboundProxyPort), comment: "redirect-all-outgoing-to-proxy-port"))
        return NatChain(
            name: "PROXY_INIT_OUTPUT", hook: .output, hookComment: "install-proxy-init-output", rules: rules)
    }

    /// One rule for each batch of ports that the multiport match can hold: 15 slots, of which a range takes two.
    private static func exceptions(_ ranges: [PortRange]) -> [NatRule] {
        var rules: [NatRule] = []
        var batch: [PortRange] = []
        func close() {
            guard !batch.isEmpty else { return }
            let list = batch.map(\.description).joined(separator: ",")
            rules.append(NatRule(.destinationPorts(batch), .return, comment: "ignore-port-\(list)"))
            batch = []
        }
        for range in ranges {
            if batch.reduce(range.slots, { $0 + $1.slots }) > 15 { close() }
            batch.append(range)
        }
        close()
        return rules
    }
}
