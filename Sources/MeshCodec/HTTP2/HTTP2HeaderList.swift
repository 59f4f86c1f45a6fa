/// Where one field of an HTTP/2 head stands in the bytes of its list.
public struct HTTP2Field: Sendable {
    var start: UInt32 = 0
    var nameCount: UInt16 = 0
    var valueCount: UInt16 = 0
    /// What the field means to a proxy.
    public internal(set) var name = FieldName.other
    /// The first index of the name in HPACK's static table, or 0.
    var staticName: UInt8 = 0
    /// Whether the sender wants the field kept out of compression tables (RFC 7541 §7.1.3).
    public internal(set) var isSensitive = false

    /// The bytes of the name, always in lower case.
    public var nameRange: Range<Int> { Int(self.start)..<(Int(self.start) &+ Int(self.nameCount)) }
    /// The bytes of the value.
    public var valueRange: Range<Int> {
        let start = Int(self.start) &+ Int(self.nameCount)
        return start..<(start &+ Int(self.valueCount))
    }
}

/// The fields of an HTTP/2 head, request, response or trailers: one run of bytes, and offsets into it.
///
/// A worker needs one to receive into; it keeps its memory from head to head. Fields whose names start with a colon
/// come first, as in the head.
public struct HTTP2HeaderList: ~Copyable {
    /// What the fields may add up to, with 32 bytes for each (RFC 9113 §6.5.2), unless told otherwise.
    public static let sizeMaxDefault = 65_536

    /// Names and values, to which the ranges of fields refer.
    ///
    /// Bytes behind those in use have no meaning.
    public internal(set) var bytes: [UInt8] = []
    var fields: [HTTP2Field] = []
    var used = 0
    private var size = 0
    let sizeMax: Int
    /// Whether fields had to be left out because of the limit.
    public private(set) var isTooLarge = false
    /// What a request says, after a request has been received into this list.
    public internal(set) var request = HTTP2RequestHead()
    /// What a response says, after a response has been received into this list.
    public internal(set) var response = HTTP2ResponseHead()

    /// Makes an empty list.
    public init(sizeMax: Int = sizeMaxDefault) {
        self.sizeMax = sizeMax
    }

    /// How many fields there are.
    public var count: Int { self.fields.count }

    /// The field at `index`, in the order of the head.
    public subscript(index: Int) -> HTTP2Field { self.fields[index] }

    /// The first field with a name that a proxy knows.
    public func first(_ name: FieldName) -> HTTP2Field? {
        for index in 0..<self.fields.count where self.fields[index].name == name { return self.fields[index] }
        return nil
    }

    /// The first field named `name`, in lower case.
    public func first(named name: Span<UInt8>) -> HTTP2Field? {
        for index in 0..<self.fields.count {
            let field = self.fields[index]
            if Int(field.nameCount) == name.count, self.bytes.span.has(name, at: Int(field.start)) { return field }
        }
        return nil
    }

    /// The code in `grpc-status`: nil without one, 2 (`UNKNOWN`) when it is no number up to 255.
    public var grpcStatus: UInt8? {
        guard let field = self.first(.grpcStatus) else { return nil }
        guard (1...3).contains(field.valueRange.count) else { return 2 }
        var code = 0
        for index in field.valueRange {
            let byte = self.bytes[index]
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return 2 }
            code = code * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return UInt8(exactly: code) ?? 2
    }

    /// The value of the first field named `name`, in lower case, as text; allocates.
    public func text(_ name: String) -> String? {
        guard let field = self.first(named: name.utf8Span.span) else { return nil }
        return String(decoding: self.bytes[field.valueRange], as: UTF8.self)
    }

    /// Forgets all fields but keeps the memory, unless a single large head made it large.
    public mutating func removeAll() {
        if self.bytes.count > 16_384 { self.bytes = [] }
        self.fields.removeAll(keepingCapacity: true)
        self.used = 0
        self.size = 0
        self.isTooLarge = false
    }

    /// Appends a field; `name` must be in lower case.
    public mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>, isSensitive: Bool = false) {
        var field = HTTP2Field()
        field.name = FieldName.recognise(name, at: 0, count: name.count)
        field.staticName = HPACKStaticTable.shared.index(ofName: name)
        field.isSensitive = isSensitive
        self.reserve(name.count &+ value.count)
        self.bytes.overwrite(at: self.used, name)
        self.bytes.overwrite(at: self.used &+ name.count, value)
        self.commit(field, nameCount: name.count, valueCount: value.count)
    }

    /// Appends a field; `name` must be in lower case.
    public mutating func append(_ name: String, _ value: String, isSensitive: Bool = false) {
        self.append(name.utf8Span.span, value.utf8Span.span, isSensitive: isSensitive)
    }

    /// Makes room for `count` bytes behind those in use.
    @inline(__always)
    mutating func reserve(_ count: Int) {
        if self.used &+ count > self.bytes.count { self.grow(count) }
    }

    private mutating func grow(_ count: Int) {
        let wanted = max(1024, 2 * self.bytes.count, self.used + count)
        self.bytes.append(contentsOf: repeatElement(0, count: wanted - self.bytes.count))
    }

    /// Takes the bytes written behind those in use as a field, unless the limit is reached.
    @inline(__always)
    mutating func commit(_ field: HTTP2Field, nameCount: Int, valueCount: Int) {
        self.size &+= nameCount &+ valueCount &+ 32
        let fits = self.size <= self.sizeMax && nameCount <= 0xFFFF && valueCount <= 0xFFFF
        guard fits, !self.isTooLarge else {
            self.isTooLarge = true
            return
        }
        var field = field
        field.start = UInt32(truncatingIfNeeded: self.used)
        field.nameCount = UInt16(truncatingIfNeeded: nameCount)
        field.valueCount = UInt16(truncatingIfNeeded: valueCount)
        self.fields.append(field)
        self.used &+= nameCount &+ valueCount
    }
}
