public import MeshPolicy
public import MeshResources

/// What becomes of a client at a port, and why.
public struct Explanation: Sendable {
    /// What becomes of it.
    public enum Decision: Hashable, Sendable {
        /// It may pass, by what this names.
        case allowed(by: PolicyMetadata)
        /// It is refused.
        case denied
        /// No route of the port is for the request.
        case noRoute
        /// The port speaks HTTP, and this is not HTTP.
        case notHTTP
        /// There is no such workload in the mesh.
        case unknownWorkload
    }

    /// An authorization that was looked at.
    public struct Candidate: Hashable, Sendable {
        /// What it stems from.
        public let metadata: PolicyMetadata
        /// The route that it belongs to; nil for one of the whole port.
        public let route: PolicyMetadata?
        /// The first condition that the client does not meet; nil when it admits the client.
        public let refusal: AuthorizationRefusal?
    }

    /// An object that was written for this port and has no effect.
    public struct Ignored: Hashable, Sendable {
        /// Its kind.
        public let kind: String
        /// Its name.
        public let name: String
        /// What is wrong with it.
        public let reason: String
    }

    /// What becomes of the client.
    public var decision: Decision
    /// The Server that governs the port, or the default policy by its name.
    public var governor: PolicyMetadata?
    /// The route that the request takes.
    public var route: PolicyMetadata?
    /// The authorizations, in the order in which a proxy looks at them.
    public var candidates: [Candidate] = []
    /// What was written and does not count.
    public var ignored: [Ignored] = []
    /// The smallest set of objects that would let the client in; empty when it is in, or none could.
    public var suggestion: [SuggestedObject] = []
    /// The AuthorizationPolicies of the whole namespace that would hold for a suggested Server too, by name.
    public var alsoHolding: [String] = []

    /// True when the client is let in.
    public var isAllowed: Bool {
        if case .allowed = self.decision { return true }
        return false
    }
}

/// An object that could be added to a cluster.
public enum SuggestedObject: Hashable, Sendable {
    /// A Server.
    case server(Server)
    /// An HTTPRoute.
    case httpRoute(HTTPRoute)
    /// A GRPCRoute.
    case grpcRoute(GRPCRoute)
    /// An AuthorizationPolicy.
    case policy(AuthorizationPolicy)
    /// A MeshTLSAuthentication.
    case meshTLS(MeshTLSAuthentication)
    /// A NetworkAuthentication.
    case network(NetworkAuthentication)
}
