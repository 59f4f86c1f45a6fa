/// Which fields a proxy leaves out of a head that it passes on.
public struct HTTP1Drop: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8

    /// Makes a set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `connection`, the fields it names, and the other fields that concern one hop (RFC 9110 §7.6.1).
    public static let hopByHop = Self(rawValue: 1 << 0)
    /// Fields whose names start with `l5d-`.
    public static let mesh = Self(rawValue: 1 << 1)
    /// `expect`, when the proxy has answered it.
    public static let expect = Self(rawValue: 1 << 2)
    /// `host`, when the proxy writes another.
    public static let host = Self(rawValue: 1 << 3)
    /// `transfer-encoding` and `content-length`, when the proxy frames the body anew.
    public static let framing = Self(rawValue: 1 << 4)
}

/// How a head is passed on: which ranges of its bytes are kept, in order.
///
/// Neighbouring lines that are kept form one range, so that a head without droppable fields is one copy. After the
/// ranges the caller writes lines of its own and ``HTTP1Edit/endOfHead``.
/// - Size: fixed, no allocation; only fields that are dropped cost a range.
public struct HTTP1Edit: ~Copyable {
    /// The most ranges: the start line, and one after each of every other field.
    public static let rangesMax = 65
    /// The empty line that ends a head.
    public static let endOfHead: StaticString = "\r\n"

    // Arrays, made once: reading inline ones through a borrowed edit copies all of them to the stack.
    private var starts = [UInt16](repeating: 0, count: rangesMax)
    private var ends = [UInt16](repeating: 0, count: rangesMax)
    /// How many ranges are kept.
    public private(set) var count = 0
    /// Whether `connection` and `upgrade` have been kept, since the request asks for another protocol.
    public private(set) var keepsUpgrade = false

    /// An empty plan to be filled by ``plan(_:fields:bytes:dropping:)-(HTTP1RequestHead,_,_,_)``; one per worker.
    public init() {}

    /// The bytes of one kept range, relative to the start of the scan.
    public subscript(index: Int) -> Range<Int> {
        precondition(index < self.count)
        return Int(self.starts.span[index])..<Int(self.ends.span[index])
    }

    /// How many bytes are kept.
    public var byteCount: Int {
        var sum = 0
        for index in 0..<self.count { sum += Int(self.ends.span[index]) - Int(self.starts.span[index]) }
        return sum
    }

    /// Plans the passing on of a request.
    ///
    /// Fields of an upgrade are kept if the head asks for one; a proxy that refuses upgrades drops them itself.
    public mutating func plan(
        _ head: HTTP1RequestHead, fields: borrowing HTTP1FieldTable, bytes: Span<UInt8>, dropping: HTTP1Drop
    ) {
        self.keepsUpgrade = head.isUpgrade
        self.plan(
            from: Int(head.lineStart), length: head.length, flags: head.flags, fields: fields, bytes: bytes,
            dropping: dropping)
    }

    /// Plans the passing on of a response.
    public mutating func plan(
        _ head: HTTP1ResponseHead, fields: borrowing HTTP1FieldTable, bytes: Span<UInt8>, dropping: HTTP1Drop
    ) {
        self.keepsUpgrade = head.status == 101
        self.plan(
            from: 0, length: head.length, flags: head.flags, fields: fields, bytes: bytes, dropping: dropping)
    }

    private mutating func plan(
        from start: Int, length: Int, flags: HTTP1Flags, fields: borrowing HTTP1FieldTable, bytes: Span<UInt8>,
        dropping: HTTP1Drop
    ) {
        self.count = 0
        var kept = start
        for index in 0..<fields.count {
            let field = fields[index]
            let isDropped =
                field.name != .other && self.drops(field.name, dropping)
                || dropping.contains(.hopByHop) && flags.contains(.namesFields)
                    && (field.name != .upgrade || !self.keepsUpgrade) && fields.isNamedByConnection(index, in: bytes)
            guard isDropped else { continue }
            self.keep(kept, Int(field.nameStart))
            kept = Int(field.lineEnd)
        }
        self.keep(kept, length - 2)
    }

    private mutating func keep(_ start: Int, _ end: Int) {
        guard start < end else { return }
        self.starts[self.count] = UInt16(truncatingIfNeeded: start)
        self.ends[self.count] = UInt16(truncatingIfNeeded: end)
        self.count += 1
    }

    private func drops(_ name: FieldName, _ dropping: HTTP1Drop) -> Bool {
        switch name {
        case .connection, .upgrade: dropping.contains(.hopByHop) && !self.keepsUpgrade
        case .keepAlive, .proxyConnection, .te, .http2Settings: dropping.contains(.hopByHop)
        case .meshClientID, .meshOriginalProtocol, .meshDestinationOverride, .meshDestinationCanonical, .meshRequireID,
            .meshProxyError, .meshProxyConnection, .meshOther:
            dropping.contains(.mesh)
        case .expect: dropping.contains(.expect)
        case .host: dropping.contains(.host)
        case .contentLength, .transferEncoding: dropping.contains(.framing)
        case .other, .trailer, .contentType, .userAgent, .grpcStatus: false
        }
    }
}
