/// The fields that HPACK knows from the start (RFC 7541 appendix A).
struct HPACKStaticTable: Sendable {
    /// How many there are; their indices start at 1.
    static let count = 61

    private static let rows: [(name: String, value: String)] = [
        (":authority", ""),
        (":method", "GET"),
        (":method", "POST"),
        (":path", "/"),
        (":path", "/index.html"),
        (":scheme", "http"),
        (":scheme", "https"),
        (":status", "200"),
        (":status", "204"),
        (":status", "206"),
        (":status", "304"),
        (":status", "400"),
        (":status", "404"),
        (":status", "500"),
        ("accept-charset", ""),
        ("accept-encoding", "gzip, deflate"),
        ("accept-language", ""),
        ("accept-ranges", ""),
        ("accept", ""),
        ("access-control-allow-origin", ""),
        ("age", ""),
        ("allow", ""),
        ("authorization", ""),
        ("cache-control", ""),
        ("content-disposition", ""),
        ("content-encoding", ""),
        ("content-language", ""),
        ("content-length", ""),
        ("content-location", ""),
        ("content-range", ""),
        ("content-type", ""),
        ("cookie", ""),
        ("date", ""),
        ("etag", ""),
        ("expect", ""),
        ("expires", ""),
        ("from", ""),
        ("host", ""),
        ("if-match", ""),
        ("if-modified-since", ""),
        ("if-none-match", ""),
        ("if-range", ""),
        ("if-unmodified-since", ""),
        ("last-modified", ""),
        ("link", ""),
        ("location", ""),
        ("max-forwards", ""),
        ("proxy-authenticate", ""),
        ("proxy-authorization", ""),
        ("range", ""),
        ("referer", ""),
        ("refresh", ""),
        ("retry-after", ""),
        ("server", ""),
        ("set-cookie", ""),
        ("strict-transport-security", ""),
        ("transfer-encoding", ""),
        ("user-agent", ""),
        ("vary", ""),
        ("via", ""),
        ("www-authenticate", ""),
    ]

    static let shared = HPACKStaticTable()

    private let bytes: [UInt8]
    private let entries: [HPACKEntry]

    private init() {
        var bytes: [UInt8] = []
        var entries: [HPACKEntry] = []
        for (place, row) in Self.rows.enumerated() {
            let first = Self.rows.firstIndex { $0.name == row.name } ?? place
            let name = Array(row.name.utf8)
            var entry = HPACKEntry()
            entry.start = UInt32(bytes.count)
            entry.nameCount = UInt16(name.count)
            entry.valueCount = UInt16(row.value.utf8.count)
            entry.staticName = UInt8(first + 1)
            entry.name = FieldName.recognise(name.span, at: 0, count: name.count)
            entries.append(entry)
            bytes += name
            bytes += row.value.utf8
        }
        self.bytes = bytes
        self.entries = entries
    }

    /// The entry at `index`, 1 … 61.
    @inline(__always)
    subscript(index: Int) -> HPACKEntry { self.entries[index &- 1] }

    /// The bytes of all names and values.
    @inline(__always)
    var storage: [UInt8] { self.bytes }

    /// The index of the first entry named `name`, or 0.
    func index(ofName name: Span<UInt8>) -> UInt8 {
        for entry in self.entries where Int(entry.nameCount) == name.count {
            if self.bytes.span.has(name, at: Int(entry.start)) { return entry.staticName }
        }
        return 0
    }

    /// The index of the entry with the name at `first` and the value `value`, or 0.
    @inline(__always)
    func index(ofValue value: Span<UInt8>, from first: UInt8) -> Int {
        var index = Int(first)
        while index > 0, index <= Self.count {
            let entry = self.entries[index &- 1]
            guard entry.staticName == first else { return 0 }
            if Int(entry.valueCount) == value.count, value.count > 0,
                self.bytes.span.has(value, at: Int(entry.start) &+ Int(entry.nameCount))
            {
                return index
            }
            index &+= 1
        }
        return 0
    }
}

/// A field in a table: name and value follow each other in the table's bytes.
struct HPACKEntry: Sendable {
    var start: UInt32 = 0
    var nameCount: UInt16 = 0
    var valueCount: UInt16 = 0
    /// For the encoder: a hash of name and value.
    var hash: UInt32 = 0
    /// The first index of this name in the static table, or 0.
    var staticName: UInt8 = 0
    var name = FieldName.other

    /// Bytes of name and value.
    @inline(__always) var byteCount: Int { Int(self.nameCount) &+ Int(self.valueCount) }
    /// The size that counts against a table's limit (RFC 7541 §4.1).
    @inline(__always) var size: Int { self.byteCount &+ 32 }
    @inline(__always) var range: Range<Int> { Int(self.start)..<(Int(self.start) &+ self.byteCount) }
    @inline(__always) var nameRange: Range<Int> { Int(self.start)..<(Int(self.start) &+ Int(self.nameCount)) }
    @inline(__always) var valueRange: Range<Int> {
        (Int(self.start) &+ Int(self.nameCount))..<(Int(self.start) &+ self.byteCount)
    }
}
