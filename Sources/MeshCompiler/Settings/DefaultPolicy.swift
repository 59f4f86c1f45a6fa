/// What holds for a port that no Server governs, and a Server's own fallback (`accessPolicy`).
public enum DefaultPolicy: String, Hashable, Sendable, CaseIterable {
    /// Everyone.
    case allUnauthenticated = "all-unauthenticated"
    /// Any mesh identity, from anywhere.
    case allAuthenticated = "all-authenticated"
    /// Everyone inside the cluster networks.
    case clusterUnauthenticated = "cluster-unauthenticated"
    /// Any mesh identity inside the cluster networks.
    case clusterAuthenticated = "cluster-authenticated"
    /// Nobody.
    case deny
    /// Everyone, and what no rule allowed is reported.
    case audit

    /// The same networks, but with a mesh identity; `deny` and `audit` stay.
    public var requiringIdentity: DefaultPolicy {
        switch self {
        case .allUnauthenticated, .allAuthenticated: .allAuthenticated
        case .clusterUnauthenticated, .clusterAuthenticated: .clusterAuthenticated
        case .deny: .deny
        case .audit: .audit
        }
    }
}
