/// A host name of bounded size that needs no allocation.
public struct ServerName: Sendable {
    /// The longest name (RFC 1035 §2.3.4).
    public static let bytesMax = 253

    private var storage = InlineArray<253, UInt8>(repeating: 0)
    /// How many bytes the name has.
    public private(set) var count = 0

    init() {}

    /// Appends one byte in lower case; false if it is none that names have or there is no room.
    fileprivate mutating func append(_ byte: UInt8) -> Bool {
        let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
        let isValid =
            lower &- 0x61 < 26 || lower &- 0x30 < 10 || lower == UInt8(ascii: "-") || lower == UInt8(ascii: ".")
            || lower == UInt8(ascii: "_")
        guard isValid, self.count < Self.bytesMax else { return false }
        self.storage[self.count] = lower
        self.count += 1
        return true
    }

    /// The byte at `index`, never an upper-case letter.
    public subscript(index: Int) -> UInt8 {
        precondition(index < self.count)
        return self.storage[index]
    }

    /// Whether the name is `other`, a lower-case name; a dot at the end of either counts for nothing.
    public func isEqual(to other: Span<UInt8>) -> Bool {
        let dot = UInt8(ascii: ".")
        var count = self.count
        if count > 0, self.storage[count - 1] == dot { count -= 1 }
        var otherCount = other.count
        if otherCount > 0, other[otherCount - 1] == dot { otherCount -= 1 }
        guard count == otherCount else { return false }
        for index in 0..<count where self.storage[index] != other[index] { return false }
        return true
    }

    /// Whether the name is `other`, a lower-case name; a dot at the end of either counts for nothing.
    public func isEqual(to other: String) -> Bool { self.isEqual(to: other.utf8Span.span) }

    /// The name as text; allocates.
    public var text: String {
        var text = ""
        for index in 0..<self.count { text.unicodeScalars.append(Unicode.Scalar(self.storage[index])) }
        return text
    }
}

/// The application protocols that a mesh proxy cares about in a ClientHello.
public struct OfferedProtocols: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8

    /// Makes a set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `h2`.
    public static let http2 = Self(rawValue: 1 << 0)
    /// `http/1.1`.
    public static let http1 = Self(rawValue: 1 << 1)
    /// `transport.l5d.io/v1`.
    public static let meshTransport = Self(rawValue: 1 << 2)
    /// Any other.
    public static let other = Self(rawValue: 1 << 3)
}

/// What a ClientHello says to somebody who only looks at it (RFC 8446 §4.1.2).
public struct ClientHello: Sendable {
    /// What became of looking at the first bytes of a connection.
    public enum Reading: Sendable {
        /// The bytes may become a ClientHello.
        case needsMore
        /// The bytes are no ClientHello, or a broken or oversized one.
        case notHello
        case hello(ClientHello)
    }

    /// The most bytes, with record headers, that are looked at.
    public static let bytesMax = 8192

    /// The name of the wanted server, in lower case, if it was given.
    public internal(set) var serverName: ServerName?
    /// The application protocols that were offered.
    public internal(set) var protocols: OfferedProtocols = []

    init() {}

    /// Looks for a ClientHello at the start of `bytes`, all that have been received so far.
    ///
    /// The hello may be cut into several records.
    public static func read(_ bytes: Span<UInt8>) -> Reading {
        do {
            var reader = HelloReader()
            return .hello(try reader.hello(bytes))
        } catch {
            switch error {
            case .needsMore: return bytes.count < self.bytesMax ? .needsMore : .notHello
            case .malformed: return .notHello
            }
        }
    }
}

/// Walks the handshake message inside the records.
private struct HelloReader {
    enum Stop: Error {
        case needsMore
        case malformed
    }

    private var offset = 0
    private var recordLeft = 0

    mutating func hello(_ bytes: Span<UInt8>) throws(Stop) -> ClientHello {
        guard try self.byte(bytes) == 1 else { throw .malformed }  // client_hello
        let length = try self.number(bytes, size: 3)
        guard length <= ClientHello.bytesMax else { throw .malformed }
        guard try self.byte(bytes) == 3 else { throw .malformed }  // legacy_version 3.x
        try self.skip(bytes, 1 + 32)
        try self.skip(bytes, Int(self.byte(bytes)))  // legacy_session_id
        try self.skip(bytes, self.number(bytes, size: 2))  // cipher_suites
        try self.skip(bytes, Int(self.byte(bytes)))  // legacy_compression_methods
        var hello = ClientHello()
        var left = try self.number(bytes, size: 2)
        while left > 0 {
            guard left >= 4 else { throw .malformed }
            let type = try self.number(bytes, size: 2)
            let size = try self.number(bytes, size: 2)
            guard size <= left - 4 else { throw .malformed }
            left -= 4 + size
            switch type {
            case 0: try self.serverName(bytes, size: size, into: &hello)
            case 16: try self.protocols(bytes, size: size, into: &hello)
            default: try self.skip(bytes, size)
            }
        }
        return hello
    }

    /// RFC 6066 §3: a list with one name of type host_name.
    private mutating func serverName(
        _ bytes: Span<UInt8>, size: Int, into hello: inout ClientHello
    ) throws(Stop) {
        guard hello.serverName == nil, size >= 5 else { throw .malformed }
        let list = try self.number(bytes, size: 2)
        let type = try self.byte(bytes)
        let length = try self.number(bytes, size: 2)
        guard list == size - 2, type == 0, length == list - 3, length > 0 else { throw .malformed }
        var name = ServerName()
        for _ in 0..<length {
            guard name.append(try self.byte(bytes)) else { throw .malformed }
        }
        hello.serverName = name
    }

    /// RFC 7301 §3.1: a list of protocol names.
    private mutating func protocols(
        _ bytes: Span<UInt8>, size: Int, into hello: inout ClientHello
    ) throws(Stop) {
        guard hello.protocols.isEmpty, size >= 4, try self.number(bytes, size: 2) == size - 2 else { throw .malformed }
        var left = size - 2
        while left > 0 {
            let length = Int(try self.byte(bytes))
            guard length > 0, length < left else { throw .malformed }
            left -= 1 + length
            var name = InlineArray<19, UInt8>(repeating: 0)
            guard length <= name.count else {
                try self.skip(bytes, length)
                hello.protocols.insert(.other)
                continue
            }
            for index in 0..<length { name[index] = try self.byte(bytes) }
            hello.protocols.insert(Self.offered(name.span.extracting(first: length)))
        }
    }

    private static func offered(_ name: Span<UInt8>) -> OfferedProtocols {
        if name.equalsIgnoringCase("h2") { return .http2 }
        if name.equalsIgnoringCase("http/1.1") { return .http1 }
        return name.equalsIgnoringCase("transport.l5d.io/v1") ? .meshTransport : .other
    }

    /// Enters the next record that has content (RFC 8446 §5.1).
    private mutating func record(_ bytes: Span<UInt8>) throws(Stop) {
        let limit = min(bytes.count, ClientHello.bytesMax)
        if self.offset < limit, bytes[self.offset] != 22 { throw .malformed }
        if self.offset + 1 < limit, bytes[self.offset + 1] != 3 { throw .malformed }
        guard self.offset + 5 <= limit else { throw .needsMore }
        self.recordLeft = Int(bytes[self.offset + 3]) << 8 | Int(bytes[self.offset + 4])
        guard self.recordLeft > 0, self.recordLeft <= 16_384 else { throw .malformed }
        self.offset += 5
    }

    private mutating func byte(_ bytes: Span<UInt8>) throws(Stop) -> UInt8 {
        if self.recordLeft == 0 { try self.record(bytes) }
        guard self.offset < min(bytes.count, ClientHello.bytesMax) else { throw .needsMore }
        self.recordLeft -= 1
        self.offset += 1
        return bytes[self.offset - 1]
    }

    private mutating func number(_ bytes: Span<UInt8>, size: Int) throws(Stop) -> Int {
        var number = 0
        for _ in 0..<size { number = number << 8 | Int(try self.byte(bytes)) }
        return number
    }

    private mutating func skip(_ bytes: Span<UInt8>, _ count: Int) throws(Stop) {
        var left = count
        while left > 0 {
            if self.recordLeft == 0 { try self.record(bytes) }
            let step = min(left, self.recordLeft)
            guard self.offset + step <= min(bytes.count, ClientHello.bytesMax) else { throw .needsMore }
            self.offset += step
            self.recordLeft -= step
            left -= step
        }
    }
}
