/// Rules in the language of `iptables-restore`, and what `iptables-save` says of them.
enum IPTablesScript {
    /// A transaction for the nat table that replaces our chains and adds each jump that `saved` lacks.
    ///
    /// Run with `--noflush`: chains named here are emptied and filled in one step, all others stay. The result is
    /// the same however often it runs.
    static func apply(_ chains: [NatChain], saved: String) -> String {
        var lines = ["*nat"]
        for chain in chains { lines.append(":\(chain.name) - [0:0]") }
        for chain in chains {
            for rule in chain.rules { lines.append("-A \(chain.name) \(Self.text(of: rule))") }
        }
        for chain in chains where !Self.isHooked(chain, in: saved) {
            lines.append("-A \(chain.hook.rawValue) \(Self.comment(chain.hookComment)) -j \(chain.name)")
        }
        return (lines + ["COMMIT", ""]).joined(separator: "\n")
    }

    /// A transaction that removes what ``apply(_:saved:)`` added.
    static func remove(_ chains: [NatChain], saved: String) -> String {
        var lines = ["*nat"]
        for chain in chains where Self.exists(chain, in: saved) { lines.append(":\(chain.name) - [0:0]") }
        for chain in chains where Self.isHooked(chain, in: saved) {
            lines.append("-D \(chain.hook.rawValue) \(Self.comment(chain.hookComment)) -j \(chain.name)")
        }
        for chain in chains where Self.exists(chain, in: saved) { lines.append("-X \(chain.name)") }
        return (lines + ["COMMIT", ""]).joined(separator: "\n")
    }

    /// What of `chains` does not show in `saved`, named for people; nil when everything is there.
    static func missing(_ chains: [NatChain], in saved: String) -> String? {
        for chain in chains {
            guard Self.isHooked(chain, in: saved) else { return "jump from \(chain.hook.rawValue) to \(chain.name)" }
            let found = saved.split(separator: "\n").count { $0.hasPrefix("-A \(chain.name) ") }
            guard found == chain.rules.count else {
                return "\(chain.rules.count - found) of \(chain.rules.count) rules of \(chain.name)"
            }
        }
        return nil
    }

    private static func exists(_ chain: NatChain, in saved: String) -> Bool {
        saved.split(separator: "\n").contains { $0.hasPrefix(":\(chain.name) ") }
    }

    private static func isHooked(_ chain: NatChain, in saved: String) -> Bool {
        saved.split(separator: "\n").contains {
            $0.hasPrefix("-A \(chain.hook.rawValue) ") && $0.hasSuffix("-j \(chain.name)")
        }
    }

    private static func text(of rule: NatRule) -> String {
        let match =
            switch rule.match {
            case .tcp: "-p tcp"
            case .destinationPorts(let ranges):
                "-p tcp -m multiport --dports "
                    + ranges.map { $0.first == $0.last ? "\($0.first)" : "\($0.first):\($0.last)" }
                    .joined(separator: ",")
            case .source(let network): "-s \(network)"
            case .ownerUser(let user): "-m owner --uid-owner \(user)"
            case .ownerGroup(let group): "-m owner --gid-owner \(group)"
            case .outInterface(let name): "-o \(name)"
            }
        let verdict =
            switch rule.verdict {
            case .return: "-j RETURN"
            case .redirect(let port): "-j REDIRECT --to-ports \(port)"
            }
        return "\(match) \(Self.comment(rule.comment)) \(verdict)"
    }

    /// Comments are ours alone and hold no quotes; the kernel takes 256 bytes with the final NUL.
    private static func comment(_ text: String) -> String {
        "-m comment --comment \"\(String("proxy-init/\(text)".prefix(255)))\""
    }
}
