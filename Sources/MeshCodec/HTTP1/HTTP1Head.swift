/// The versions of HTTP that share HTTP/1's message format.
public enum HTTP1Version: UInt8, Sendable, Hashable {
    case http10
    case http11
}

/// The request methods that framing, policy or metrics tell apart.
public enum HTTP1Method: UInt8, Sendable, Hashable {
    case other
    case get
    case head
    case post
    case put
    case delete
    case connect
    case options
    case trace
    case patch
}

/// The form of a request target (RFC 9112 §3.2).
public enum HTTP1TargetForm: UInt8, Sendable, Hashable {
    case origin
    case absolute
    case authority
    case asterisk
}

/// What the fields of a head say, one bit each.
public struct HTTP1Flags: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt32

    /// Makes a set from its bits.
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The body is chunked.
    public static let chunked = Self(rawValue: 1 << 0)
    /// `connection: close`.
    public static let close = Self(rawValue: 1 << 1)
    /// `connection: keep-alive`.
    public static let keepAlive = Self(rawValue: 1 << 2)
    /// `connection: upgrade`; counts only together with `upgradeField`.
    public static let upgradeOption = Self(rawValue: 1 << 3)
    /// There is an `upgrade` field.
    public static let upgradeField = Self(rawValue: 1 << 4)
    /// `expect: 100-continue`.
    public static let expectContinue = Self(rawValue: 1 << 5)
    /// At least one field's name starts with `l5d-`.
    public static let meshFields = Self(rawValue: 1 << 6)
    /// The content type starts with `application/grpc`.
    public static let grpc = Self(rawValue: 1 << 7)
    /// `connection` names fields besides the options above.
    public static let namesFields = Self(rawValue: 1 << 8)
    /// There are hop-by-hop fields other than `connection` itself.
    public static let hopByHop = Self(rawValue: 1 << 9)
    /// There is a `connection` field.
    public static let connectionField = Self(rawValue: 1 << 10)
    /// There is a `host` field, perhaps empty.
    public static let hostField = Self(rawValue: 1 << 11)
    /// An `upgrade` field names a version of HTTP, which makes the request no upgrade.
    public static let upgradeToHTTP = Self(rawValue: 1 << 12)
}

/// The head of a request, as places in the bytes that were scanned.
///
/// A value of fixed size: the fields themselves are in the ``HTTP1FieldTable`` given to the scan.
public struct HTTP1RequestHead: Sendable, Hashable {
    /// Bytes from the start of the scan to the end of the head; the body starts here.
    public internal(set) var length = 0
    /// The protocol version of the sender.
    public internal(set) var version = HTTP1Version.http11
    /// The method, if it is one of the usual.
    public internal(set) var method = HTTP1Method.other
    /// The form of the target.
    public internal(set) var targetForm = HTTP1TargetForm.origin
    /// What the fields say.
    public internal(set) var flags: HTTP1Flags = []
    /// The value of `content-length`.
    public internal(set) var contentLength: Int?

    var lineStart: UInt16 = 0
    var methodEnd: UInt16 = 0
    var targetStart: UInt16 = 0
    var targetEnd: UInt16 = 0
    var pathStart: UInt16 = 0
    var authorityStart: UInt16 = 0
    var authorityEnd: UInt16 = 0

    init() {}

    /// The bytes of the method.
    public var methodRange: Range<Int> { Int(self.lineStart)..<Int(self.methodEnd) }
    /// The bytes of the target as sent.
    public var targetRange: Range<Int> { Int(self.targetStart)..<Int(self.targetEnd) }
    /// The bytes of path and query; empty for an absolute target without a path and for `CONNECT`.
    public var pathRange: Range<Int> { Int(self.pathStart)..<Int(self.targetEnd) }
    /// The bytes of the authority that the request is for: of the target if it has one, else of `host`.
    ///
    /// Empty if neither names one.
    public var authorityRange: Range<Int> { Int(self.authorityStart)..<Int(self.authorityEnd) }

    /// Whether the sender wants to use the connection for a further request.
    public var isPersistent: Bool {
        guard !self.flags.contains(.close) else { return false }
        return self.version == .http11 || self.flags.contains(.keepAlive)
    }

    /// Whether the sender asks to change to a protocol that is not HTTP (RFC 9110 §7.8).
    public var isUpgrade: Bool {
        self.version == .http11 && self.flags.isSuperset(of: [.upgradeOption, .upgradeField])
            && !self.flags.contains(.upgradeToHTTP)
    }
}

/// The head of a response, as places in the bytes that were scanned.
public struct HTTP1ResponseHead: Sendable, Hashable {
    /// Bytes from the start of the scan to the end of the head; the body starts here.
    public internal(set) var length = 0
    /// The protocol version of the sender.
    public internal(set) var version = HTTP1Version.http11
    /// The status code, 100 … 999.
    public internal(set) var status = 0
    /// What the fields say.
    public internal(set) var flags: HTTP1Flags = []
    /// The value of `content-length`.
    public internal(set) var contentLength: Int?

    var lineStart: UInt16 = 0
    var lineEnd: UInt16 = 0

    init() {}

    /// The bytes of the status line without its line end.
    public var lineRange: Range<Int> { Int(self.lineStart)..<Int(self.lineEnd) }

    /// Whether more responses precede the final one (RFC 9110 §15.2); 101 is final.
    public var isInterim: Bool { self.status < 200 && self.status != 101 }

    /// Whether the sender is willing to use the connection for a further request.
    public var isPersistent: Bool {
        guard !self.flags.contains(.close) else { return false }
        return self.version == .http11 || self.flags.contains(.keepAlive)
    }
}

/// How far an unfinished head has been looked at; kept by a connection between two reads.
///
/// A head that arrives in many pieces is parsed once when its end is there; until then only new bytes are looked at.
public struct HTTP1ScanProgress: Sendable, Hashable {
    var lineStart: UInt16 = 0
    var scanned: UInt16 = 0

    /// Nothing has been looked at.
    public init() {}
}
