public import MeshModel
public import MeshPolicy
import Synchronization

/// Policies of the targets that this workload calls, by original destination.
public struct OutboundTable: Sendable {
    private let targets: [SocketAddress: OutboundTarget]

    /// Targets by the address that applications connect to.
    public init(_ targets: [SocketAddress: OutboundTarget]) { self.targets = targets }

    /// The target at `address`; nil when it is not known: then ask with a ``ControlRequest`` and wait for a snapshot.
    public subscript(address: SocketAddress) -> OutboundTarget? { self.targets[address] }

    /// Number of targets.
    public var count: Int { self.targets.count }
}

/// One target of outbound connections.
///
/// Unchanged targets are the same object in the next snapshot.
public final class OutboundTarget: Sendable {
    /// What is known of a target.
    public enum Resolution: Sendable {
        /// Route by this policy.
        case policy(OutboundPolicy)
        /// The control plane sent something that makes no sense: requests and connections fail with an internal error.
        case invalid
        /// The control plane could not be asked: the connection fails.
        case unavailable
    }

    private static let made = Atomic<UInt64>(0)

    /// No two targets of a process have the same, nor two versions of one.
    let number: UInt64
    /// The address that applications connect to.
    public let address: SocketAddress
    /// What is known.
    public let resolution: Resolution
    /// The profile, when there is one.
    public let profile: Profile?
    /// True when some route looks at header fields, so that their places must be collected.
    public let readsFields: Bool
    /// Shared by all versions of one target: how much it is used.
    public let usage: TargetUsage

    /// A target as it is known now.
    public init(address: SocketAddress, resolution: Resolution, profile: Profile?, usage: TargetUsage) {
        self.number = Self.made.add(1, ordering: .relaxed).newValue
        self.address = address
        self.resolution = resolution
        self.profile = profile
        self.usage = usage
        if case .policy(let policy) = resolution {
            self.readsFields = policy.readsFields
        } else {
            self.readsFields = false
        }
    }

    /// True when the protocol must not be detected, whatever the policy says.
    public var isOpaque: Bool { self.profile?.isOpaque ?? false }
}

/// How much a target is used: connections open now, and when the last one ended.
///
/// Written once at the start and once at the end of a connection.
public final class TargetUsage: Sendable {
    private let connections = Atomic<Int>(0)
    private let lastUse = Atomic<Int64>(.min)

    /// Not used yet.
    public init() {}

    /// A connection to the target was accepted.
    public func opened() { self.connections.add(1, ordering: .relaxed) }

    /// A connection to the target has ended.
    public func closed(at now: MonotonicTime) {
        self.lastUse.store(now.nanoseconds, ordering: .relaxed)
        self.connections.subtract(1, ordering: .relaxed)
    }

    /// True when nothing has used the target since `deadline`.
    public func isIdle(since deadline: MonotonicTime) -> Bool {
        self.connections.load(ordering: .relaxed) == 0
            && self.lastUse.load(ordering: .relaxed) < deadline.nanoseconds
    }
}
