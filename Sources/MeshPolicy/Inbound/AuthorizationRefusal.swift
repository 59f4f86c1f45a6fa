public import MeshModel

/// The first condition of an authorization that a client does not meet.
public enum AuthorizationRefusal: Hashable, Sendable {
    /// The client does not speak mesh TLS.
    case needsMeshTLS
    /// The client speaks mesh TLS but shows no identity.
    case needsIdentity
    /// The client's identity is not one of those listed.
    case identityNotListed
    /// The client's address is in none of the networks.
    case outsideNetworks
}

extension Authorization {
    /// Why a client is not admitted; nil when it is.
    ///
    /// Asked in the order in which ``admits(peer:identity:)`` looks.
    public func refusal(peer: IPAddress, identity: PeerIdentity) -> AuthorizationRefusal? {
        guard !self.admits(peer: peer, identity: identity) else { return nil }
        guard !self.authentication.accepts(identity) else { return .outsideNetworks }
        return switch identity {
        case .clear: .needsMeshTLS
        case .anonymous: .needsIdentity
        case .dns, .uri: .identityNotListed
        }
    }
}
