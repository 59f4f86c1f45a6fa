/// Where one field stands in the bytes of its head.
public struct HTTP1Field: Sendable, Hashable {
    /// What the field means to a proxy.
    public internal(set) var name: FieldName = .other
    var nameStart: UInt16 = 0
    var nameEnd: UInt16 = 0
    var valueStart: UInt16 = 0
    var valueEnd: UInt16 = 0
    var lineEnd: UInt16 = 0

    /// The bytes of the name, in the sender's case.
    @inlinable public var nameRange: Range<Int> { self.bounds.name }
    /// The bytes of the value, without white space around it.
    @inlinable public var valueRange: Range<Int> { self.bounds.value }
    /// The whole line with its line end.
    @inlinable public var lineRange: Range<Int> { self.bounds.line }

    @usableFromInline var bounds: (name: Range<Int>, value: Range<Int>, line: Range<Int>) {
        (
            Int(self.nameStart)..<Int(self.nameEnd), Int(self.valueStart)..<Int(self.valueEnd),
            Int(self.nameStart)..<Int(self.lineEnd)
        )
    }
}

/// The fields of the head scanned last; one per worker, not one per connection.
public struct HTTP1FieldTable: ~Copyable {
    /// The most fields that any head may have.
    public static let capacity = 128

    // An array, made once: reading an inline one through a borrowed table copies all of it to the stack.
    private var slots = [HTTP1Field](repeating: HTTP1Field(), count: capacity)
    /// How many fields the head has.
    public private(set) var count = 0

    /// Makes an empty table.
    public init() {}

    /// The field at `index`, in the order of the head.
    public subscript(index: Int) -> HTTP1Field {
        @inline(__always) get {
            precondition(index < self.count)
            return self.slots.span[index]
        }
    }

    /// The first field with a name that a proxy knows.
    public func first(_ name: FieldName) -> HTTP1Field? {
        for index in 0..<self.count where self.slots.span[index].name == name { return self.slots.span[index] }
        return nil
    }

    /// The first field named `name`, a lower-case token; `bytes` must start where the head's bytes did.
    ///
    /// - Complexity: O(fields), one comparison of lengths for most of them.
    public func first(named name: Span<UInt8>, in bytes: Span<UInt8>) -> HTTP1Field? {
        for index in 0..<self.count {
            let field = self.slots.span[index]
            guard Int(field.nameEnd &- field.nameStart) == name.count else { continue }
            if bytes.extracting(field.nameRange).equalsIgnoringCase(name) { return field }
        }
        return nil
    }

    /// Whether the field at `index` concerns only the connection it came on (RFC 9110 §7.6.1).
    ///
    /// Framing is not counted, except that no other protocol than HTTP/1 has `transfer-encoding`.
    public func concernsConnection(_ index: Int, in bytes: Span<UInt8>, flags: HTTP1Flags) -> Bool {
        switch self[index].name {
        case .connection, .keepAlive, .proxyConnection, .te, .upgrade, .http2Settings, .transferEncoding: true
        default: flags.contains(.namesFields) && self.isNamedByConnection(index, in: bytes)
        }
    }

    /// Whether a `connection` field names the field at `index`; rare, so it searches.
    func isNamedByConnection(_ index: Int, in bytes: Span<UInt8>) -> Bool {
        let name = bytes.extracting(self[index].nameRange)
        for place in 0..<self.count where self.slots.span[place].name == .connection {
            var options = HTTP1TokenList(self.slots.span[place].valueRange)
            while let option = options.next(bytes) {
                if Authority.areEqual(bytes.extracting(option), name) { return true }
            }
        }
        return false
    }

    @inline(__always)
    mutating func removeAll() { self.count = 0 }

    @inline(__always)
    mutating func append(_ field: HTTP1Field) {
        self.slots[self.count] = field
        self.count &+= 1
    }
}
