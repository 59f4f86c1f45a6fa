import Glibc

/// Writes a redirection into the kernel, reads it back, and removes it.
///
/// Writing is one transaction for each address family: there is no moment with half of the rules, and repeating it
/// changes nothing.
public struct Firewall: Sendable {
    /// The ways to write rules.
    public enum Mode: String, Sendable, CaseIterable {
        /// `iptables-nft`, the kernel's nftables behind iptables' syntax.
        case nft
        /// `iptables`, whatever the image makes of it.
        case plain
        /// `iptables-legacy`, the old kernel interface.
        case legacy
        /// `nft` itself, where there is no iptables.
        case native
    }

    /// What was done for one address family.
    public struct Result: Hashable, Sendable {
        /// The family.
        public let family: Redirection.Family
        /// What wrote the rules.
        public let mode: Mode
        /// False when everything was in place before.
        public let isChanged: Bool
    }

    private let redirection: Redirection
    private let modes: [Mode]
    private let families: [Redirection.Family]
    private let runner: CommandRunner

    /// Prepares to write `redirection`.
    ///
    /// - Parameters:
    ///   - preferring: tried first; the others follow in order until one works.
    ///   - ipv6: whether IPv6 is redirected too. A kernel without IPv6 is left alone.
    ///   - networkNamespace: the path of another network namespace; nil for our own.
    public init(
        _ redirection: Redirection, preferring mode: Mode = .nft, ipv6: Bool = true, networkNamespace: String? = nil
    ) {
        self.redirection = redirection
        self.modes = [mode] + Mode.allCases.filter { $0 != mode }
        self.families = ipv6 && access("/proc/net/if_inet6", R_OK) == 0 ? [.v4, .v6] : [.v4]
        self.runner = CommandRunner(networkNamespace: networkNamespace)
    }

    /// The scripts that ``apply()`` would run on an empty table, for people to read.
    public func simulated() -> String {
        self.families.map { family in
            "# \(family.rawValue)\n" + IPTablesScript.apply(self.redirection.chains(for: family), saved: "")
        }.joined()
    }

    /// Writes the rules by the first way that works and proves that they read back.
    ///
    /// - Throws: ``RedirectError/noBackend(_:)`` when none works for a family; nothing is then half done in it.
    public func apply() async throws(RedirectError) -> [Result] {
        var results: [Result] = []
        var modes = self.modes
        for family in self.families {
            let result = try await self.apply(family, modes: modes)
            modes = [result.mode] + modes.filter { $0 != result.mode }  // Both families in one place.
            results.append(result)
        }
        return results
    }

    /// Removes what ``apply()`` wrote, by whichever way finds it.
    public func remove() async throws(RedirectError) {
        for family in self.families {
            let chains = self.redirection.chains(for: family)
            for mode in self.modes where self.runner.has(mode.tool(family, "")) {
                guard mode != .native else {
                    _ = try await self.runner.run("nft", ["-f", "-"], input: NFTablesScript.remove(family: family))
                    continue
                }
                let saved = try await self.listing(mode, family)
                guard saved.contains("PROXY_INIT_") else { continue }
                _ = try await self.runner.run(
                    mode.tool(family, "-restore"), ["--noflush", "-w", "5"],
                    input: IPTablesScript.remove(chains, saved: saved))
            }
        }
    }

    private func apply(_ family: Redirection.Family, modes: [Mode]) async throws(RedirectError) -> Result {
        var reasons: [String] = []
        for mode in modes {
            guard self.runner.has(mode.tool(family, "")) else {
                reasons.append("\(mode.tool(family, "")) is not installed")
                continue
            }
            do {
                return try await self.write(family, mode: mode)
            } catch {
                reasons.append("\(error)")
            }
        }
        throw .noBackend(reasons)
    }

    private func write(_ family: Redirection.Family, mode: Mode) async throws(RedirectError) -> Result {
        let chains = self.redirection.chains(for: family)
        let before = try await self.listing(mode, family)
        if mode == .native {
            _ = try await self.runner.run(
                "nft", ["-f", "-"], input: NFTablesScript.apply(chains, family: family))
        } else {
            _ = try await self.runner.run(
                mode.tool(family, "-restore"), ["--noflush", "-w", "5"],
                input: IPTablesScript.apply(chains, saved: before))
        }
        let after = try await self.listing(mode, family)
        let missing =
            mode == .native
            ? NFTablesScript.missing(chains, in: after) : IPTablesScript.missing(chains, in: after)
        if let missing { throw .notInForce(missing: missing) }
        return Result(family: family, mode: mode, isChanged: Self.rules(of: before) != Self.rules(of: after))
    }

    private func listing(_ mode: Mode, _ family: Redirection.Family) async throws(RedirectError) -> String {
        guard mode == .native else {
            return try await self.runner.run(mode.tool(family, "-save"), ["-t", "nat"])
        }
        let tables = try await self.runner.run("nft", ["list", "tables"])
        let table = "\(NFTablesScript.name(of: family)) \(NFTablesScript.table)"
        guard tables.split(separator: "\n").contains("table \(table)") else { return "" }
        return try await self.runner.run("nft", ["-n", "list", "table"] + table.split(separator: " ").map(String.init))
    }

    /// The lines that are rules, without time stamps and counters.
    private static func rules(of listing: String) -> [Substring] {
        listing.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.hasPrefix(":") }
    }
}

extension Firewall.Mode {
    /// The mode that the name of an iptables program stands for.
    public init(program: String) {
        self = program.contains("nft") ? .nft : program.contains("legacy") ? .legacy : .plain
    }

    fileprivate func tool(_ family: Redirection.Family, _ suffix: String) -> String {
        let base = family == .v4 ? "iptables" : "ip6tables"
        return switch self {
        case .nft: "\(base)-nft\(suffix)"
        case .plain: "\(base)\(suffix)"
        case .legacy: "\(base)-legacy\(suffix)"
        case .native: "nft"
        }
    }
}
