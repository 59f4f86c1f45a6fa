/// Reasons for which streams and connections end early (RFC 9113 §7).
public struct HTTP2ErrorCode: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt32

    /// Makes a code; unknown numbers are allowed.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Not an error, as after a graceful end.
    public static let noError = Self(rawValue: 0x0)
    /// The peer broke the protocol.
    public static let protocolError = Self(rawValue: 0x1)
    /// We failed.
    public static let internalError = Self(rawValue: 0x2)
    /// More was sent than the window allowed.
    public static let flowControlError = Self(rawValue: 0x3)
    /// Settings were not acknowledged in time.
    public static let settingsTimeout = Self(rawValue: 0x4)
    /// A frame came for a stream that its sender had ended.
    public static let streamClosed = Self(rawValue: 0x5)
    /// A frame had a wrong size.
    public static let frameSizeError = Self(rawValue: 0x6)
    /// The stream was not looked at and may be tried again.
    public static let refusedStream = Self(rawValue: 0x7)
    /// The stream is no longer wanted.
    public static let cancel = Self(rawValue: 0x8)
    /// A header block could not be decoded.
    public static let compressionError = Self(rawValue: 0x9)
    /// The tunnel of a `CONNECT` broke.
    public static let connectError = Self(rawValue: 0xA)
    /// The peer does too much of something.
    public static let enhanceYourCalm = Self(rawValue: 0xB)
    /// The transport is not secure enough.
    public static let inadequateSecurity = Self(rawValue: 0xC)
    /// The request must be made with HTTP/1.1.
    public static let http11Required = Self(rawValue: 0xD)
}

/// Why a connection has to be given up; a GOAWAY with the code is in its output.
public struct HTTP2Error: Error, Hashable, Sendable {
    /// What the peer is told.
    public let code: HTTP2ErrorCode

    init(_ code: HTTP2ErrorCode) { self.code = code }
}

/// The header of a frame (RFC 9113 §4.1).
struct HTTP2FrameHeader {
    static let byteCount = 9

    var length: Int
    var type: UInt8
    var flags: UInt8
    var stream: UInt32

    @inline(__always)
    init(_ bytes: Span<UInt8>, at offset: Int) {
        let word = bytes.word(at: offset).byteSwapped
        self.length = Int(truncatingIfNeeded: word &>> 40)
        self.type = UInt8(truncatingIfNeeded: word &>> 32)
        self.flags = UInt8(truncatingIfNeeded: word &>> 24)
        let high = UInt32(truncatingIfNeeded: word & 0xFF_FFFF)
        self.stream = (high &<< 8 | UInt32(bytes[offset &+ 8])) & 0x7FFF_FFFF
    }

    var endsStream: Bool { self.flags & HTTP2Flag.endStream != 0 }
    var endsHeaders: Bool { self.flags & HTTP2Flag.endHeaders != 0 }
    var isPadded: Bool { self.flags & HTTP2Flag.padded != 0 }
    var isAcknowledgement: Bool { self.flags & HTTP2Flag.acknowledge != 0 }
}

enum HTTP2FrameType {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let priority: UInt8 = 2
    static let reset: UInt8 = 3
    static let settings: UInt8 = 4
    static let pushPromise: UInt8 = 5
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9
}

enum HTTP2Flag {
    static let endStream: UInt8 = 0x1
    static let acknowledge: UInt8 = 0x1
    static let endHeaders: UInt8 = 0x4
    static let padded: UInt8 = 0x8
    static let priority: UInt8 = 0x20
}

enum HTTP2SettingID {
    static let headerTableSize: UInt16 = 1
    static let enablePush: UInt16 = 2
    static let maxConcurrentStreams: UInt16 = 3
    static let initialWindowSize: UInt16 = 4
    static let maxFrameSize: UInt16 = 5
    static let maxHeaderListSize: UInt16 = 6
}

/// Writing of frames behind what is already in an output.
enum HTTP2FrameWriter {
    @inline(__always)
    static func header(length: Int, type: UInt8, flags: UInt8, stream: UInt32, into output: inout [UInt8]) {
        output.append(addingCapacity: HTTP2FrameHeader.byteCount) { output in
            output.append(UInt8(truncatingIfNeeded: length &>> 16))
            output.append(UInt8(truncatingIfNeeded: length &>> 8))
            output.append(UInt8(truncatingIfNeeded: length))
            output.append(type)
            output.append(flags)
            output.append(UInt8(truncatingIfNeeded: stream &>> 24))
            output.append(UInt8(truncatingIfNeeded: stream &>> 16))
            output.append(UInt8(truncatingIfNeeded: stream &>> 8))
            output.append(UInt8(truncatingIfNeeded: stream))
        }
    }

    static func number(_ value: UInt32, into output: inout [UInt8]) {
        for shift in [UInt32(24), 16, 8, 0] { output.append(UInt8(truncatingIfNeeded: value &>> shift)) }
    }

    static func setting(_ id: UInt16, _ value: UInt32, into output: inout [UInt8]) {
        output.append(UInt8(truncatingIfNeeded: id &>> 8))
        output.append(UInt8(truncatingIfNeeded: id))
        self.number(value, into: &output)
    }

    static func windowUpdate(_ stream: UInt32, by increment: Int, into output: inout [UInt8]) {
        self.header(length: 4, type: HTTP2FrameType.windowUpdate, flags: 0, stream: stream, into: &output)
        self.number(UInt32(truncatingIfNeeded: increment), into: &output)
    }

    static func reset(_ stream: UInt32, _ code: HTTP2ErrorCode, into output: inout [UInt8]) {
        self.header(length: 4, type: HTTP2FrameType.reset, flags: 0, stream: stream, into: &output)
        self.number(code.rawValue, into: &output)
    }

    static func goAway(last: UInt32, _ code: HTTP2ErrorCode, into output: inout [UInt8]) {
        self.header(length: 8, type: HTTP2FrameType.goAway, flags: 0, stream: 0, into: &output)
        self.number(last, into: &output)
        self.number(code.rawValue, into: &output)
    }
}
