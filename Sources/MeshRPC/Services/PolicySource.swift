public import MeshModel

/// Where the policy services take their answers from.
public protocol PolicySource: Sendable {
    /// The policy of a workload's port; nil while or once there is no such workload.
    ///
    /// - Parameters:
    ///   - workload: as the proxy names itself: JSON with `ns` and `pod` or `external_workload`, or `ns:pod`.
    ///   - port: as received.
    func inboundPolicy(workload: String, port: UInt32) async throws(LookupError) -> Updates<EncodedMessage?>

    /// The policy of a target, as the clients of the workload's namespace see it.
    func outboundPolicy(
        of target: OutboundLookup.Target, workload: String
    ) async throws(LookupError) -> Updates<OutboundLookup>
}

/// The answer to an outbound lookup.
public struct OutboundLookup: Sendable {
    /// What is asked for.
    public enum Target: Hashable, Sendable {
        /// An original destination.
        case address(SocketAddress)
        /// A name, perhaps with a port.
        case authority(String)
    }

    /// The policy; nil when there is none for the target.
    public var policy: EncodedMessage?
    /// Names what the policy was made for; when it changes the client must ask anew.
    public var origin: String

    /// An answer.
    public init(policy: EncodedMessage?, origin: String) {
        self.policy = policy
        self.origin = origin
    }
}
