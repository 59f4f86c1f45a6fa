import MeshCodec
import MeshModel
import MeshPolicy
import MeshReactor

extension ControlLoop {
    /// How long workers may take to send their counters.
    private static let scrapeTimeout = Duration.seconds(1)

    func acceptAdmin() {
        while !self.adminConnections.isFull {
            // A connection that cannot be taken now is tried again with the next event.
            guard let accepted = try? self.adminListener.accept() else { return }
            self.addAdmin(accepted.socket, peer: accepted.peer)
        }
    }

    private func addAdmin(_ socket: consuming Socket, peer: SocketAddress) {
        socket.apply(SocketOptions())
        let handle = self.adminConnections.insert(AdminConnection(socket, peer: peer))
        do {
            try self.poller.watch(self.adminConnections[handle].socket, token: Self.token(handle))
        } catch {
            _ = self.adminConnections.remove(handle)
        }
    }

    private static func token(_ handle: Handle) -> UInt64 {
        // The slab has few slots, so index and generation fit above the low byte.
        UInt64(handle.generation) << 24 | UInt64(handle.index) << 8 | Token.adminConnection
    }

    private static func handle(_ token: UInt64) -> Handle {
        Handle(
            index: UInt32(truncatingIfNeeded: token >> 8) & 0xFFFF, generation: UInt32(truncatingIfNeeded: token >> 24))
    }

    func handleAdmin(_ event: Event) {
        let handle = Self.handle(event.token)
        guard self.adminConnections.contains(handle) else { return }
        if event.isReadable, !self.adminConnections[handle].read(self.adminScratch) {
            self.closeAdmin(handle)
            return
        }
        self.progress(handle)
    }

    /// Answers what has come whole, and sends.
    private func progress(_ handle: Handle) {
        while let parsed = self.adminConnections[handle].next(&self.adminFields) {
            guard self.isAdmitted(parsed, peer: self.adminConnections[handle].peer.ip) else {
                self.adminConnections[handle].answer(.forbidden)
                continue
            }
            if parsed.request == .metrics {
                self.scrape(for: handle)
            } else {
                let isLocal = self.adminConnections[handle].peer.ip.isLoopback
                self.adminConnections[handle].answer(self.answer(parsed.request, isLocal: isLocal))
            }
        }
        if !self.adminConnections[handle].flush() { self.closeAdmin(handle) }
    }

    private func closeAdmin(_ handle: Handle) {
        _ = self.adminConnections.remove(handle)
        self.scrapers.removeAll { $0 == handle }
    }

    /// The policy of the admin port decides, as for every other port.
    private func isAdmitted(_ parsed: AdminConnection.Parsed, peer: IPAddress) -> Bool {
        let (policy, _) = self.discovery.inboundTable.policy(of: self.settings.adminAddress.port)
        let fields: [FieldRange] = []
        let verdict = policy.policy?.decide(
            parsed.bytes.span, parsed.head, fields.span, peer: peer, identity: .clear)
        if case .allow = verdict { return true }
        return false
    }

    private func answer(_ request: AdminRequest, isLocal: Bool) -> AdminAnswer {
        switch request {
        case .live: return AdminAnswer(status: 200, body: "live\n")
        case .ready:
            return self.isReady
                ? AdminAnswer(status: 200, body: "ready\n") : AdminAnswer(status: 503, body: "not ready\n")
        case .shutdown:
            guard self.settings.allowsShutdown else { return .notFound }
            guard isLocal else { return .forbidden }
            self.drain()
            return AdminAnswer(status: 200, body: "shutdown\n")
        case .logLevel:
            return isLocal ? AdminAnswer(status: 200, body: self.log.filter.text) : .forbidden
        case .setLogLevel(let text):
            guard isLocal else { return .forbidden }
            guard let filter = LogFilter(text) else { return AdminAnswer(status: 400, body: "invalid filter\n") }
            self.log.setFilter(filter)
            return AdminAnswer(status: 204, body: "")
        case .environment(let names): return self.environmentAnswer(names)
        case .malformed: return AdminAnswer(status: 400, body: "invalid query\n")
        case .wrongMethod: return AdminAnswer(status: 405, body: "method not allowed\n")
        case .metrics, .unknown: return .notFound
        }
    }

    private func environmentAnswer(_ names: [String]) -> AdminAnswer {
        var members: [String: JSONValue] = [:]
        if names.isEmpty {
            members = self.environment.mapValues { .string($0) }
        } else {
            for name in names { members[name] = self.environment[name].map { .string($0) } ?? .null }
        }
        let text = String(decoding: JSONWriter.write(.object(members)), as: UTF8.self)
        return AdminAnswer(status: 200, type: "application/json", body: text)
    }

    // MARK: - Metrics

    private func scrape(for handle: Handle) {
        self.scrapers.append(handle)
        guard self.scrapeDeadline == nil else { return }
        self.scrapeDeadline = self.now.advanced(by: Self.scrapeTimeout)
        self.reports = [:]
        self.shared.send(.report)
    }

    func reported(_ worker: Int, _ report: StatsReport) {
        guard self.scrapeDeadline != nil else { return }
        self.reports[worker] = report
        self.advanceScrape()
    }

    /// Answers the scrapes once all workers have sent their counters, or the time is up.
    func advanceScrape() {
        guard let deadline = self.scrapeDeadline else { return }
        guard self.reports.count == self.shared.workers.count || self.now >= deadline else { return }
        self.scrapeDeadline = nil
        let answer = AdminAnswer(status: 200, body: self.metricsText())
        let scrapers = self.scrapers
        self.scrapers = []
        for handle in scrapers where self.adminConnections.contains(handle) {
            self.adminConnections[handle].answer(answer)
            self.progress(handle)
        }
    }

    private func metricsText() -> String {
        var metrics = MetricsText()
        metrics.append(self.reports.sorted { $0.key < $1.key }.map(\.value))
        metrics.append("control_identity_cert_refreshes_total", "counter", self.certification.refreshes)
        if let identity = self.certification.identity {
            metrics.append("control_identity_cert_expiration_timestamp_seconds", "gauge", identity.expiry)
            metrics.append("control_identity_cert_refresh_timestamp_seconds", "gauge", self.certification.refreshed)
        }
        self.processMetrics.append(to: &metrics)
        metrics.append("proxy_build_info", labels: #"vendor="heddle",version="dev",profile="release""#, 1)
        return metrics.text + "# EOF\n"
    }
}
