import MeshCodec
import MeshModel
import MeshPolicy
import MeshReactor
import MeshSecure

/// What a connection is busy with.
enum Stage: UInt8, Hashable, Sendable {
    /// Outbound, and the snapshot does not know the target yet.
    case awaitingTarget
    /// The first bytes tell whether the peer speaks mesh TLS.
    case detectingTLS
    /// TLS is being set up with a client.
    case handshaking
    /// The client's proxy says which port it means.
    case transportHeader
    /// The first bytes tell the protocol.
    case detectingProtocol
    /// Requests of a client.
    case http1Server
    /// Answers of a server, or idle in its pool.
    case http1Client
    /// HTTP/2, in either role.
    case http2
    /// Bytes pass to ``Connection/partner`` unseen.
    case tunnel
    /// Only waiting for its last bytes to leave.
    case closing
}

/// How far the transport is.
enum Phase: UInt8, Hashable, Sendable {
    /// The kernel connects.
    case connecting
    /// TLS is being set up; bytes to be sent wait as plaintext.
    case securing
    /// Bytes go both ways.
    case open
}

/// What is known of a connection's readiness and fate.
struct ConnectionFlags: OptionSet, Hashable, Sendable {
    let rawValue: UInt16

    /// The poller said so, and no read has come back short since.
    static let readable = Self(rawValue: 1 << 0)
    /// The peer ended its side or broke off: a short read is not the end of what can be read.
    static let hungUp = Self(rawValue: 1 << 1)
    /// Reading waits for somebody else: a slow receiver, an answer, a target.
    static let paused = Self(rawValue: 1 << 2)
    /// What is held does not suffice; only new bytes help.
    static let starved = Self(rawValue: 1 << 3)
    /// The peer's end was seen and handled.
    static let ended = Self(rawValue: 1 << 4)
    /// Our end is to follow the bytes that still wait.
    static let finishing = Self(rawValue: 1 << 5)
    /// Our end was sent.
    static let finished = Self(rawValue: 1 << 6)
    /// Reading or writing failed; the connection will be closed in its turn.
    static let broken = Self(rawValue: 1 << 7)
    /// In the queue of connections that get a turn before the next wait.
    static let queued = Self(rawValue: 1 << 8)
    /// In the idle list of its pool.
    static let idle = Self(rawValue: 1 << 9)
    /// It has carried a request before, so its peer may have closed it meanwhile.
    static let reused = Self(rawValue: 1 << 10)
    /// A client that proved an identity, or a server whose identity was checked.
    static let meshed = Self(rawValue: 1 << 11)
    /// Accepted, not opened by us.
    static let accepted = Self(rawValue: 1 << 12)
    /// A tunnel that moves large amounts: the kernel copies, we do not look.
    static let splicing = Self(rawValue: 1 << 13)
    /// The server said that it will close after this answer.
    static let closesAfterUse = Self(rawValue: 1 << 14)
    /// In the queue for a target or a ready endpoint, until its timer ends that.
    static let waiting = Self(rawValue: 1 << 15)
}

/// One socket and everything that belongs to it.
///
/// - Size: see `ConnectionSizeTests`; buffers come from the worker's pool and none is held while idle.
struct Connection: ~Copyable {
    var socket: Socket
    var tls: TLSSession?
    var stage: Stage
    var phase: Phase
    var direction: Direction
    var flags: ConnectionFlags
    /// Bytes that the kernel would not take: records once the phase is open, plaintext before.
    var out = ByteQueue()
    /// Bytes that were read and not used yet.
    var held = ByteQueue()
    /// The request as it was sent on a connection that had been used before, until the server says anything.
    var replay = ByteQueue()
    var timer = TimerWheel.ID.none
    /// Why reading or writing failed.
    var failure: SystemError?
    var tlsFailure: TLSError?

    /// The client's address, or where we connected to.
    var peer: SocketAddress
    /// Where the client meant to go.
    var target: SocketAddress
    /// Who the client proved to be.
    var identity = PeerIdentity.clear

    /// The other connection of a tunnel.
    var partner = Handle.none
    /// The request that this connection is busy with.
    var exchange = Handle.none
    /// The HTTP/2 side, once it is settled that there is one.
    var session = Handle.none
    /// HTTP/1: where in a message the connection is.
    var message = HTTP1Message()

    /// The pool that this upstream belongs to, or that a client's requests all go to.
    var pool = Handle.none
    var idleNext = Handle.none
    var idlePrevious = Handle.none
    /// Since when it is idle or waits.
    var since: MonotonicTime
    /// The slot of the backend that a client waits for.
    var waitsFor: Int32 = -1
    /// How many servers of its tunnel a client has outlived before the first of them was reached.
    var tries: UInt8 = 0
    /// Bytes that a splice has in flight from here to the partner.
    var pipe = Handle.none
    /// What the snapshot of ``policyVersion`` says of the port, for inbound connections.
    var portPolicy: PortPolicy?
    /// What the snapshot of ``policyVersion`` says of the target, for outbound connections.
    var outboundTarget: OutboundTarget?
    var policyVersion: UInt64 = 0
    /// Where the connection is counted, once its labels are known.
    var series: ConnectionSeries?
    /// Where its requests were counted last.
    var requestSeries = SeriesCache()

    init(
        _ socket: consuming Socket, stage: Stage, phase: Phase, direction: Direction, flags: ConnectionFlags,
        peer: SocketAddress, target: SocketAddress, since: MonotonicTime
    ) {
        self.socket = socket
        self.stage = stage
        self.phase = phase
        self.direction = direction
        self.flags = flags
        self.peer = peer
        self.target = target
        self.since = since
    }
}

/// Where in a message an HTTP/1 connection is.
struct HTTP1Message {
    enum Part: UInt8, Hashable, Sendable {
        /// Before or inside a head.
        case head
        /// Inside a body.
        case body
        /// Behind the message.
        case done
    }

    var part = Part.head
    var progress = HTTP1ScanProgress()
    var body = HTTP1Body(length: 0)
}
