/// Why a header block cannot be decoded; the connection is lost with it (RFC 7541 §2.3.3, §5.2).
enum HPACKError: Error, Hashable {
    case truncated
    case integerTooLarge
    case invalidIndex
    case invalidHuffman
    case invalidSizeUpdate
    case stringTooLong
    /// The block says many times more than the list takes.
    case listTooLarge
}

/// Decodes the header blocks of one direction of a connection.
struct HPACKDecoder: ~Copyable {
    /// The longest name or value, decoded.
    static let stringBytesMax = 65_535

    private var table = HPACKTable()

    /// What the entries of the table add up to.
    var tableSize: Int { self.table.size }

    /// How many times the size of the list the literals of one block may add up to.
    static let excessMax = 4

    /// Decodes a whole block into `list`.
    ///
    /// Fields that do not fit into the list are left out of it, but the table stays right. A block of a few bytes can
    /// say much by naming long entries of the table, so that there is a limit to that, too.
    mutating func decode(_ block: Span<UInt8>, into list: inout HTTP2HeaderList) throws(HPACKError) {
        var offset = 0
        var mayResize = true
        var excess = 0
        while offset < block.count {
            let byte = block[offset]
            if byte & 0xE0 == 0x20 {
                let limit = try Self.integer(block, &offset, prefix: 5)
                guard mayResize, limit <= HPACKTable.sizeMax else { throw .invalidSizeUpdate }
                self.table.setLimit(limit)
                continue
            }
            mayResize = false
            if byte & 0x80 != 0 {
                try self.indexed(Self.integer(block, &offset, prefix: 7), into: &list)
            } else {
                excess &+= try self.literal(block, &offset, byte, into: &list)
                guard excess <= Self.excessMax &* list.sizeMax else { throw .listTooLarge }
            }
        }
    }

    @inline(__always)
    private func indexed(_ index: Int, into list: inout HTTP2HeaderList) throws(HPACKError) {
        guard index > 0 else { throw .invalidIndex }
        if index <= HPACKStaticTable.count {
            Self.copy(HPACKStaticTable.shared[index], HPACKStaticTable.shared.storage.span, into: &list)
            return
        }
        let age = index &- HPACKStaticTable.count &- 1
        guard age < self.table.count else { throw .invalidIndex }
        // Left out of a full list without being copied: one byte of a block may name 4 KiB here.
        if list.isTooLarge { return }
        Self.copy(self.table.entry(age: age), self.table.bytes.span, into: &list)
    }

    @inline(__always)
    private static func copy(_ entry: HPACKEntry, _ bytes: Span<UInt8>, into list: inout HTTP2HeaderList) {
        list.reserve(entry.byteCount)
        list.bytes.overwrite(at: list.used, bytes.extracting(entry.range))
        var field = HTTP2Field()
        field.name = entry.name
        field.staticName = entry.staticName
        list.commit(field, nameCount: Int(entry.nameCount), valueCount: Int(entry.valueCount))
    }

    /// Decodes a literal and returns how many bytes it says.
    private mutating func literal(
        _ block: Span<UInt8>, _ offset: inout Int, _ kind: UInt8, into list: inout HTTP2HeaderList
    ) throws(HPACKError) -> Int {
        let isIndexed = kind & 0x40 != 0
        let index = try Self.integer(block, &offset, prefix: isIndexed ? 6 : 4)
        let start = list.used
        var entry = HPACKEntry()
        var nameEnd = start
        if index == 0 {
            nameEnd = try Self.string(block, &offset, into: &list, at: start)
            entry.name = FieldName.recognise(list.bytes.span, at: start, count: nameEnd &- start)
        } else {
            let known = try self.name(index)
            entry.name = known.name
            entry.staticName = known.staticName
            nameEnd = start &+ Int(known.nameCount)
            list.reserve(Int(known.nameCount))
            if index <= HPACKStaticTable.count {
                list.bytes.overwrite(
                    at: start, HPACKStaticTable.shared.storage.span.extracting(known.nameRange))
            } else {
                list.bytes.overwrite(at: start, self.table.bytes.span.extracting(known.nameRange))
            }
        }
        let end = try Self.string(block, &offset, into: &list, at: nameEnd)
        if isIndexed {
            entry.nameCount = UInt16(truncatingIfNeeded: nameEnd &- start)
            entry.valueCount = UInt16(truncatingIfNeeded: end &- nameEnd)
            self.table.insert(
                entry, name: list.bytes.span.extracting(start..<nameEnd),
                value: list.bytes.span.extracting(nameEnd..<end))
        }
        var field = HTTP2Field()
        field.name = entry.name
        field.staticName = entry.staticName
        field.isSensitive = kind & 0xF0 == 0x10
        list.commit(field, nameCount: nameEnd &- start, valueCount: end &- nameEnd)
        return end &- start
    }

    @inline(__always)
    private func name(_ index: Int) throws(HPACKError) -> HPACKEntry {
        if index <= HPACKStaticTable.count { return HPACKStaticTable.shared[index] }
        let age = index &- HPACKStaticTable.count &- 1
        guard age < self.table.count else { throw .invalidIndex }
        return self.table.entry(age: age)
    }

    /// Reads a string (RFC 7541 §5.2) into the list's bytes at `start` and returns where it ends there.
    @inline(__always)
    private static func string(
        _ block: Span<UInt8>, _ offset: inout Int, into list: inout HTTP2HeaderList, at start: Int
    ) throws(HPACKError) -> Int {
        guard offset < block.count else { throw .truncated }
        let isCoded = block[offset] & 0x80 != 0
        let count = try Self.integer(block, &offset, prefix: 7)
        guard count <= block.count &- offset else { throw .truncated }
        let text = block.extracting(offset..<(offset &+ count))
        offset &+= count
        let room = isCoded ? (count &* 8) / 5 &+ 1 : count
        list.reserve(start &- list.used &+ room)
        guard isCoded else {
            guard count <= self.stringBytesMax else { throw .stringTooLong }
            list.bytes.overwrite(at: start, text)
            return start &+ count
        }
        guard let end = HPACKHuffman.shared.decode(text, into: &list.bytes, at: start) else { throw .invalidHuffman }
        guard end &- start <= self.stringBytesMax else { throw .stringTooLong }
        return end
    }

    /// Reads an integer (RFC 7541 §5.1) of at most 28 bits.
    @inline(__always)
    private static func integer(
        _ block: Span<UInt8>, _ offset: inout Int, prefix: UInt8
    ) throws(HPACKError) -> Int {
        let mask = (UInt8(1) &<< prefix) &- 1
        let first = block[offset] & mask
        offset &+= 1
        guard first == mask else { return Int(first) }
        var value = Int(mask)
        var shift = 0
        while true {
            guard offset < block.count else { throw .truncated }
            let byte = block[offset]
            offset &+= 1
            guard shift < 28 else { throw .integerTooLarge }
            value &+= Int(byte & 0x7F) &<< shift
            if byte < 0x80 { return value }
            shift &+= 7
        }
    }
}
