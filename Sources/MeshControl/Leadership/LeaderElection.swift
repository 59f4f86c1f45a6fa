public import MeshModel
public import MeshResources

/// Decides who leads, by a Lease that the leader keeps renewing.
///
/// The rules are those of client-go. A candidate never trusts the clock of another: it counts a lease as expired when
/// the record has not changed for a lease duration *by its own monotonic clock*. A leader that has not managed to renew
/// for the renew deadline stops leading, which is before anybody else may start.
///
/// Pure: the caller reads and writes the Lease, with the resource version that it read, and passes the time in.
public struct LeaderElection: Sendable {
    /// The times of an election.
    public struct Timing: Hashable, Sendable {
        /// How long after its last change a lease may be taken.
        public var leaseDuration: Duration
        /// How long a leader tries to renew before it stops leading; shorter than `leaseDuration`.
        public var renewDeadline: Duration
        /// Between two tries.
        public var retryPeriod: Duration

        /// The defaults are client-go's: 15, 10 and 2 seconds.
        public init(
            leaseDuration: Duration = .seconds(15), renewDeadline: Duration = .seconds(10),
            retryPeriod: Duration = .seconds(2)
        ) {
            precondition(
                leaseDuration > renewDeadline && renewDeadline > retryPeriod && retryPeriod > .zero,
                "a leader must give up before others may start")
            self.leaseDuration = leaseDuration
            self.renewDeadline = renewDeadline
            self.retryPeriod = retryPeriod
        }
    }

    /// What to do about the Lease that was read.
    public enum Decision: Hashable, Sendable {
        /// Create the Lease with this spec.
        case create(LeaseSpec)
        /// Replace the spec, provided that the Lease is still at the version that was read.
        case update(LeaseSpec)
        /// Somebody else leads; look again after the retry period.
        case follow(holder: String)
    }

    /// Who this candidate is, unique among all.
    public let identity: String
    /// The times of the election.
    public let timing: Timing
    private var observed: LeaseSpec?
    private var observedAt: MonotonicTime?
    private var renewedAt: MonotonicTime?

    /// A candidate that has seen nothing yet.
    public init(identity: String, timing: Timing = Timing()) {
        self.identity = identity
        self.timing = timing
    }

    /// True from a successful write until the renew deadline after it has passed.
    public func isLeader(at now: MonotonicTime) -> Bool {
        guard let end = self.leadsUntil else { return false }
        return now < end
    }

    /// When this candidate stops leading unless it renews; nil when it does not lead.
    public var leadsUntil: MonotonicTime? { self.renewedAt?.advanced(by: self.timing.renewDeadline) }

    /// The holder that was last seen; nil when there is none.
    public var holder: String? {
        guard let holder = self.observed?.holderIdentity, !holder.isEmpty else { return nil }
        return holder
    }

    /// A Lease was read, or does not exist.
    ///
    /// `wallTime` only goes into the record, for people.
    public mutating func read(_ lease: LeaseSpec?, at now: MonotonicTime, wallTime: Timestamp) -> Decision {
        guard let lease else {
            return .create(self.record(acquired: wallTime, renewed: wallTime, transitions: 0))
        }
        if lease != self.observed {
            self.observed = lease
            self.observedAt = now
        }
        if lease.holderIdentity == self.identity {
            // A record of a former life under the same name is taken over without a new transition.
            let acquired = lease.acquireTime?.timestamp ?? wallTime
            return .update(
                self.record(acquired: acquired, renewed: wallTime, transitions: lease.leaseTransitions ?? 0))
        }
        self.renewedAt = nil
        if let holder = self.holder, !self.isExpired(lease, at: now) { return .follow(holder: holder) }
        return .update(
            self.record(acquired: wallTime, renewed: wallTime, transitions: (lease.leaseTransitions ?? 0) + 1))
    }

    /// The write of `spec` that started at `started` succeeded.
    ///
    /// Leadership counts from the start of the write: when the server stored it is not known.
    public mutating func wrote(_ spec: LeaseSpec, startedAt started: MonotonicTime) {
        self.observed = spec
        self.observedAt = started
        self.renewedAt = spec.holderIdentity == self.identity ? started : nil
    }

    /// The record that gives leadership up, so that another may start at once; nil when there is nothing to give up.
    public mutating func release(wallTime: Timestamp) -> LeaseSpec? {
        guard self.renewedAt != nil, let observed = self.observed else { return nil }
        self.renewedAt = nil
        return LeaseSpec(
            holderIdentity: "", leaseDurationSeconds: 1, acquireTime: MicroTime(wallTime),
            renewTime: MicroTime(wallTime), leaseTransitions: observed.leaseTransitions)
    }

    /// The lease's own duration counts when it is longer than ours: its holder relies on it.
    private func isExpired(_ lease: LeaseSpec, at now: MonotonicTime) -> Bool {
        guard let seen = self.observedAt else { return false }
        let promised = Duration.seconds(lease.leaseDurationSeconds ?? 0)
        return now >= seen.advanced(by: max(promised, self.timing.leaseDuration))
    }

    private func record(acquired: Timestamp, renewed: Timestamp, transitions: Int) -> LeaseSpec {
        LeaseSpec(
            holderIdentity: self.identity, leaseDurationSeconds: Int(self.timing.leaseDuration.components.seconds),
            acquireTime: MicroTime(acquired), renewTime: MicroTime(renewed), leaseTransitions: transitions)
    }
}
