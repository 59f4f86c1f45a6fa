import MeshModel
import Testing

@testable import MeshRedirect

@Suite struct RulesTests {
    static let usual = Redirection(
        inboundProxyPort: 4143, outboundProxyPort: 4140, proxyUser: 2102,
        inboundPortsToIgnore: [PortRange(4190), PortRange(4191)], outboundPortsToIgnore: [PortRange(443)])

    @Test("the usual rules, in order")
    func usualRules() {
        let expected = """
            *nat
            :PROXY_INIT_REDIRECT - [0:0]
            :PROXY_INIT_OUTPUT - [0:0]
            -A PROXY_INIT_REDIRECT -p tcp -m multiport --dports 4190,4191 -m comment --comment "proxy-init/ignore-port-4190,4191" -j RETURN
            -A PROXY_INIT_REDIRECT -p tcp -m comment --comment "proxy-init/redirect-all-incoming-to-proxy-port" -j REDIRECT --to-ports 4143
            -A PROXY_INIT_OUTPUT -m owner --uid-owner 2102 -m comment --comment "proxy-init/ignore-proxy-user-id" -j RETURN
            -A PROXY_INIT_OUTPUT -o lo -m comment --comment "proxy-init/ignore-loopback" -j RETURN
            -A PROXY_INIT_OUTPUT -p tcp -m multiport --dports 443 -m comment --comment "proxy-init/ignore-port-443" -j RETURN
            -A PROXY_INIT_OUTPUT -p tcp -m comment --comment "proxy-init/redirect-all-outgoing-to-proxy-port" -j REDIRECT --to-ports 4140
            -A PREROUTING -m comment --comment "proxy-init/install-proxy-init-prerouting" -j PROXY_INIT_REDIRECT
            -A OUTPUT -m comment --comment "proxy-init/install-proxy-init-output" -j PROXY_INIT_OUTPUT
            COMMIT

            """
        #expect(IPTablesScript.apply(Self.usual.chains(for: .v4), saved: "") == expected)
    }

    @Test("a jump that is there is not added again")
    func hooksOnce() {
        let saved = """
            :PROXY_INIT_OUTPUT - [0:0]
            -A OUTPUT -m comment --comment "proxy-init/install-proxy-init-output" -j PROXY_INIT_OUTPUT
            """
        let script = IPTablesScript.apply(Self.usual.chains(for: .v4), saved: saved)
        #expect(!script.contains("-A OUTPUT "))
        #expect(script.contains("-A PREROUTING "))
    }

    @Test("root is never exempt, and no outbound port means no outbound chain")
    func exemptions() {
        let rootUser = Redirection(inboundProxyPort: 1, outboundProxyPort: 2, proxyUser: 0, proxyGroup: 7)
        let script = IPTablesScript.apply(rootUser.chains(for: .v4), saved: "")
        #expect(!script.contains("--uid-owner"))
        #expect(script.contains("--gid-owner 7"))
        #expect(Redirection(inboundProxyPort: 1).chains(for: .v4).map(\.name) == ["PROXY_INIT_REDIRECT"])
    }

    @Test("ports are batched by fifteen slots, a range taking two")
    func batches() throws {
        let ranges = try PortRange.list((1...14).map(String.init).joined(separator: ",") + ",100-200, 300")
        let redirection = Redirection(inboundProxyPort: 4143, inboundPortsToIgnore: ranges)
        let rules = redirection.chains(for: .v4)[0].rules
        #expect(rules.count == 3)
        #expect(rules[0].match == .destinationPorts(Array(ranges.prefix(14))))
        #expect(rules[1].match == .destinationPorts(Array(ranges.suffix(2))))
        #expect(IPTablesScript.apply(redirection.chains(for: .v4), saved: "").contains("--dports 100:200,300 "))
    }

    @Test("subnets go to the family that they belong to")
    func subnets() throws {
        let networks = [try #require(IPNetwork("10.0.0.0/8")), try #require(IPNetwork("fd00::/8"))]
        let redirection = Redirection(inboundProxyPort: 4143, subnetsToIgnore: networks)
        #expect(redirection.chains(for: .v4)[0].rules[0].match == .source(networks[0]))
        #expect(redirection.chains(for: .v6)[0].rules[0].match == .source(networks[1]))
        #expect(redirection.chains(for: .v6)[0].rules.count == 2)
    }

    @Test("only the listed ports are redirected when there is a list")
    func listedPorts() {
        let redirection = Redirection(inboundProxyPort: 4143, portsToRedirect: [80, 8080])
        let verdicts = redirection.chains(for: .v4)[0].rules.map(\.verdict)
        #expect(verdicts == [.redirect(port: 4143), .redirect(port: 4143)])
    }

    @Test("text that is no port is refused", arguments: ["0", "65536", "80-", "-80", "90-80", "a", "80-90-100", "+80"])
    func badPorts(text: String) {
        #expect(throws: RedirectError.invalidPorts(text)) { try PortRange(text) }
    }

    @Test("what is missing from a listing is named")
    func missing() {
        let chains = Self.usual.chains(for: .v4)
        let script = IPTablesScript.apply(chains, saved: "")
        #expect(IPTablesScript.missing(chains, in: script) == nil)
        let cut = script.split(separator: "\n").filter { !$0.contains("ignore-loopback") }.joined(separator: "\n")
        #expect(IPTablesScript.missing(chains, in: cut) == "1 of 4 rules of PROXY_INIT_OUTPUT")
        #expect(IPTablesScript.missing(chains, in: "") == "jump from PREROUTING to PROXY_INIT_REDIRECT")
    }

    @Test("the name of an iptables program stands for a mode")
    func modes() {
        #expect(Firewall.Mode(program: "iptables-nft") == .nft)
        #expect(Firewall.Mode(program: "/sbin/iptables-legacy") == .legacy)
        #expect(Firewall.Mode(program: "iptables") == .plain)
    }
}
