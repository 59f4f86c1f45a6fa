public import MeshModel
public import MeshReactor

/// What the data plane is configured with.
public struct EngineSettings: Sendable {
    /// One direction's part.
    public struct Side: Sendable {
        /// Where to listen; one or two addresses.
        public var listen: [SocketAddress]
        /// Where connections go that were not redirected; nil refuses them.
        ///
        /// For tests and benches.
        public var forward: SocketAddress?
        /// How long the first bytes may take to tell the protocol.
        public var detectTimeout: Duration
        /// How long connecting may take.
        public var connectTimeout: Duration
        /// Between attempts to connect to an endpoint that could not be reached.
        public var connectBackoff: Backoff
        /// How long an HTTP/1 connection stays in its pool unused.
        public var idleTimeout: Duration
        /// Unused HTTP/1 connections per endpoint.
        public var idleMax: Int
        /// How long a request or connection waits for a target, or for a ready endpoint.
        public var queueTimeout: Duration
        /// How many wait at once.
        public var queueMax: Int
        /// For accepted connections.
        public var accepted: SocketOptions
        /// For opened connections.
        public var opened: SocketOptions

        /// The defaults of proxy.md §2, as far as they are the same on both sides.
        public init(
            listen: [SocketAddress], forward: SocketAddress? = nil, detectTimeout: Duration = .seconds(10),
            connectTimeout: Duration,
            connectBackoff: Backoff = Backoff(minimum: .milliseconds(100), maximum: .seconds(60), jitter: 0.1),
            idleTimeout: Duration = .seconds(3), idleMax: Int = 10_000,
            queueTimeout: Duration = .seconds(3), queueMax: Int = 10_000, accepted: SocketOptions = SocketOptions(),
            opened: SocketOptions = SocketOptions()
        ) {
            self.listen = listen
            self.forward = forward
            self.detectTimeout = detectTimeout
            self.connectTimeout = connectTimeout
            self.connectBackoff = connectBackoff
            self.idleTimeout = idleTimeout
            self.idleMax = idleMax
            self.queueTimeout = queueTimeout
            self.queueMax = queueMax
            self.accepted = accepted
            self.opened = opened
        }
    }

    /// Towards the application.
    public var inbound: Side
    /// From the application.
    public var outbound: Side
    /// Threads.
    public var workers: Int
    /// Connections of one worker, accepted and opened.
    public var connectionsMax: Int
    /// Requests that one worker handles at once.
    public var exchangesMax: Int
    /// Endpoints that one worker keeps connections to.
    public var poolsMax: Int
    /// Pipes of one worker; each costs two descriptors while bytes are in flight.
    public var pipesMax: Int
    /// Bytes that may wait in one worker.
    public var bufferBytesMax: Int
    /// Addresses that inbound connections may mean; empty for any.
    public var inboundIPs: Set<IPAddress>
    /// Whether listening waits for ``WorkerRequest/serve``.
    public var waitsForIdentity: Bool

    /// One worker and the caps of a sidecar.
    public init(
        inbound: Side, outbound: Side, workers: Int = 1, connectionsMax: Int = 16_384, exchangesMax: Int = 100_000,
        poolsMax: Int = 8_192, pipesMax: Int = 256, bufferBytesMax: Int = 64 << 20, inboundIPs: Set<IPAddress> = [],
        waitsForIdentity: Bool = true
    ) {
        self.inbound = inbound
        self.outbound = outbound
        self.workers = workers
        self.connectionsMax = connectionsMax
        self.exchangesMax = exchangesMax
        self.poolsMax = poolsMax
        self.pipesMax = pipesMax
        self.bufferBytesMax = bufferBytesMax
        self.inboundIPs = inboundIPs
        self.waitsForIdentity = waitsForIdentity
    }

    /// The same with no more connections and pipes than there are descriptors for, leaving some to the admin thread.
    func fitted(descriptors: Int?) -> EngineSettings {
        guard let descriptors else { return self }
        var fitted = self
        let share = max(16, (descriptors - 128) / max(1, self.workers))
        fitted.pipesMax = max(1, min(self.pipesMax, share / 16))
        fitted.connectionsMax = max(8, min(self.connectionsMax, share - 2 * fitted.pipesMax - 8))
        return fitted
    }

    subscript(direction: Direction) -> Side {
        switch direction {
        case .inbound: self.inbound
        case .outbound: self.outbound
        }
    }
}
