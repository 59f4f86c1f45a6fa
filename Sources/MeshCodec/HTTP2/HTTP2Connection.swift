public import MeshModel

/// One end of an HTTP/2 connection (RFC 9113) as a value: bytes and wishes in, events and bytes out.
///
/// It reads no socket and no clock. Received content is not copied; heads go into a list that a worker shares among its
/// connections. What is to be sent collects in `output`, which the owner takes after each batch of events. Content that
/// the peer's windows do not admit is held here; the owner is told to stop, and later to go on.
///
/// Limits: heads (`HTTP2Settings`, and 64 KiB of compressed block in 64 frames), streams, unread output, and a budget for
/// frames that make work without progress (resets, pings, settings, empty content; CVE-2023-44487 and its like).
public struct HTTP2Connection: ~Copyable {
    /// Largest frame in either direction (RFC 9113 §4.2); nothing is gained by more.
    static let frameBytesMax = 16_384
    /// Compressed header block; the list's own limit is checked while decoding.
    static let blockBytesMax = 65_536
    static let blockFramesMax = 64
    /// Output that nobody takes, at which a connection that still asks for more is given up.
    static let outputBytesMax = 1 << 20
    /// Output at which content is held back per stream instead.
    static let outputBytesHigh = 1 << 18
    /// Nuisances that a peer may cause at once, and how many it gets back in a second.
    static let patienceMax = 10_000
    static let patiencePerSecond = 1000

    let role: HTTP2Role
    let settings: HTTP2Settings

    /// Bytes for the peer, in order.
    public internal(set) var output: [UInt8] = []

    // Receiving.
    var prefaceLeft: Int
    /// A frame of which not all has arrived, except content.
    var carry: [UInt8] = []
    var content = HTTP2Content()
    var skipLeft = 0
    var block: [UInt8] = []
    var blockStream: UInt32 = 0
    var blockFrames = 0
    var blockEndsStream = false
    var hasSettings = false
    var decoder = HPACKDecoder()
    var receiveWindow = 65_535
    var uncredited = 0

    // Sending.
    var encoder = HPACKEncoder()
    var sendWindow = 65_535
    var peerStreamWindow = 65_535
    var peerConcurrentStreams = 100
    var headStart = -1
    var headStream: UInt32 = 0
    var heldStreams = 0
    /// The place of the stream that had the last turn to send what it holds.
    var heldTurn = 0
    /// Whether the owner cannot pass output on at the moment; content is then held.
    public internal(set) var isCongested = false

    // Streams.
    var streams = HTTP2StreamTable()
    var nextStream: UInt32 = 1
    /// The highest stream that the peer opened.
    var lastPeerStream: UInt32 = 0
    /// The highest stream that the peer opened after our GOAWAY.
    var lastIgnoredStream: UInt32 = 0
    /// Streams that we reset lately, for which frames may still be under way.
    var recentResets = InlineArray<16, UInt32>(repeating: 0)
    var recentReset = 0
    var pending: [HTTP2Event] = []
    var pendingStart = 0

    // Life.
    var patience = HTTP2Connection.patienceMax
    var patienceTime: MonotonicTime
    var hasFailed = false
    var hasSentGoAway = false
    /// Whether no new streams are begun: a GOAWAY was sent or received.
    public internal(set) var isDraining = false

    /// Makes a connection and puts its preface into `output`.
    public init(role: HTTP2Role, settings: HTTP2Settings = HTTP2Settings(), now: MonotonicTime) {
        self.role = role
        self.settings = settings
        self.patienceTime = now
        self.prefaceLeft = role == .server ? 24 : 0
        if role == .client {
            self.output.append("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8Span.span)
        }
        let count = role == .client ? 4 : 3
        HTTP2FrameWriter.header(
            length: count * 6, type: HTTP2FrameType.settings, flags: 0, stream: 0, into: &self.output)
        if role == .client { HTTP2FrameWriter.setting(HTTP2SettingID.enablePush, 0, into: &self.output) }
        for (id, value) in [
            (HTTP2SettingID.maxConcurrentStreams, settings.concurrentStreams),
            (HTTP2SettingID.initialWindowSize, settings.streamWindow),
            (HTTP2SettingID.maxHeaderListSize, settings.headerListSize),
        ] { HTTP2FrameWriter.setting(id, UInt32(truncatingIfNeeded: value), into: &self.output) }
        if settings.connectionWindow > self.receiveWindow {
            HTTP2FrameWriter.windowUpdate(
                0, by: settings.connectionWindow - self.receiveWindow, into: &self.output)
            self.receiveWindow = settings.connectionWindow
        }
    }

    /// How many streams are open.
    public var streamCount: Int { self.streams.count }

    /// Whether the connection has nothing left to do and may be closed.
    public var isFinished: Bool { self.hasFailed || self.isDraining && self.streams.count == 0 }

    /// Whether a further stream may be opened now.
    public var canOpen: Bool {
        !self.isDraining && !self.hasFailed && self.streams.count < self.peerConcurrentStreams
            && self.nextStream < 0x7FFF_FFFF
    }

    /// Exchanges `output` for `spare`, which is emptied first but keeps its memory.
    public mutating func takeOutput(_ spare: inout [UInt8]) {
        spare.removeAll(keepingCapacity: true)
        swap(&spare, &self.output)
    }

    /// The next event that is not due to new bytes; call until nil after anything but `receive`.
    public mutating func nextEvent() -> HTTP2Event? {
        guard self.pendingStart < self.pending.count else { return nil }
        let event = self.pending[self.pendingStart]
        self.pendingStart &+= 1
        if self.pendingStart == self.pending.count {
            self.pending.removeAll(keepingCapacity: self.pending.count <= 64)
            self.pendingStart = 0
        }
        return event
    }

    /// Gives up: queues GOAWAY and lets nothing more happen.
    mutating func fail(_ code: HTTP2ErrorCode) {
        guard !self.hasFailed else { return }
        self.hasFailed = true
        self.isDraining = true
        self.hasSentGoAway = true
        HTTP2FrameWriter.goAway(last: self.lastPeerStream, code, into: &self.output)
    }

    /// Charges the peer for work without progress.
    mutating func annoy(_ cost: Int, now: MonotonicTime) throws(HTTP2Error) {
        self.patience &-= cost
        guard self.patience < 0 else { return }
        let elapsed = max(0, now.nanoseconds(since: self.patienceTime))
        let refund = Int(min(elapsed / 1_000_000, 10_000)) * Self.patiencePerSecond / 1000
        self.patienceTime = now
        self.patience = min(Self.patienceMax, self.patience + refund)
        guard self.patience >= 0 else { throw HTTP2Error(.enhanceYourCalm) }
    }
}

/// The DATA frame that is being received.
struct HTTP2Content {
    var stream: UInt32 = 0
    /// Bytes of content left in the frame.
    var left = 0
    /// Bytes of padding left behind the content.
    var padding = 0
    var needsPadLength = false
    var endsStream = false
    /// Whether a DATA frame is being received at all.
    var isActive = false
}
