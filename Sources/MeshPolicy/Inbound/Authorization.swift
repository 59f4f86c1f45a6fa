public import MeshModel

/// Who may reach a port or route.
public struct Authorization: Hashable, Sendable {
    /// Where clients may come from; an empty list admits nobody.
    public var networks: [NetworkMatch]
    /// How clients must have proved who they are.
    public var authentication: Authentication
    /// The policy that this stems from.
    public var metadata: PolicyMetadata

    /// Admits clients that satisfy both.
    public init(networks: [NetworkMatch], authentication: Authentication, metadata: PolicyMetadata) {
        self.networks = networks
        self.authentication = authentication
        self.metadata = metadata
    }
}

/// A network without some of its parts.
public struct NetworkMatch: Hashable, Sendable {
    /// Addresses in here are meant.
    public var network: IPNetwork
    /// Addresses in one of these are not.
    public var except: [IPNetwork]

    /// `network` without `except`.
    public init(_ network: IPNetwork, except: [IPNetwork] = []) {
        self.network = network
        self.except = except
    }

    /// True when `address` is in the network and in no exception.
    public func contains(_ address: IPAddress) -> Bool {
        guard self.network.contains(address) else { return false }
        return !self.except.contains { $0.contains(address) }
    }

    /// Every address of both families.
    public static let everywhere = [NetworkMatch(.all4), NetworkMatch(.all6)]
}

/// How a client must have proved who it is.
public enum Authentication: Hashable, Sendable {
    /// Not at all.
    case unauthenticated
    /// Mesh TLS, with or without an identity.
    case tls
    /// Mesh TLS with one of these identities.
    case identities(IdentityMatch)

    /// Mesh TLS with any identity that is a DNS name.
    public static let anyIdentity = Self.identities(IdentityMatch(exact: [], suffixes: [""]))
}

/// A set of identities.
public struct IdentityMatch: Hashable, Sendable {
    /// DNS names and SPIFFE URIs, compared byte for byte.
    public var exact: [ByteString]
    /// Ends of DNS names: `.ns.serviceaccount…` with its leading dot, or empty for every DNS name.
    public var suffixes: [ByteString]

    /// The identities that equal one of `exact` or, being DNS names, end in one of `suffixes`.
    public init(exact: [ByteString], suffixes: [ByteString]) {
        self.exact = exact
        self.suffixes = suffixes
    }

    /// True when `identity` belongs to the set.
    public func contains(_ identity: PeerIdentity) -> Bool {
        switch identity {
        case .clear, .anonymous: false
        case .dns(let name):
            self.exact.contains(name) || self.suffixes.contains { $0.isProperSuffix(of: name) }
        case .uri(let uri): self.exact.contains(uri)
        }
    }
}

extension ByteString {
    fileprivate func isProperSuffix(of name: ByteString) -> Bool {
        name.count > self.count && self.isSuffixLowercased(of: name.bytes.span)
    }
}

/// What is known of a client's identity.
public enum PeerIdentity: Hashable, Sendable {
    /// No mesh TLS.
    case clear
    /// Mesh TLS without a client certificate.
    case anonymous
    /// Mesh TLS, certified as this DNS name in lower case.
    case dns(ByteString)
    /// Mesh TLS, certified as this URI.
    case uri(ByteString)

    /// The identity as text; nil when there is none.
    public var name: ByteString? {
        switch self {
        case .clear, .anonymous: nil
        case .dns(let name), .uri(let name): name
        }
    }
}
