import MeshModel

/// Rules in the language of `nft`, in a table of our own for each family.
///
/// For hosts that have nft and no iptables. The table is replaced in one transaction, so running it twice leaves
/// the same rules as running it once.
enum NFTablesScript {
    static let table = "heddle"

    static func apply(_ chains: [NatChain], family: Redirection.Family) -> String {
        let scope = "\(Self.name(of: family)) \(Self.table)"
        var lines = ["add table \(scope)", "delete table \(scope)", "table \(scope) {"]
        for chain in chains {
            lines.append("  chain \(chain.name) {")
            for rule in chain.rules { lines.append("    \(Self.text(of: rule, family: family))") }
            lines += ["  }", "  chain \(chain.hook.rawValue) {"]
            // Just after the runtime's own destination rules (-100), as a jump at the end of the iptables chain is.
            lines.append(
                "    type nat hook \(chain.hook.rawValue.lowercased()) priority -99; policy accept;")
            lines += ["    jump \(chain.name) comment \"\(Self.comment(chain.hookComment))\"", "  }"]
        }
        return (lines + ["}", ""]).joined(separator: "\n")
    }

    static func remove(family: Redirection.Family) -> String {
        let scope = "\(Self.name(of: family)) \(Self.table)"
        return "add table \(scope)\ndelete table \(scope)\n"
    }

    /// What of `chains` does not show in the listing of our table; nil when everything is there.
    static func missing(_ chains: [NatChain], in listing: String) -> String? {
        let lines = listing.split(separator: "\n").map { $0.drop { $0 == "\t" || $0 == " " } }
        for chain in chains {
            guard lines.contains(where: { $0.hasPrefix("jump \(chain.name)") }) else {
                return "jump from \(chain.hook.rawValue) to \(chain.name)"
            }
            for rule in chain.rules {
                let comment = "comment \"\(Self.comment(rule.comment))\""
                guard lines.contains(where: { $0.hasSuffix(comment) }) else { return "\(chain.name): \(rule.comment)" }
            }
        }
        return nil
    }

    static func name(of family: Redirection.Family) -> String { family == .v4 ? "ip" : "ip6" }

    private static func text(of rule: NatRule, family: Redirection.Family) -> String {
        let match =
            switch rule.match {
            case .tcp: "meta l4proto tcp"
            case .destinationPorts(let ranges):
                "tcp dport { \(ranges.map(\.description).joined(separator: ", ")) }"
            case .source(let network): "\(Self.name(of: family)) saddr \(network)"
            case .ownerUser(let user): "meta skuid \(user)"
            case .ownerGroup(let group): "meta skgid \(group)"
            case .outInterface(let name): "oifname \"\(name)\""
            }
        let verdict =
            switch rule.verdict {
            case .return: "return"
            case .redirect(let port): "redirect to :\(port)"
            }
        return "\(match) \(verdict) comment \"\(Self.comment(rule.comment))\""
    }

    /// The kernel takes 128 bytes with the final NUL.
    private static func comment(_ text: String) -> String { String("proxy-init/\(text)".prefix(127)) }
}
