/// What happened on a connection.
///
/// `user` is what the owner attached to the stream.
public enum HTTP2Event: Sendable, Hashable {
    /// The head of a request, or of an interim or final response, is in the list.
    case head(stream: UInt32, user: UInt64, end: Bool)
    /// Trailers are in the list; nothing follows them.
    case trailers(stream: UInt32, user: UInt64)
    /// Content; `range` is within the bytes being received. Its size has to be given back by `consumed`.
    case data(stream: UInt32, user: UInt64, range: Range<Int>, end: Bool)
    /// The stream has ended early; it is gone.
    case reset(stream: UInt32, user: UInt64, code: HTTP2ErrorCode, byPeer: Bool)
    /// All that was held back for the stream has been sent; there is room again.
    case resumed(stream: UInt32, user: UInt64)
    /// The peer takes no more streams. Those that it did not look at were reset as refused before this.
    case goAway(code: HTTP2ErrorCode)
    /// The peer's settings are there: it speaks HTTP/2, and its limits are known.
    case settings
    /// The answer to a ping.
    case pong(UInt64)
}

/// Which side of a connection we are.
public enum HTTP2Role: UInt8, Sendable, Hashable {
    case client
    case server
}

/// What we allow a peer to do.
public struct HTTP2Settings: Sendable, Hashable {
    /// Content that may be under way to us on one stream; at least 65,535.
    public var streamWindow: Int
    /// Content that may be under way to us on all streams; at least 65,535.
    public var connectionWindow: Int
    /// Streams that the peer may have open; more are refused.
    public var concurrentStreams: Int
    /// What the fields of a head may add up to.
    public var headerListSize: Int

    /// Makes settings; values outside what the protocol allows are moved to its limits.
    public init(
        streamWindow: Int = 65_535, connectionWindow: Int = 1 << 20, concurrentStreams: Int = 1024,
        headerListSize: Int = HTTP2HeaderList.sizeMaxDefault
    ) {
        let windows = 65_535...Int(Int32.max)
        self.streamWindow = min(max(streamWindow, windows.lowerBound), windows.upperBound)
        self.connectionWindow = min(max(connectionWindow, windows.lowerBound), windows.upperBound)
        self.concurrentStreams = min(max(concurrentStreams, 1), 65_536)
        self.headerListSize = min(max(headerListSize, 4096), 1 << 20)
    }
}
