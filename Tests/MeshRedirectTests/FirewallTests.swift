import MeshModel
import Testing

@testable import MeshRedirect

/// The rules in real network namespaces.
@Suite(.enabled(if: PodNamespace.isPossible, "needs root, iptables and python3"), .timeLimit(.minutes(2)))
struct FirewallTests {
    static let redirection = Redirection(
        inboundProxyPort: 4143, outboundProxyPort: 4140, proxyUser: 2102, inboundPortsToIgnore: [PortRange(4190)],
        outboundPortsToIgnore: [PortRange(4567)])

    @Test("traffic is redirected, remembers its destination, and spares the proxy", arguments: Firewall.Mode.allCases)
    func redirects(mode: Firewall.Mode) async throws {
        try await PodNamespace.with { pod in
            let firewall = Firewall(Self.redirection, preferring: mode, networkNamespace: pod.path)
            let results = try await firewall.apply()
            #expect(results.map(\.mode) == [mode, mode])
            #expect(results.map(\.isChanged) == [true, true])
            #expect(try await pod.originalDestination(of: "10.9.9.9", port: 8080, dialedBy: 1000) == "10.9.9.9:8080\n")
            #expect(try await pod.originalDestination(of: "fd09::9", port: 81, dialedBy: 1000) == "[fd09::9]:81\n")
            #expect(try await pod.originalDestination(of: "10.9.9.9", port: 8080, dialedBy: 2102) == "direct\n")
            #expect(try await pod.originalDestination(of: "10.9.9.9", port: 4567, dialedBy: 1000) == "direct\n")
            #expect(try await pod.originalDestination(of: "127.0.0.1", port: 8080, dialedBy: 1000) == "direct\n")
        }
    }

    @Test("running it again changes nothing, and removing leaves nothing", arguments: Firewall.Mode.allCases)
    func idempotent(mode: Firewall.Mode) async throws {
        try await PodNamespace.with { pod in
            let firewall = Firewall(Self.redirection, preferring: mode, networkNamespace: pod.path)
            _ = try await firewall.apply()
            let before = try await Self.listing(pod, mode)
            let again = try await firewall.apply()
            #expect(again.map(\.isChanged) == [false, false])
            #expect(try await Self.listing(pod, mode) == before)
            try await firewall.remove()
            #expect(try await !Self.listing(pod, mode).contains("PROXY_INIT"))
        }
    }

    @Test("rules of others stay")
    func foreignRules() async throws {
        try await PodNamespace.with { pod in
            let foreign = "-t nat -A OUTPUT -d 10.1.1.1/32 -p tcp -j DNAT --to-destination 10.2.2.2"
            try await pod.run(["iptables-nft"] + foreign.split(separator: " ").map(String.init))
            _ = try await Firewall(Self.redirection, networkNamespace: pod.path).apply()
            let listing = try await pod.run(["iptables-nft-save", "-t", "nat"])
            #expect(listing.contains("10.2.2.2"))
        }
    }

    @Test("a changed redirection replaces the old rules")
    func replaces() async throws {
        try await PodNamespace.with { pod in
            _ = try await Firewall(Self.redirection, ipv6: false, networkNamespace: pod.path).apply()
            var changed = Self.redirection
            changed.outboundProxyPort = 5140
            let results = try await Firewall(changed, ipv6: false, networkNamespace: pod.path).apply()
            #expect(results.map(\.isChanged) == [true])
            let listing = try await pod.run(["iptables-nft-save", "-t", "nat"])
            #expect(listing.contains("--to-ports 5140"))
            #expect(!listing.contains("--to-ports 4140"))
        }
    }

    private static func listing(_ pod: PodNamespace, _ mode: Firewall.Mode) async throws -> String {
        switch mode {
        case .nft, .plain, .native: try await pod.run(["nft", "-n", "list", "ruleset"])
        case .legacy:
            try await pod.run(["sh", "-c", "iptables-legacy-save -t nat; ip6tables-legacy-save -t nat"])
                .split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.hasPrefix(":") }.joined(separator: "\n")
        }
    }
}
