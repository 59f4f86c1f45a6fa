import MeshModel
import MeshPolicy
import MeshWire

/// The services that policies and endpoints come from.
enum DiscoveryService: Hashable, Sendable {
    /// Endpoints and profiles.
    case destination
    /// Inbound and outbound policies.
    case policy
}

/// What ``Discovery`` wants done.
enum DiscoveryAction: Hashable, Sendable {
    /// Open a stream: send `message` to `path` and hand over what comes under `call`.
    case open(call: UInt64, service: DiscoveryService, path: String, message: [UInt8])
    /// Close a stream; nothing more of it is wanted.
    case cancel(call: UInt64, service: DiscoveryService)
}

/// What this proxy knows of ports and targets, and what it asks to know more: a state machine without I/O.
///
/// What was learned stays while the control plane is away; streams that end are opened again after a backoff, except
/// when the control plane says that it will never answer. Everything has a cap.
struct Discovery {
    /// Most targets known at once; more are not asked for and their connections time out.
    static let targetsMax = 5000
    /// Most ports watched because a connection came, beside those watched from the start.
    static let extraPortsMax = 256
    /// Most endpoints of one name; further ones are ignored.
    static let endpointsMax = 10_000

    /// What a stream is about.
    enum Subject: Hashable {
        case port(UInt16)
        case policy(SocketAddress)
        case profile(SocketAddress)
        case endpoints(String)
    }

    /// A stream, or the wait for the next attempt at it.
    struct Watch {
        let subject: Subject
        let service: DiscoveryService
        let path: String
        let message: [UInt8]
        /// Nil while waiting for the next attempt.
        var call: UInt64?
        var attempt = 0
        var opened = MonotonicTime(nanoseconds: 0)
        var heard: MonotonicTime?
        var retry = MonotonicTime(nanoseconds: 0)
    }

    let settings: Settings
    let fallback: InboundFallback
    var actions: [DiscoveryAction] = []
    /// True when a snapshot should be published.
    var isChanged = false
    var ports: [UInt16: PortWatch] = [:]
    var targets: [SocketAddress: Target] = [:]
    var resolutions: [String: Resolution] = [:]
    var registry = BackendRegistry()
    /// Why something that came was refused; for the log, cleared by the owner.
    var complaints: [(subject: Subject, error: String)] = []
    private var watches: [Subject: Watch] = [:]
    private var calls: [UInt64: Subject] = [:]
    private var nextCall: UInt64 = 1
    private var random: SystemRandomNumberGenerator = SystemRandomNumberGenerator()
    private let backoff = Backoff(minimum: .milliseconds(100), maximum: .seconds(10), jitter: 0.1)

    init(settings: Settings) {
        self.settings = settings
        self.fallback = InboundFallback(settings)
    }

    // MARK: - Streams

    mutating func watch(
        _ subject: Subject, _ service: DiscoveryService, path: String, message: [UInt8], now: MonotonicTime
    ) {
        var watch = Watch(subject: subject, service: service, path: path, message: message)
        self.open(&watch, now: now)
        self.watches[subject] = watch
    }

    mutating func unwatch(_ subject: Subject) {
        guard let watch = self.watches.removeValue(forKey: subject), let call = watch.call else { return }
        self.calls[call] = nil
        self.actions.append(.cancel(call: call, service: watch.service))
    }

    private mutating func open(_ watch: inout Watch, now: MonotonicTime) {
        let call = self.nextCall
        self.nextCall += 1
        watch.call = call
        watch.opened = now
        watch.heard = nil
        self.calls[call] = watch.subject
        self.actions.append(.open(call: call, service: watch.service, path: watch.path, message: watch.message))
    }

    /// A message came on a stream.
    mutating func received(_ message: [UInt8], on call: UInt64, now: MonotonicTime) {
        guard let subject = self.calls[call] else { return }
        let isFirst = self.watches[subject]?.heard == nil
        self.watches[subject]?.heard = now
        self.watches[subject]?.attempt = 0
        switch subject {
        case .port(let port): self.receivedPort(message, port)
        case .policy(let address): self.receivedPolicy(message, address, now: now)
        case .profile(let address): self.receivedProfile(message, address, now: now)
        case .endpoints(let path): self.receivedEndpoints(message, path, isFirst: isFirst)
        }
    }

    /// A stream ended with a gRPC code; 0 when the server had no more to say for now.
    mutating func ended(_ call: UInt64, code: UInt8, now: MonotonicTime) {
        guard let subject = self.calls.removeValue(forKey: call) else { return }
        let isTerminal: Bool
        switch subject {
        case .port(let port): isTerminal = self.endedPort(port, code)
        case .policy(let address): isTerminal = self.endedPolicy(address, code, now: now)
        case .profile(let address): isTerminal = self.endedProfile(address, code, now: now)
        case .endpoints(let path): isTerminal = self.endedEndpoints(path, code)
        }
        guard !isTerminal else {
            self.watches[subject] = nil
            return
        }
        guard var watch = self.watches[subject] else { return }
        watch.call = nil
        let wait = self.backoff.delay(attempt: watch.attempt, using: &self.random)
        watch.attempt += 1
        watch.retry = now.advanced(by: wait)
        self.watches[subject] = watch
    }

    /// Does what is due: attempts, limits of streams, eviction of what is not used.
    mutating func advance(to now: MonotonicTime) {
        for subject in Array(self.watches.keys) {
            guard var watch = self.watches[subject] else { continue }
            if let call = watch.call {
                guard let code = self.expired(watch, now: now) else { continue }
                self.actions.append(.cancel(call: call, service: watch.service))
                self.ended(call, code: code, now: now)
            } else if watch.retry <= now {
                self.open(&watch, now: now)
                self.watches[subject] = watch
            }
        }
        self.evictTargets(now: now)
    }

    /// The code that a stream ends with because one of its limits has passed.
    private func expired(_ watch: Watch, now: MonotonicTime) -> UInt8? {
        let limits = self.settings.streams
        if let initial = limits.initial, watch.heard == nil, now >= watch.opened.advanced(by: initial) { return 4 }
        if let heard = watch.heard, let idle = limits.idle, now >= heard.advanced(by: idle) { return 0 }
        if let lifetime = limits.lifetime, now >= watch.opened.advanced(by: lifetime) { return 0 }
        return nil
    }

    /// Takes the actions to be done.
    mutating func takeActions() -> [DiscoveryAction] {
        let actions = self.actions
        self.actions = []
        return actions
    }

    /// Takes what was refused, for the log.
    mutating func takeComplaints() -> [(subject: Subject, error: String)] {
        let complaints = self.complaints
        self.complaints = []
        return complaints
    }

    /// True when a connection waits for an answer, or a stream for its next attempt.
    var isWaiting: Bool { self.watches.contains { $0.value.heard == nil } }

    /// False while a stream is broken, and nothing that it told can be learned again.
    func isLive(_ subject: Subject) -> Bool {
        guard let watch = self.watches[subject] else { return true }
        return watch.call != nil && watch.heard != nil
    }

    mutating func complain(_ subject: Subject, _ error: some Error) {
        guard self.complaints.count < 100 else { return }
        self.complaints.append((subject, "\(error)"))
    }

    /// A snapshot of everything.
    func snapshot(version: UInt64, identity: ProxyIdentity?) -> Snapshot {
        Snapshot(
            version: version, inbound: self.inboundTable,
            outbound: OutboundTable(self.targets.compactMapValues(\.published)), backends: self.registry.sets,
            identity: identity)
    }
}
