public import MeshPolicy

/// Where the destination service takes its answers from.
public protocol DestinationSource: Sendable {
    /// The endpoints behind a name, as one client may use them.
    ///
    /// - Parameters:
    ///   - path: `host[:port]`, as received.
    ///   - contextToken: what the client says of itself, as received.
    func endpoints(path: String, contextToken: String) async throws(LookupError) -> Updates<EndpointLookup>

    /// How to speak with what is behind a name or an address.
    func profile(path: String, contextToken: String) async throws(LookupError) -> Updates<ProfileLookup>
}

/// The answer to a lookup of endpoints.
public enum EndpointLookup: Sendable {
    /// There is no such Service.
    case missing
    /// The Service is a name of something outside the cluster.
    case external
    /// The endpoints, perhaps none, and the labels of all of them.
    case found([Endpoint], labels: [String: String])
}

/// The answer to a lookup of a profile.
public enum ProfileLookup: Sendable {
    /// There is no such Service or instance.
    case missing
    /// The Service is a name of something outside the cluster.
    case external
    /// Several objects claim the address.
    case ambiguous
    /// The profile.
    case found(Profile)
}
