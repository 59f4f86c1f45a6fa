public import MeshModel

/// What a port admits that no Server governs.
public enum DefaultPolicy: String, Hashable, Sendable, CaseIterable {
    /// Everyone.
    case allUnauthenticated = "all-unauthenticated"
    /// Meshed clients from everywhere.
    case allAuthenticated = "all-authenticated"
    /// Everyone from the cluster's networks.
    case clusterUnauthenticated = "cluster-unauthenticated"
    /// Meshed clients from the cluster's networks.
    case clusterAuthenticated = "cluster-authenticated"
    /// Nobody.
    case deny
    /// Everyone, but it is written down.
    case audit

    /// The same for meshed clients only; policies that are so already, `deny` and `audit` stay.
    public var authenticated: DefaultPolicy {
        switch self {
        case .allUnauthenticated: .allAuthenticated
        case .clusterUnauthenticated: .clusterAuthenticated
        case .allAuthenticated, .clusterAuthenticated, .deny, .audit: self
        }
    }

    /// The authorizations of this policy; `cluster` are the networks of the cluster.
    public func authorizations(cluster: [IPNetwork]) -> [Authorization] {
        let metadata = PolicyMetadata.implicit(self.rawValue)
        let near = cluster.map { NetworkMatch($0) }
        return switch self {
        case .allUnauthenticated, .audit:
            [Authorization(networks: NetworkMatch.everywhere, authentication: .unauthenticated, metadata: metadata)]
        case .allAuthenticated:
            [Authorization(networks: NetworkMatch.everywhere, authentication: .anyIdentity, metadata: metadata)]
        case .clusterUnauthenticated:
            [Authorization(networks: near, authentication: .unauthenticated, metadata: metadata)]
        case .clusterAuthenticated:
            [Authorization(networks: near, authentication: .anyIdentity, metadata: metadata)]
        case .deny: []
        }
    }

    /// The policy of a port, with the routes of a port without routes.
    public func policy(cluster: [IPNetwork], isOpaque: Bool, detectTimeout: Duration = .seconds(10)) -> InboundPolicy {
        InboundPolicy(
            protocol: isOpaque
                ? .opaque : .detect(timeout: detectTimeout, http: InboundHTTP(routes: [.default])),
            authorizations: self.authorizations(cluster: cluster), metadata: .implicit(self.rawValue))
    }
}
