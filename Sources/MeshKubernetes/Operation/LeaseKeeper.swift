public import Logging
import MeshCodec
public import MeshControl
public import MeshModel
import MeshResources
public import ServiceLifecycle
import Synchronization

/// Whether this process leads, readable at any moment.
///
/// The answer is computed from the clock at the time of asking: a process that was paused past its renew deadline learns
/// that it no longer leads before it can write anything.
public final class LeaseStanding: Sendable {
    private let until = Mutex<MonotonicTime?>(nil)

    /// A standing that does not lead.
    public init() {}

    /// True while this process leads.
    public var isLeader: Bool { self.remaining != nil }

    /// How much longer this process leads for sure; nil when it does not.
    ///
    /// Writes that only a leader may do should have no later deadline than this.
    public var remaining: Duration? {
        guard let until = self.until.withLock({ $0 }) else { return nil }
        let left = until.nanoseconds(since: .now)
        return left > 0 ? .nanoseconds(left) : nil
    }

    func set(_ until: MonotonicTime?) { self.until.withLock { $0 = until } }
}

/// Takes part in an election by Lease, and gives leadership up on shutdown.
public struct LeaseKeeper: ServiceLifecycle.Service {
    /// Whether this process leads.
    public let standing: LeaseStanding
    private let client: KubernetesClient
    private let lease: ObjectKey
    private let identity: String
    private let timing: LeaderElection.Timing
    private let labels: [String: String]
    private let logger: Logger
    private let onChange: @Sendable (Bool) async -> Void

    /// Takes part in the election of `lease` as `identity`, unique among all candidates.
    ///
    /// `onChange` is told when this process starts (true) and stops (false) leading.
    public init(
        client: KubernetesClient, lease: ObjectKey, identity: String,
        timing: LeaderElection.Timing = LeaderElection.Timing(), labels: [String: String] = [:], logger: Logger,
        onChange: @escaping @Sendable (Bool) async -> Void = { _ in }
    ) {
        self.standing = LeaseStanding()
        self.client = client
        self.lease = lease
        self.identity = identity
        self.timing = timing
        self.labels = labels
        self.logger = logger
        self.onChange = onChange
    }

    /// Takes part until its group shuts down, then releases the lease; a cancelled task leaves it to run out.
    public func run() async throws {
        var election = LeaderElection(identity: self.identity, timing: self.timing)
        election = await cancelWhenGracefulShutdown { [election] in await self.compete(election) }
        let release = election.release(wallTime: .now)
        self.standing.set(nil)
        await self.onChange(false)
        guard let release else { return }
        await self.release(release)
    }

    private func compete(_ start: LeaderElection) async -> LeaderElection {
        var election = start
        var told = false
        while !Task.isCancelled {
            await self.step(&election)
            self.standing.set(election.leadsUntil)
            let isLeader = election.isLeader(at: .now)
            if isLeader != told {
                told = isLeader
                self.logger.notice(
                    isLeader ? "this process leads" : "this process no longer leads",
                    metadata: ["lease": "\(self.lease)", "holder": "\(election.holder ?? "")"])
                await self.onChange(isLeader)
            }
            do {
                try await ContinuousClock().sleep(for: self.pause(election))
            } catch {
                break
            }
        }
        return election
    }

    /// The retry period, but never past the end of leadership, so that its loss is told in time.
    private func pause(_ election: LeaderElection) -> Duration {
        let retry = self.timing.retryPeriod * Double.random(in: 1...1.2)
        guard let end = election.leadsUntil else { return retry }
        let left = Duration.nanoseconds(end.nanoseconds(since: .now))
        return left > .zero ? min(retry, left + .milliseconds(1)) : retry
    }

    private func step(_ election: inout LeaderElection) async {
        do throws(KubernetesError) {
            let current = try await self.read()
            let started = MonotonicTime.now
            switch election.read(current?.spec, at: started, wallTime: .now) {
            case .follow: return
            case .create(let spec):
                let metadata = ObjectMeta(name: lease.name, namespace: lease.namespace, labels: self.labels)
                _ = try await self.client.create(
                    Lease(metadata: metadata, spec: spec), timeout: self.timing.retryPeriod)
                election.wrote(spec, startedAt: started)
            case .update(let spec):
                try await self.replace(current, with: spec)
                election.wrote(spec, startedAt: started)
            }
        } catch {
            self.logger.debug("the lease was not written", metadata: ["error": "\(error)"])
        }
    }

    private func read() async throws(KubernetesError) -> Lease? {
        do {
            return try await self.client.get(Lease.self, self.lease, timeout: self.timing.retryPeriod)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// Replaces the spec if nobody wrote since it was read; other fields of the object stay.
    private func replace(_ current: Lease?, with spec: LeaseSpec) async throws(KubernetesError) {
        let document: JSONValue
        do {
            document = try JSONValue(encoding: spec)
        } catch {
            throw .invalidRequest(reason: "\(error)")
        }
        _ = try await self.client.patch(
            .merge([
                "metadata": ["resourceVersion": .string(current?.metadata.resourceVersion ?? "")], "spec": document,
            ]), to: Lease.resourceType, self.lease, timeout: self.timing.retryPeriod)
    }

    private func release(_ spec: LeaseSpec) async {
        do throws(KubernetesError) {
            guard let current = try await self.read(), current.spec.holderIdentity == self.identity else { return }
            try await self.replace(current, with: spec)
        } catch {
            self.logger.debug("the lease was not released; it runs out", metadata: ["error": "\(error)"])
        }
    }
}
