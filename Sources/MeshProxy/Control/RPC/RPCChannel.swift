import MeshModel
import MeshReactor
import MeshSecure

/// Calls to one service of the control plane: finds it, connects, and connects again.
///
/// Calls wait while there is no connection. When one breaks, its calls end as unavailable; making them again is the
/// caller's business.
final class RPCChannel {
    /// Calls that wait for a connection; more are refused as unavailable.
    static let pendingMax = 10_000
    /// Until connecting and the handshake are given up.
    private static let connectTimeout = Duration.seconds(5)
    /// No answer of the DNS is used for less or more than this.
    private static let ttl = (min: Duration.seconds(5), max: Duration.seconds(3600))
    private static let backoff = Backoff(minimum: .milliseconds(100), maximum: .seconds(10), jitter: 0.1)

    private struct Pending {
        let id: UInt64
        let path: String
        let message: [UInt8]
    }

    let name: StaticString
    private let service: Settings.ControlService
    private let resolverText: () -> String
    private let memory: RPCMemory
    private let log: Log
    /// The token of the lookup's socket; that of connections has a counter above it.
    private let token: UInt64
    private var connectionToken: UInt64 = 0
    private var generation: UInt64 = 0

    private var pending: [Pending] = []
    private var lookup: Lookup?
    private var connection: RPCConnection?
    private var connectDeadline = MonotonicTime(nanoseconds: .max)
    private var addresses: [IPAddress] = []
    private var addressesExpiry = MonotonicTime(nanoseconds: .min)
    private var nextAddress = 0
    private var attempt = 0
    private var retry = MonotonicTime(nanoseconds: .min)
    private var events: [RPCEvent] = []
    /// What connections start from; nil until there is one.
    var context: TLSContext?

    init(
        _ name: StaticString, _ service: Settings.ControlService, token: UInt64, memory: RPCMemory, log: Log,
        resolverText: @escaping () -> String
    ) {
        self.name = name
        self.service = service
        self.token = token
        self.memory = memory
        self.log = log
        self.resolverText = resolverText
    }

    /// True when requests can be sent at once.
    var isConnected: Bool { self.connection?.isOpen ?? false }

    // MARK: - Calls

    /// Makes a call, now or when there is a connection.
    func call(_ id: UInt64, path: String, message: [UInt8]) {
        guard self.pending.count < Self.pendingMax else {
            self.events.append(.ended(call: id, code: GRPCCode.unavailable, text: "too many calls wait"))
            return
        }
        self.pending.append(Pending(id: id, path: path, message: message))
    }

    /// Forgets a call; it reports nothing more.
    func cancel(_ id: UInt64) {
        self.pending.removeAll { $0.id == id }
        self.attemptOnConnection { (connection, memory) throws(RPCConnection.Failure) in
            try connection.cancel(id, memory: memory)
        }
    }

    /// Takes what has happened.
    func takeEvents() -> [RPCEvent] {
        let events = self.events
        self.events = []
        return events
    }

    // MARK: - Progress

    /// Does what is due, and returns when to come again.
    func advance(_ poller: borrowing Poller, now: MonotonicTime) {
        if self.connection?.isDraining ?? false, self.connection?.isFinished ?? false {
            self.disconnect(now: now, reason: nil)
        }
        if self.connection != nil {
            if !self.isConnected, now >= self.connectDeadline { self.disconnect(now: now, reason: "timed out") }
            self.sendPending()
        } else if self.lookup != nil {
            if let deadline = self.lookup?.deadline, now >= deadline {
                self.lookup?.timedOut()
                self.askNext(poller, now: now)
            }
        } else if !self.pending.isEmpty, now >= self.retry {
            self.begin(poller, now: now)
        }
    }

    /// Handles an event whose token belongs to this channel; false for one of something else or gone.
    func handle(_ event: Event, _ poller: borrowing Poller, now: MonotonicTime) -> Bool {
        if event.token == self.token {
            self.receiveAnswer(poller, now: now)
            return true
        }
        guard event.token == self.connectionToken, self.connection != nil else { return false }
        var failure: RPCConnection.Failure?
        do throws(RPCConnection.Failure) {
            let wasOpen = self.isConnected
            try self.connection?.ready(event, memory: self.memory, now: now, into: &self.events)
            if !wasOpen, self.isConnected {
                self.attempt = 0
                self.log.write(.debug, "Connected to the control plane", ("service", "\(self.name)"))
            }
        } catch {
            failure = error
        }
        if let failure { self.disconnect(now: now, reason: "\(failure)") } else { self.sendPending() }
        return true
    }

    private func sendPending() {
        while self.isConnected, let call = self.pending.first {
            var isSent = false
            self.attemptOnConnection { (connection, memory) throws(RPCConnection.Failure) in
                isSent = try connection.open(call.id, path: call.path, message: call.message, memory: memory)
            }
            guard isSent else { return }
            self.pending.removeFirst()
        }
    }

    private func attemptOnConnection(
        _ body: (inout RPCConnection, RPCMemory) throws(RPCConnection.Failure) -> Void
    ) {
        guard var connection = self.connection.take() else { return }
        do {
            try body(&connection, self.memory)
            self.connection = consume connection
        } catch {
            // Put back, so that its calls are told.
            self.connection = consume connection
            self.disconnect(now: Clock.now(), reason: "\(error)")
        }
    }

    // MARK: - Connecting

    private func begin(_ poller: borrowing Poller, now: MonotonicTime) {
        if let address = IPAddress(self.service.host) {
            self.addresses = [address]
        } else if self.service.host == "localhost" || self.service.host == "localhost." {
            self.addresses = [.v4(0x7F00_0001)]
        } else if now >= self.addressesExpiry {
            self.lookup = Lookup(self.service.host, ResolverConfiguration(self.resolverText()))
            self.askNext(poller, now: now)
            return
        }
        self.connect(poller, now: now)
    }

    private func askNext(_ poller: borrowing Poller, now: MonotonicTime) {
        guard self.lookup?.ask(poller, token: self.token, now: now) ?? false else {
            self.lookup = nil
            // What was found before is better than nothing.
            if self.addresses.isEmpty {
                self.wait(now: now, reason: "the name is not known")
            } else {
                self.connect(poller, now: now)
            }
            return
        }
    }

    private func receiveAnswer(_ poller: borrowing Poller, now: MonotonicTime) {
        guard self.lookup != nil else { return }
        switch self.lookup?.receive(self.memory.scratch) ?? .waiting {
        case .waiting: return
        case .next: self.askNext(poller, now: now)
        case .found(let addresses, let ttl):
            self.lookup = nil
            self.addresses = addresses
            self.nextAddress = addresses.count > 1 ? Int.random(in: 0..<addresses.count) : 0
            self.addressesExpiry = now.advanced(by: min(max(.seconds(ttl), Self.ttl.min), Self.ttl.max))
            self.connect(poller, now: now)
        }
    }

    private func connect(_ poller: borrowing Poller, now: MonotonicTime) {
        guard !self.addresses.isEmpty else { return }
        let address = SocketAddress(self.addresses[self.nextAddress % self.addresses.count], port: self.service.port)
        self.nextAddress += 1
        self.generation += 1
        self.connectionToken = self.token | self.generation << 8
        do throws(RPCConnection.Failure) {
            let connection = try RPCConnection(
                to: address, authority: "\(self.service.host):\(self.service.port)", identity: self.service.identity,
                context: self.context, memory: self.memory, now: now)
            try connection.watch(poller, token: self.connectionToken)
            self.connection = consume connection
            self.connectDeadline = now.advanced(by: Self.connectTimeout)
        } catch {
            self.wait(now: now, reason: "\(error)")
        }
    }

    private func disconnect(now: MonotonicTime, reason: String?) {
        for id in self.connection?.callIDs ?? [] {
            self.events.append(.ended(call: id, code: GRPCCode.unavailable, text: reason ?? "closed"))
        }
        self.connection = nil
        // With one address that does not answer, the next lookup may know a better one.
        if self.nextAddress >= self.addresses.count { self.addressesExpiry = min(self.addressesExpiry, now) }
        if let reason { self.wait(now: now, reason: reason) }
    }

    private func wait(now: MonotonicTime, reason: String) {
        var random = SystemRandomNumberGenerator()
        self.retry = now.advanced(by: Self.backoff.delay(attempt: self.attempt, using: &random))
        self.attempt += 1
        self.log.write(
            self.attempt > 3 ? .warn : .debug, "No connection to the control plane", ("service", "\(self.name)"),
            ("host", "\(self.service.host):\(self.service.port)"), ("reason", reason))
    }

    /// Ends the connection, so that the next one starts from the newest ``context``.
    func reconnect(now: MonotonicTime) {
        self.disconnect(now: now, reason: nil)
        self.retry = now
    }
}
