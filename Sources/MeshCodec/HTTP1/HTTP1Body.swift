/// A piece of the bytes of a body.
public enum HTTP1BodyPiece: Sendable, Hashable {
    /// So many bytes of content.
    case data(Int)
    /// So many bytes that only frame the content: chunk sizes, line ends.
    case framing(Int)
    /// So many bytes of the trailer section, which ends with an empty line even when it has no fields.
    ///
    /// It may come in several pieces, and the body is complete with the last of them.
    case trailers(Int)
    /// The bytes given are used up and the body goes on.
    case needsMore
    /// The body is over; bytes that follow belong to the next message.
    case end
}

/// Where the body of one message ends.
///
/// Bodies are forwarded as they came, so this only counts: it copies nothing and holds no bytes.
/// - Size: 32 bytes, one for each direction of an exchange.
public struct HTTP1Body: Sendable, Hashable {
    /// The ways in which HTTP/1 delimits a body (RFC 9112 §6).
    public enum Kind: UInt8, Sendable, Hashable {
        case none
        case length
        case chunked
        case untilClose
    }

    private enum ChunkState: UInt8, Hashable {
        case size
        case sizeDigits
        case `extension`
        case sizeNewline
        case data
        case dataReturn
        case dataNewline
        case trailerStart
        case trailerName
        case trailerValue
        case trailerNewline
        case lastNewline
    }

    /// The most bytes of extensions behind one chunk's size; we read none of them.
    public static let extensionBytesMax = 256
    /// The most bytes of trailers.
    public static let trailerBytesMax = 16_384

    /// How the body is delimited.
    public let kind: Kind
    /// Whether the body has been seen to its end.
    public private(set) var isComplete: Bool
    private var state = ChunkState.size
    /// Bytes left of the body or of the chunk.
    private var remaining: Int
    /// Bytes of the current extension or of the trailers.
    private var overhead = 0

    /// The body of a request.
    public init(request: HTTP1RequestHead) {
        if request.flags.contains(.chunked) {
            self.init(kind: .chunked)
        } else {
            self.init(length: request.contentLength ?? 0)
        }
    }

    /// The body of a response to a request with `method` (RFC 9112 §6.3).
    ///
    /// After 101, and after any success of `CONNECT`, there is no body but another protocol.
    public init(response: HTTP1ResponseHead, to method: HTTP1Method) {
        let isEmpty =
            method == .head || response.status < 200 || response.status == 204 || response.status == 304
            || method == .connect && response.status < 300
        if isEmpty {
            self.init(length: 0)
        } else if response.flags.contains(.chunked) {
            self.init(kind: .chunked)
        } else if let length = response.contentLength {
            self.init(length: length)
        } else {
            self.init(kind: .untilClose)
        }
    }

    /// A body of `length` bytes; none if that is 0.
    public init(length: Int) {
        self.kind = length == 0 ? .none : .length
        self.remaining = length
        self.isComplete = length == 0
    }

    private init(kind: Kind) {
        self.kind = kind
        self.remaining = 0
        self.isComplete = false
    }

    /// A chunked body.
    public static var chunked: Self { Self(kind: .chunked) }

    /// A body that ends with the connection.
    public static var untilClose: Self { Self(kind: .untilClose) }

    /// How many of the first of `bytes` belong to this body; the rest, if any, is the next message.
    ///
    /// - Throws: ``HTTP1Error`` if the framing is broken; the connection must then be closed.
    public mutating func consume(_ bytes: Span<UInt8>) throws(HTTP1Error) -> Int {
        switch self.kind {
        case .none: return 0
        case .length: return self.take(bytes.count)
        case .untilClose: return bytes.count
        case .chunked: break
        }
        var used = 0
        while true {
            switch try self.chunkPiece(bytes, from: used) {
            case .data(let count), .framing(let count), .trailers(let count): used += count
            case .needsMore, .end: return used
            }
        }
    }

    /// The next piece of the body at the start of `bytes`, for those who need the content without its framing.
    ///
    /// - Throws: ``HTTP1Error`` if the framing is broken; the connection must then be closed.
    public mutating func next(_ bytes: Span<UInt8>) throws(HTTP1Error) -> HTTP1BodyPiece {
        if self.isComplete { return .end }
        guard !bytes.isEmpty else { return .needsMore }
        switch self.kind {
        case .none: return .end
        case .length: return .data(self.take(bytes.count))
        case .untilClose: return .data(bytes.count)
        case .chunked: return try self.chunkPiece(bytes, from: 0)
        }
    }

    /// Whether the message is whole if its sender closes now; if not, it was cut off and must not look whole to others.
    public var isWholeIfClosed: Bool { self.isComplete || self.kind == .untilClose }

    private mutating func take(_ count: Int) -> Int {
        let taken = min(count, self.remaining)
        self.remaining -= taken
        self.isComplete = self.remaining == 0
        return taken
    }

    /// The longest piece of one kind at `start`.
    @inline(__always)
    private mutating func chunkPiece(_ bytes: Span<UInt8>, from start: Int) throws(HTTP1Error) -> HTTP1BodyPiece {
        if self.isComplete { return .end }
        guard start < bytes.count else { return .needsMore }
        if self.state == .data {
            let taken = min(bytes.count - start, self.remaining)
            self.remaining -= taken
            if self.remaining == 0 { self.state = .dataReturn }
            return .data(taken)
        }
        var index = start
        let isTrailer = self.isInTrailers
        while index < bytes.count, self.state != .data, !self.isComplete, self.isInTrailers == isTrailer {
            try self.framing(bytes[index])
            index += 1
        }
        return isTrailer ? .trailers(index - start) : .framing(index - start)
    }

    private var isInTrailers: Bool { self.state.rawValue >= ChunkState.trailerStart.rawValue }

    /// Takes one byte that is not content (RFC 9112 §7.1).
    private mutating func framing(_ byte: UInt8) throws(HTTP1Error) {
        switch self.state {
        case .size, .sizeDigits: try self.size(byte)
        case .extension:
            self.overhead += 1
            guard self.overhead <= Self.extensionBytesMax else {
                throw .chunkExtensionTooLong(limit: Self.extensionBytesMax)
            }
            self.state = try self.text(byte, staying: .extension, ending: .sizeNewline)
        case .sizeNewline:
            guard byte == ASCII.newline else { throw .invalidChunk }
            self.overhead = 0
            self.state = self.remaining == 0 ? .trailerStart : .data
        case .dataReturn: self.state = try self.expect(ASCII.carriageReturn, byte, then: .dataNewline)
        case .dataNewline: self.state = try self.expect(ASCII.newline, byte, then: .size)
        case .lastNewline:
            guard byte == ASCII.newline else { throw .invalidChunk }
            self.isComplete = true
        case .trailerStart, .trailerName, .trailerValue, .trailerNewline, .data: try self.trailer(byte)
        }
    }

    private mutating func size(_ byte: UInt8) throws(HTTP1Error) {
        if let digit = ASCII.hexDigit(byte) {
            // Fifteen digits fit into an Int with room; leading zeros count too.
            self.overhead += 1
            guard self.overhead <= 15 else { throw .invalidChunk }
            self.remaining = self.remaining << 4 | Int(digit)
            self.state = .sizeDigits
            return
        }
        guard self.state == .sizeDigits else { throw .invalidChunk }
        self.overhead = 0
        switch byte {
        case ASCII.carriageReturn: self.state = .sizeNewline
        case UInt8(ascii: ";"): self.state = .extension
        default: throw .invalidChunk
        }
    }

    private mutating func trailer(_ byte: UInt8) throws(HTTP1Error) {
        self.overhead += 1
        guard self.overhead <= Self.trailerBytesMax else { throw .trailersTooLarge(limit: Self.trailerBytesMax) }
        switch self.state {
        case .trailerStart where byte == ASCII.carriageReturn: self.state = .lastNewline
        case .trailerStart, .trailerName:
            if byte == ASCII.colon, self.state == .trailerName {
                self.state = .trailerValue
            } else {
                guard ASCII.isToken(byte) else { throw .malformedField }
                self.state = .trailerName
            }
        case .trailerValue: self.state = try self.text(byte, staying: .trailerValue, ending: .trailerNewline)
        default: self.state = try self.expect(ASCII.newline, byte, then: .trailerStart)
        }
    }

    private func text(
        _ byte: UInt8, staying: ChunkState, ending: ChunkState
    ) throws(HTTP1Error) -> ChunkState {
        if byte == ASCII.carriageReturn { return ending }
        guard byte >= ASCII.space && byte != 0x7F || byte == ASCII.tab else { throw .controlCharacter }
        return staying
    }

    private func expect(_ wanted: UInt8, _ byte: UInt8, then next: ChunkState) throws(HTTP1Error) -> ChunkState {
        guard byte == wanted else { throw .invalidChunk }
        return next
    }
}
