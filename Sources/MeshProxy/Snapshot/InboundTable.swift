public import MeshPolicy

/// Policies of the ports that this workload serves.
public struct InboundTable: Sendable {
    private let ports: [UInt16: PortPolicy]
    private let fallback: PortPolicy
    private let opaqueFallback: PortPolicy
    private let opaquePorts: Set<UInt16>
    private let watched: Set<UInt16>

    /// Policies by port; every other port has `fallback`, or `opaqueFallback` when it is one of `opaquePorts`.
    ///
    /// `watched` are the ports that were asked for already.
    public init(
        ports: [UInt16: PortPolicy], fallback: PortPolicy, opaqueFallback: PortPolicy, opaquePorts: Set<UInt16>,
        watched: Set<UInt16>
    ) {
        self.ports = ports
        self.fallback = fallback
        self.opaqueFallback = opaqueFallback
        self.opaquePorts = opaquePorts
        self.watched = watched
    }

    /// The policy of a port, and whether it was asked for: if not, ask the control plane with a ``ControlRequest``.
    ///
    /// What comes is valid at once: the configured default until the control plane has answered.
    public func policy(of port: UInt16) -> (policy: PortPolicy, isKnown: Bool) {
        if let policy = self.ports[port] { return (policy, true) }
        let policy = self.opaquePorts.contains(port) ? self.opaqueFallback : self.fallback
        return (policy, self.watched.contains(port))
    }
}

/// The policy of one port as workers use it.
public final class PortPolicy: Sendable {
    /// The policy; nil when the control plane sent one that makes no sense: then everyone is refused.
    public let policy: InboundPolicy?
    /// True when some route looks at header fields, so that their places must be collected.
    public let readsFields: Bool

    /// A policy, or none when what came was invalid.
    public init(_ policy: InboundPolicy?) {
        self.policy = policy
        self.readsFields = policy?.readsFields ?? false
    }

    /// What the port's metrics call its policy.
    public var metadata: PolicyMetadata { self.policy?.metadata ?? .implicit("invalid") }
}
