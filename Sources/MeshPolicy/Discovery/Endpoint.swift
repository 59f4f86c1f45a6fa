public import MeshModel

/// One address behind a name, and how to speak with it.
public struct Endpoint: Hashable, Sendable {
    /// Where it is.
    public var address: SocketAddress
    /// Relative; 10,000 is 1.
    public var weight: UInt32
    /// Labels of its metrics, without the prefix `dst_`.
    public var labels: [String: String]
    /// Nil when mesh TLS is not spoken.
    public var tls: EndpointTLS?
    /// Nil when the endpoint is not meshed or nothing is known.
    public var hint: ProtocolHint?
    /// The port that takes connections with a transport header.
    public var transportPort: UInt16?
    /// Put in place of `:authority` or `Host`.
    public var authorityOverride: String?
    /// Settings of HTTP/2 connections.
    public var http2: HTTP2ClientSettings?

    /// A plain endpoint of weight 1 unless more is given.
    public init(
        address: SocketAddress, weight: UInt32 = 10_000, labels: [String: String] = [:], tls: EndpointTLS? = nil,
        hint: ProtocolHint? = nil, transportPort: UInt16? = nil, authorityOverride: String? = nil,
        http2: HTTP2ClientSettings? = nil
    ) {
        self.address = address
        self.weight = weight
        self.labels = labels
        self.tls = tls
        self.hint = hint
        self.transportPort = transportPort
        self.authorityOverride = authorityOverride
        self.http2 = http2
    }
}

/// What a meshed endpoint understands.
public enum ProtocolHint: Hashable, Sendable {
    /// HTTP/2, also for requests that were HTTP/1.
    case http2
    /// The port is opaque.
    case opaque
    /// Meshed, but nothing is said of the protocol.
    case unspecified
}

/// Who an endpoint must prove to be.
public struct EndpointTLS: Hashable, Sendable {
    /// A name in a certificate.
    public enum Identity: Hashable, Sendable {
        /// A DNS name.
        case dns(String)
        /// A SPIFFE URI.
        case uri(String)

        /// The name as text.
        public var name: String {
            switch self {
            case .dns(let name), .uri(let name): name
            }
        }
    }

    /// One name in its certificate.
    public var identity: Identity
    /// What is asked for in the ClientHello.
    public var serverName: String

    /// Expects `identity` and asks for `serverName`.
    public init(identity: Identity, serverName: String) {
        self.identity = identity
        self.serverName = serverName
    }

    /// Expects a DNS name and asks for the same.
    public init(dns name: String) { self.init(identity: .dns(name), serverName: name) }
}

/// Settings of HTTP/2 connections to an endpoint; nil leaves the proxy's own.
public struct HTTP2ClientSettings: Hashable, Sendable {
    /// How windows are sized.
    public enum FlowControl: Hashable, Sendable {
        /// By measured bandwidth.
        case adaptive
        /// Fixed sizes in bytes.
        case fixed(connection: UInt32, stream: UInt32)
    }

    /// Pings on a connection.
    public struct KeepAlive: Hashable, Sendable {
        /// Between pings.
        public var interval: Duration
        /// Until a ping counts as lost.
        public var timeout: Duration
        /// Also without requests.
        public var whileIdle: Bool

        /// Pings every `interval`.
        public init(interval: Duration, timeout: Duration, whileIdle: Bool) {
            self.interval = interval
            self.timeout = timeout
            self.whileIdle = whileIdle
        }
    }

    /// How windows are sized.
    public var flowControl: FlowControl?
    /// Pings.
    public var keepAlive: KeepAlive?
    /// Streams that were reset and are still remembered.
    public var maxConcurrentResetStreams: UInt32?
    /// Largest frame sent.
    public var maxFrameSize: UInt32?
    /// Bytes buffered per stream.
    public var maxSendBufferSize: UInt32?

    /// The given settings.
    public init(
        flowControl: FlowControl? = nil, keepAlive: KeepAlive? = nil, maxConcurrentResetStreams: UInt32? = nil,
        maxFrameSize: UInt32? = nil, maxSendBufferSize: UInt32? = nil
    ) {
        self.flowControl = flowControl
        self.keepAlive = keepAlive
        self.maxConcurrentResetStreams = maxConcurrentResetStreams
        self.maxFrameSize = maxFrameSize
        self.maxSendBufferSize = maxSendBufferSize
    }
}

/// One change to the endpoints of a name.
public enum EndpointUpdate: Hashable, Sendable {
    /// Add these, or replace those of the same address; labels of the set lie under those of each endpoint.
    case add([Endpoint], labels: [String: String])
    /// Remove these.
    case remove([SocketAddress])
    /// There are none; `exists` says whether the name is known at all.
    case noEndpoints(exists: Bool)
}
