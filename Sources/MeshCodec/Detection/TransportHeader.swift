/// What two mesh proxies say to each other at the start of a connection to the inbound port itself.
///
/// Sent by the client after the handshake when both agreed on `transport.l5d.io/v1`: a preface, the length of the
/// message as four bytes, and the Protobuf message `transport.l5d.io.Header`.
public struct TransportHeader: Sendable, Hashable {
    /// How the client will speak on this connection, if it knows.
    public enum Session: UInt8, Sendable, Hashable {
        /// Nothing was said: opaque bytes.
        case none
        case http1
        case http2
    }

    /// What became of looking at the first bytes of a connection.
    public enum Reading: Sendable, Hashable {
        /// The bytes may become a header.
        case needsMore
        /// A header, and how many bytes it took.
        case header(TransportHeader, length: Int)
    }

    /// Why bytes are no header.
    public enum Failure: Error, Hashable, Sendable {
        case wrongPreface
        case tooLarge(limit: Int)
        case malformed
        /// The port is missing or not 1 … 65,535.
        case invalidPort
    }

    /// The longest message that is read.
    public static let messageBytesMax = 1024
    private static let prefaceCount = 23
    private static var preface: String { "transport.l5d.io/v1\r\n\r\n" }

    /// The port that the connection is for.
    public var port: UInt16
    /// The name of the target if it is not this workload: `host` or `host:port`.
    public var name: String?
    /// How the client will speak.
    public var session: Session

    /// Makes a header.
    public init(port: UInt16, name: String? = nil, session: Session = .none) {
        self.port = port
        self.name = name
        self.session = session
    }

    /// Looks for a header at the start of `bytes`, all that have been received so far.
    ///
    /// - Throws: ``Failure`` as soon as the bytes cannot become one.
    public static func read(_ bytes: Span<UInt8>) throws(Failure) -> Reading {
        let expected = self.preface.utf8Span.span
        for index in 0..<min(bytes.count, expected.count) where bytes[index] != expected[index] { throw .wrongPreface }
        let start = self.prefaceCount + 4
        guard bytes.count >= start else { return .needsMore }
        var size = 0
        for index in self.prefaceCount..<start { size = size << 8 | Int(bytes[index]) }
        guard size <= self.messageBytesMax else { throw .tooLarge(limit: self.messageBytesMax) }
        guard bytes.count - start >= size else { return .needsMore }
        return .header(try self.message(bytes.extracting(start..<(start + size))), length: start + size)
    }

    /// The bytes that announce this header; allocates once.
    public func encoded() -> [UInt8] {
        var message: [UInt8] = [0x08]
        Protobuf.append(UInt64(self.port), to: &message)
        if let name {
            message.append(0x12)
            Protobuf.append(UInt64(name.utf8.count), to: &message)
            message += name.utf8
        }
        switch self.session {
        case .none: break
        case .http1: message += [0x1A, 0x02, 0x0A, 0x00]
        case .http2: message += [0x1A, 0x02, 0x12, 0x00]
        }
        let size = UInt32(truncatingIfNeeded: message.count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.prefaceCount + 4 + message.count)
        bytes += Self.preface.utf8
        for shift in [UInt32(24), 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: size >> shift)) }
        return bytes + message
    }

    private static func message(_ bytes: Span<UInt8>) throws(Failure) -> TransportHeader {
        var header = TransportHeader(port: 0)
        var reader = Protobuf()
        while let field = try reader.next(bytes) {
            switch field {
            case .number(1, let value):
                guard let port = UInt16(exactly: value), port > 0 else { throw .invalidPort }
                header.port = port
            case .bytes(2, let range) where !range.isEmpty: header.name = try self.name(bytes.extracting(range))
            case .bytes(3, let range): header.session = try self.session(bytes.extracting(range))
            default: break
            }
        }
        guard header.port > 0 else { throw .invalidPort }
        return header
    }

    private static func name(_ bytes: Span<UInt8>) throws(Failure) -> String {
        guard Authority.isValid(bytes) else { throw .malformed }
        var name = ""
        for index in bytes.indices { name.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
        return name
    }

    private static func session(_ bytes: Span<UInt8>) throws(Failure) -> Session {
        var reader = Protobuf()
        var session = Session.none
        while let field = try reader.next(bytes) {
            switch field {
            case .bytes(1, _): session = .http1
            case .bytes(2, _): session = .http2
            default: break
            }
        }
        return session
    }
}

/// The little of the Protobuf wire format that a header needs.
private struct Protobuf {
    enum Field {
        case number(UInt64, UInt64)
        case bytes(UInt64, Range<Int>)
        case other
    }

    private var offset = 0

    mutating func next(_ bytes: Span<UInt8>) throws(TransportHeader.Failure) -> Field? {
        guard self.offset < bytes.count else { return nil }
        let tag = try self.number(bytes)
        guard tag >> 3 > 0 else { throw .malformed }
        switch tag & 7 {
        case 0: return .number(tag >> 3, try self.number(bytes))
        case 1: return try self.skip(8, bytes)
        case 2:
            let count = try self.number(bytes)
            guard count <= UInt64(bytes.count - self.offset) else { throw .malformed }
            let start = self.offset
            self.offset += Int(count)
            return .bytes(tag >> 3, start..<self.offset)
        case 5: return try self.skip(4, bytes)
        default: throw .malformed
        }
    }

    private mutating func skip(_ count: Int, _ bytes: Span<UInt8>) throws(TransportHeader.Failure) -> Field {
        guard count <= bytes.count - self.offset else { throw .malformed }
        self.offset += count
        return .other
    }

    private mutating func number(_ bytes: Span<UInt8>) throws(TransportHeader.Failure) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard self.offset < bytes.count else { throw .malformed }
            let byte = bytes[self.offset]
            self.offset += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .malformed
    }

    static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var left = value
        while left >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: left) | 0x80)
            left >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: left))
    }
}
