import MeshCodec
import MeshModel
import MeshPolicy
import MeshReactor
import MeshSecure

/// The admin thread: identity, streams of the control plane, snapshots, and the admin port.
///
/// One thread owns all of it; workers are reached through mailboxes and the snapshot cell only.
final class ControlLoop {
    /// What an event belongs to, in the low byte of its token.
    enum Token {
        static let requests: UInt64 = 1
        static let signals: UInt64 = 2
        static let admin: UInt64 = 3
        static let certification: UInt64 = 0x10
        static let destination: UInt64 = 0x20
        static let policy: UInt64 = 0x30
        /// With the connection's handle in the upper bits.
        static let adminConnection: UInt64 = 0x40
    }

    /// The one call of the certification channel.
    private static let certifyCall: UInt64 = 1
    /// How long a request for a certificate may take.
    private static let certifyTimeout = Duration.seconds(10)

    let settings: Settings
    let log: Log
    let shared: EngineShared
    var poller: Poller
    private let signals: Signals
    private let memory: RPCMemory
    private let channels: (certification: RPCChannel, destination: RPCChannel, policy: RPCChannel)
    var certification: Certification
    private var certifyDeadline: MonotonicTime?
    var discovery: Discovery
    private var version: UInt64 = 0
    var now: MonotonicTime
    private var warned: MonotonicTime
    private var random = SystemRandomNumberGenerator()

    // The admin port's part, in ControlLoop+Admin.swift.
    let adminListener: Socket
    var adminConnections: Slab<AdminConnection>
    var adminFields = HTTP1FieldTable()
    let adminScratch = Scratch(capacity: 16_384)
    let processMetrics = ProcessMetrics()
    let environment: [String: String]
    var reports: [Int: StatsReport] = [:]
    var scrapers: [Handle] = []
    var scrapeDeadline: MonotonicTime?

    /// True once there is a certificate and workers serve.
    private(set) var isReady = false
    private var drainDeadline: MonotonicTime?
    private var drained: Set<Int> = []

    /// Why the loop could not start.
    enum Failure: Error {
        case identity(TLSError)
        case system(ReactorError)
    }

    init(
        _ settings: Settings, environment: [String: String], signals: consuming Signals, shared: EngineShared, log: Log
    ) throws(Failure) {
        self.settings = settings
        self.environment = environment
        self.log = log
        self.shared = shared
        self.signals = signals
        self.now = Clock.now()
        self.warned = self.now
        self.discovery = Discovery(settings: settings)
        self.adminConnections = Slab(limit: 64)
        do throws(TLSError) {
            let anchors = try TrustAnchors(pem: settings.identity.trustAnchors)
            self.certification = try Certification(settings.identity, anchors: anchors, now: self.now)
            self.memory = try RPCMemory()
            let resolver = {
                // Without the file, a server on this host is asked.
                String(decoding: (try? readFile("/etc/resolv.conf", limit: 64 * 1024)) ?? [], as: UTF8.self)
            }
            self.channels = (
                RPCChannel(
                    "identity", settings.certification, token: Token.certification, memory: self.memory, log: log,
                    resolverText: resolver),
                RPCChannel(
                    "destination", settings.destination, token: Token.destination, memory: self.memory, log: log,
                    resolverText: resolver),
                RPCChannel(
                    "policy", settings.policy, token: Token.policy, memory: self.memory, log: log,
                    resolverText: resolver)
            )
            self.channels.certification.context = try TLSContext(.client, credentials: nil, anchors: anchors)
        } catch { throw .identity(error) }
        do throws(ReactorError) {
            self.poller = try Poller()
            self.adminListener = try Socket.listening(on: settings.adminAddress, backlog: 128)
            try self.poller.watch(wakeup: shared.requests.wakeup, token: Token.requests)
            try self.poller.watch(signals: self.signals, token: Token.signals)
            try self.poller.watch(listener: self.adminListener, token: Token.admin)
        } catch { throw .system(error) }
    }

    /// Where the admin port really is.
    var adminAddress: SocketAddress? { try? self.adminListener.localAddress() }

    /// Runs until the proxy has drained; returns the code to exit with.
    func run() throws(ReactorError) -> Int32 {
        while true {
            self.now = Clock.now()
            if let code = self.advance() { return code }
            let pause: Duration = self.isReady && !self.discovery.isWaiting ? .milliseconds(500) : .milliseconds(50)
            try self.poller.wait(until: self.now.advanced(by: pause), now: self.now)
            self.now = Clock.now()
            for index in 0..<self.poller.count {
                if let code = self.handle(self.poller[index]) { return code }
            }
        }
    }

    private func handle(_ event: Event) -> Int32? {
        switch event.token & 0xFF {
        case Token.requests: self.receiveRequests()
        case Token.signals:
            while let signal = self.signals.next() {
                guard signal == .terminate else { continue }
                // The second one means it.
                guard self.drainDeadline == nil else { return 0 }
                self.drain()
            }
        case Token.admin: self.acceptAdmin()
        case Token.certification: _ = self.channels.certification.handle(event, self.poller, now: self.now)
        case Token.destination: _ = self.channels.destination.handle(event, self.poller, now: self.now)
        case Token.policy: _ = self.channels.policy.handle(event, self.poller, now: self.now)
        case Token.adminConnection: self.handleAdmin(event)
        default: break
        }
        return nil
    }

    private func receiveRequests() {
        for request in self.shared.requests.receive() {
            switch request {
            case .target(let address): self.discovery.requestedTarget(address, now: self.now)
            case .port(let port): self.discovery.requestedPort(port, now: self.now)
            case .report(let worker, let report): self.reported(worker, report)
            case .drained(let worker): self.drained.insert(worker)
            }
        }
    }

    /// Does what is due; the code to exit with, once everything has ended.
    private func advance() -> Int32? {
        self.advanceIdentity()
        self.discovery.advance(to: self.now)
        self.performActions()
        self.channels.certification.advance(self.poller, now: self.now)
        self.channels.destination.advance(self.poller, now: self.now)
        self.channels.policy.advance(self.poller, now: self.now)
        self.deliver(self.channels.destination)
        self.deliver(self.channels.policy)
        self.performActions()
        self.logComplaints()
        self.publishIfChanged()
        self.advanceScrape()
        if !self.isReady, self.now >= self.warned.advanced(by: .seconds(15)) {
            self.warned = self.now
            self.log.write(.warn, "Waiting for a certificate", ("name", self.settings.identity.name))
        }
        guard let drainDeadline else { return nil }
        return self.drained.count == self.shared.workers.count || self.now >= drainDeadline ? 0 : nil
    }

    // MARK: - Identity

    private func advanceIdentity() {
        for event in self.channels.certification.takeEvents() {
            switch event {
            case .message(_, let message):
                do throws(Certification.Failure) {
                    self.certified(
                        try self.certification.finish(message, wallSeconds: Self.wallSeconds, now: self.now))
                    self.certifyDeadline = nil
                } catch { self.certificationFailed(error) }
            case .ended(_, let code, let text):
                // After a message its end is no news.
                if self.certifyDeadline != nil { self.certificationFailed(.refused(code: code, text: text)) }
            }
        }
        if let certifyDeadline, self.now >= certifyDeadline {
            self.channels.certification.cancel(Self.certifyCall)
            self.certificationFailed(.refused(code: GRPCCode.deadlineExceeded, text: "no answer"))
        }
        guard let due = self.certification.due, self.now >= due else { return }
        do throws(Certification.Failure) {
            let request = try self.certification.begin()
            self.certifyDeadline = self.now.advanced(by: Self.certifyTimeout)
            self.channels.certification.call(Self.certifyCall, path: Certification.path, message: request)
        } catch { self.certificationFailed(error) }
    }

    private static var wallSeconds: Int64 { Clock.wallNanoseconds() / 1_000_000_000 }

    private func certificationFailed(_ failure: Certification.Failure) {
        self.certifyDeadline = nil
        self.certification.failed(wallSeconds: Self.wallSeconds, now: self.now, using: &self.random)
        self.log.write(.warn, "No certificate", ("reason", "\(failure)"))
    }

    private func certified(_ identity: ProxyIdentity) {
        self.log.write(.info, "Certified", ("name", identity.name), ("expiry", "\(identity.expiry)"))
        for channel in [self.channels.destination, self.channels.policy, self.channels.certification] {
            channel.context = identity.client
        }
        self.discovery.isChanged = true
        guard !self.isReady else { return }
        self.isReady = true
        self.discovery.watchPorts(now: self.now)
        self.publishIfChanged()
        self.shared.send(.serve)
        self.log.write(.info, "Serving")
        releaseStartupCode()
    }

    // MARK: - Discovery

    private func performActions() {
        for action in self.discovery.takeActions() {
            switch action {
            case .open(let call, let service, let path, let message):
                self.channel(service).call(call, path: path, message: message)
            case .cancel(let call, let service): self.channel(service).cancel(call)
            }
        }
    }

    private func channel(_ service: DiscoveryService) -> RPCChannel {
        switch service {
        case .destination: self.channels.destination
        case .policy: self.channels.policy
        }
    }

    private func deliver(_ channel: RPCChannel) {
        for event in channel.takeEvents() {
            switch event {
            case .message(let call, let message): self.discovery.received(message, on: call, now: self.now)
            case .ended(let call, let code, let text):
                if code != GRPCCode.ok {
                    self.log.write(
                        .debug, "A control stream ended", ("service", "\(channel.name)"), ("code", "\(code)"),
                        ("text", text))
                }
                self.discovery.ended(call, code: code, now: self.now)
            }
        }
    }

    private func logComplaints() {
        for complaint in self.discovery.takeComplaints() {
            self.log.write(
                .error, "The control plane sent what makes no sense", ("about", "\(complaint.subject)"),
                ("error", complaint.error))
        }
    }

    private func publishIfChanged() {
        guard self.discovery.isChanged else { return }
        self.discovery.isChanged = false
        self.version += 1
        self.shared.snapshots.publish(
            self.discovery.snapshot(version: self.version, identity: self.certification.identity))
    }

    // MARK: - End

    /// Lets connections finish, then ends.
    func drain() {
        guard self.drainDeadline == nil else { return }
        let deadline = self.now.advanced(by: self.settings.shutdownGrace)
        self.drainDeadline = deadline
        self.log.write(.info, "Shutting down", ("grace", "\(self.settings.shutdownGrace)"))
        self.shared.send(.drain(deadline: deadline))
    }
}
