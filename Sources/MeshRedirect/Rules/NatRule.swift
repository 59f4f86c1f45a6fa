import MeshModel

/// One rule of a NAT chain, independent of the tool that writes it.
struct NatRule: Hashable, Sendable {
    /// What a connection must have for the rule to apply.
    enum Match: Hashable, Sendable {
        /// Any TCP connection.
        case tcp
        /// TCP to one of these ports; at most 15 slots.
        case destinationPorts([PortRange])
        /// Any protocol, from this network.
        case source(IPNetwork)
        /// From a process of this user.
        case ownerUser(UInt32)
        /// From a process of this group.
        case ownerGroup(UInt32)
        /// Leaving by this interface.
        case outInterface(String)
    }

    /// What happens to it.
    enum Verdict: Hashable, Sendable {
        /// It is left alone.
        case `return`
        /// It goes to this local port.
        case redirect(port: UInt16)
    }

    let match: Match
    let verdict: Verdict
    /// Without its `proxy-init/` prefix.
    let comment: String

    init(_ match: Match, _ verdict: Verdict, comment: String) {
        self.match = match
        self.verdict = verdict
        self.comment = comment
    }
}

/// A chain of our own and the jump that leads to it.
struct NatChain: Hashable, Sendable {
    /// The built-in chain from which we are reached.
    enum Hook: String, Sendable {
        case prerouting = "PREROUTING"
        case output = "OUTPUT"
    }

    let name: String
    let hook: Hook
    let hookComment: String
    let rules: [NatRule]
}
