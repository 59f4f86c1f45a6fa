import ArgumentParser
import MeshModel
import MeshRedirect
import SystemPackage

/// Writes the rules; the default.
struct Redirect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Write the rules and prove that they work.")

    @Option(name: [.customShort("p"), .long], help: "Port of the proxy's inbound listener.")
    var incomingProxyPort: UInt16
    @Option(
        name: [.customShort("o"), .long],
        help: "Port of the proxy's outbound listener; without it, outgoing traffic is left alone.")
    var outgoingProxyPort: UInt16?
    @Option(name: [.customShort("u"), .long], help: "User whose connections are left alone: the proxy's.")
    var proxyUid: UInt32?
    @Option(name: [.customShort("g"), .long], help: "Group whose connections are left alone.")
    var proxyGid: UInt32?
    @Option(name: [.customShort("r"), .long], help: "Redirect only these incoming ports (comma-separated).")
    var portsToRedirect: String = ""
    @Option(help: "Incoming ports and ranges that bypass the proxy (comma-separated).")
    var inboundPortsToIgnore: String = ""
    @Option(help: "Outgoing ports and ranges that bypass the proxy (comma-separated).")
    var outboundPortsToIgnore: String = ""
    @Option(help: "Networks whose incoming connections bypass the proxy (comma-separated CIDRs).")
    var subnetsToIgnore: String = ""
    @Option(help: "Print the rules and write nothing.")
    var simulate: Bool = false
    @Option(help: "Path of another network namespace to work in.")
    var netns: String = ""
    @Option(help: "Accepted for compatibility: we always wait for the lock.")
    var useWaitFlag: Bool = false
    @Option(help: "Time-out of half-closed connections in the kernel's tracking; 0 leaves it.")
    var timeoutCloseWaitSecs: Int = 0
    @Option(help: "nft, legacy, plain or native; otherwise by --firewall-bin-path, and what works.")
    var iptablesMode: String = ""
    @Option(help: "Redirect IPv6 too.")
    var ipv6: Bool = true
    @Option(help: "Name of the iptables program; only says which mode is tried first.")
    var firewallBinPath: String = ""
    @Option(help: "Accepted for compatibility.")
    var firewallSaveBinPath: String = ""
    @Option(help: "plain or json; accepted for compatibility.")
    var logFormat: String = "plain"
    @Option(help: "Accepted for compatibility.")
    var logLevel: String = "info"
    @Option(help: "After writing, prove by a connection that outgoing traffic is redirected.")
    var validate: Bool = true
    @Option(help: "Remove the rules instead.")
    var remove: Bool = false

    func run() async throws {
        let firewall = Firewall(
            try self.redirection(), preferring: try self.mode(), ipv6: self.ipv6,
            networkNamespace: self.netns.isEmpty ? nil : self.netns)
        if self.simulate { return print(firewall.simulated(), terminator: "") }
        if self.remove { return try await firewall.remove() }
        try self.setCloseWaitTimeout()
        for result in try await firewall.apply() {
            let verb = result.isChanged ? "written" : "already in place"
            Message.info.print("\(result.family.rawValue): rules \(verb) (\(result.mode.rawValue))")
        }
        guard self.validate, self.netns.isEmpty, let port = self.outgoingProxyPort else { return }
        let probe = RedirectionProbe(
            target: SocketAddress(.v4(0x0101_0101), port: 20_001), listener: SocketAddress(.v4(0), port: port))
        switch try probe.run() {
        case .redirected: Message.info.print("outgoing connections reach port \(port)")
        case .unreachable: Message.info.print("no route to probe with; the rules read back as written")
        }
    }

    private func redirection() throws(RedirectError) -> Redirection {
        guard self.incomingProxyPort > 0, self.outgoingProxyPort != 0 else {
            throw .invalidSetting(name: "proxy port", reason: "0 is no port to redirect to")
        }
        var ports: [UInt16] = []
        for range in try PortRange.list(self.portsToRedirect) {
            guard range.first == range.last else { throw .invalidPorts(self.portsToRedirect) }
            ports.append(range.first)
        }
        var subnets: [IPNetwork] = []
        for text in self.subnetsToIgnore.split(separator: ",") {
            guard let subnet = IPNetwork(text) else { throw .invalidSubnet(String(text)) }
            subnets.append(subnet)
        }
        return Redirection(
            inboundProxyPort: self.incomingProxyPort, outboundProxyPort: self.outgoingProxyPort,
            proxyUser: self.proxyUid, proxyGroup: self.proxyGid, portsToRedirect: ports,
            inboundPortsToIgnore: try PortRange.list(self.inboundPortsToIgnore),
            outboundPortsToIgnore: try PortRange.list(self.outboundPortsToIgnore), subnetsToIgnore: subnets)
    }

    private func mode() throws(RedirectError) -> Firewall.Mode {
        if self.iptablesMode.isEmpty {
            return self.firewallBinPath.isEmpty ? .nft : Firewall.Mode(program: self.firewallBinPath)
        }
        guard let mode = Firewall.Mode(rawValue: self.iptablesMode) else {
            throw .invalidSetting(name: "--iptables-mode", reason: "must be nft, legacy, plain or native")
        }
        return mode
    }

    private func setCloseWaitTimeout() throws {
        guard self.timeoutCloseWaitSecs > 0 else { return }
        let path = FilePath("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_close_wait")
        let file = try FileDescriptor.open(path, .writeOnly)
        try file.closeAfter { _ = try file.writeAll("\(self.timeoutCloseWaitSecs)\n".utf8) }
    }
}
