public import MeshModel
public import MeshPolicy

/// What a proxy is told at its start, all by environment; see ``init(environment:)`` for the variables.
public struct Settings: Sendable {
    /// Limits of connections in one direction.
    public struct Traffic: Hashable, Sendable {
        /// Until a connection is made.
        public var connectTimeout: Duration
        /// Between attempts to connect.
        public var connectBackoff: Backoff
        /// Until the protocol of a connection is known.
        public var detectTimeout: Duration
        /// Keep-alive probes of accepted connections; nil for none.
        public var acceptKeepalive: Duration?
        /// Keep-alive probes of opened connections; nil for none.
        public var connectKeepalive: Duration?
        /// How long sent bytes of accepted connections may stay unacknowledged; nil for the system's limit.
        public var acceptUserTimeout: Duration?
        /// How long sent bytes of opened connections may stay unacknowledged; nil for the system's limit.
        public var connectUserTimeout: Duration?
        /// How long an idle HTTP/1 connection is kept.
        public var poolIdleTimeout: Duration
        /// Idle HTTP/1 connections kept per endpoint.
        public var poolIdleMax: Int
        /// Requests in flight.
        public var inFlightMax: Int
        /// Requests that wait for a ready endpoint.
        public var queueCapacity: Int
        /// How long they may wait.
        public var failfastTimeout: Duration
        /// How long what was learned is kept unused.
        public var discoveryIdleTimeout: Duration
    }

    /// A service of the control plane.
    public struct ControlService: Hashable, Sendable {
        /// A name or an address.
        public var host: String
        /// Its port.
        public var port: UInt16
        /// The identity that it must prove; nil without TLS, on this host only.
        public var identity: String?
    }

    /// How this proxy proves who it is.
    public struct Identity: Hashable, Sendable {
        /// The DNS name to be certified.
        public var name: String
        /// PEM of the certificates that are trusted.
        public var trustAnchors: String
        /// Where the ServiceAccount token lies, read anew for each request.
        public var tokenPath: String
        /// No renewal is sooner.
        public var refreshMin: Duration
        /// No renewal is later.
        public var refreshMax: Duration
    }

    /// Limits of a stream of the control plane; nil for none.
    public struct StreamLimits: Hashable, Sendable {
        /// Until the first message.
        public var initial: Duration?
        /// Between messages.
        public var idle: Duration?
        /// In all; the stream is then made anew.
        public var lifetime: Duration?
    }

    /// Worker threads.
    public var workers: Int
    /// Where connections from others arrive.
    public var inboundAddress: SocketAddress
    /// Where connections of the application arrive, one or two families.
    public var outboundAddresses: [SocketAddress]
    /// Where probes and scrapes arrive.
    public var adminAddress: SocketAddress
    /// Limits of connections to the application.
    public var inbound: Traffic
    /// Limits of connections of the application.
    public var outbound: Traffic
    /// Who we are.
    public var identity: Identity
    /// Where endpoints and profiles are learned.
    public var destination: ControlService
    /// Where policies are learned.
    public var policy: ControlService
    /// Where certificates come from.
    public var certification: ControlService
    /// Passed with each discovery, opaque.
    public var destinationContext: String
    /// Names this workload to the policy service, opaque.
    public var workload: String
    /// Addresses whose profiles are asked for.
    public var profileNetworks: [IPNetwork]
    /// What counts as the cluster.
    public var clusterNetworks: [IPNetwork]
    /// Of ports until the policy service says more.
    public var defaultPolicy: DefaultPolicy
    /// Ports watched from the start.
    public var inboundPorts: Set<UInt16>
    /// Ports whose default is not to detect protocols.
    public var opaquePorts: Set<UInt16>
    /// Addresses that inbound connections may be for; empty for any.
    public var inboundIPs: [IPAddress]
    /// Limits of control streams.
    public var streams: StreamLimits
    /// How long connections may take to end at shutdown.
    public var shutdownGrace: Duration
    /// True when `POST /shutdown` ends the proxy.
    public var allowsShutdown: Bool
    /// Initial window of HTTP/2 streams in bytes.
    public var http2StreamWindow: Int
    /// Initial window of HTTP/2 connections in bytes.
    public var http2ConnectionWindow: Int
    /// What is logged.
    public var logFilter: LogFilter
    /// True when log lines are JSON objects.
    public var logsJSON: Bool

    /// True when `address` is this proxy's own pod.
    public func isLocal(_ address: IPAddress) -> Bool {
        address.isLoopback || self.inboundIPs.contains(address.canonical)
    }
}
