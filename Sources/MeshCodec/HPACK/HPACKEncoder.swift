/// Encodes the header blocks of one direction of a connection.
///
/// A field goes into the table only when it is sent for the second time within a while: values that occur once, such
/// as paths with identifiers, cost no insertion and push nothing useful out.
struct HPACKEncoder: ~Copyable {
    /// Values longer than this are not worth a place in the table.
    private static let valueBytesMax = 256

    private var table = HPACKTable()
    /// For each low byte of a hash, the number of the insertion that it was last seen with.
    private var places: [Int32] = []
    /// For each low byte of a hash, other bits of the field that was last seen with it.
    private var seen: [UInt16] = []
    /// A smaller limit that has to be announced, and the one in force after it.
    private var announced: (smallest: Int, last: Int)?

    /// Takes the peer's `SETTINGS_HEADER_TABLE_SIZE` (RFC 9113 §6.5.2).
    mutating func setPeerLimit(_ limit: Int) {
        let limit = min(limit, HPACKTable.sizeMax)
        guard limit != self.announced?.last ?? self.table.limit else { return }
        self.announced = (min(limit, self.announced?.smallest ?? limit), limit)
        self.table.setLimit(min(limit, self.table.limit))
    }

    /// Starts a header block: tells about a changed table first (RFC 7541 §4.2).
    @inline(__always)
    mutating func begin(into output: inout [UInt8]) {
        guard let announced else { return }
        if announced.smallest < announced.last {
            Self.integer(announced.smallest, prefix: 5, flags: 0x20, into: &output)
        }
        Self.integer(announced.last, prefix: 5, flags: 0x20, into: &output)
        self.table.setLimit(announced.last)
        self.announced = nil
    }

    /// Encodes one field.
    ///
    /// - Parameters:
    ///   - staticName: the first index of the name in the static table, or 0.
    ///   - isSensitive: never to be put into a table by anybody.
    mutating func encode(
        name: Span<UInt8>, value: Span<UInt8>, field: FieldName, staticName: UInt8, isSensitive: Bool,
        into output: inout [UInt8]
    ) {
        if isSensitive || Self.isSecret(staticName) {
            self.literal(name, value, staticName, flags: 0x10, prefix: 4, into: &output)
            return
        }
        if staticName > 0 {
            let index = HPACKStaticTable.shared.index(ofValue: value, from: staticName)
            if index > 0 {
                Self.integer(index, prefix: 7, flags: 0x80, into: &output)
                return
            }
        }
        guard value.count <= Self.valueBytesMax, self.table.limit > 0 else {
            self.literal(name, value, staticName, flags: 0, prefix: 4, into: &output)
            return
        }
        let hash = Self.hash(name, value)
        if let index = self.find(hash, name, value) {
            Self.integer(index, prefix: 7, flags: 0x80, into: &output)
            return
        }
        guard self.wasSeen(hash) else {
            self.literal(name, value, staticName, flags: 0, prefix: 4, into: &output)
            return
        }
        self.literal(name, value, staticName, flags: 0x40, prefix: 6, into: &output)
        var entry = HPACKEntry()
        entry.nameCount = UInt16(truncatingIfNeeded: name.count)
        entry.valueCount = UInt16(truncatingIfNeeded: value.count)
        entry.hash = hash
        entry.staticName = staticName
        entry.name = field
        self.table.insert(entry, name: name, value: value)
        self.places[Int(hash & 0xFF)] = Int32(truncatingIfNeeded: self.table.inserted)
    }

    /// `authorization`, `cookie`, `proxy-authorization` and `set-cookie`: guessable through sizes if compressed.
    @inline(__always)
    private static func isSecret(_ staticName: UInt8) -> Bool {
        staticName == 23 || staticName == 32 || staticName == 49 || staticName == 55
    }

    /// The index of a field that is in the table.
    @inline(__always)
    private func find(_ hash: UInt32, _ name: Span<UInt8>, _ value: Span<UInt8>) -> Int? {
        guard !self.places.isEmpty else { return nil }
        let place = Int(self.places[Int(hash & 0xFF)])
        let age = self.table.inserted &- place
        guard place > 0, age < self.table.count else { return nil }
        let entry = self.table.entry(age: age)
        guard entry.hash == hash, Int(entry.nameCount) == name.count, Int(entry.valueCount) == value.count,
            self.table.bytes.span.has(name, at: Int(entry.start)),
            self.table.bytes.span.has(value, at: entry.valueRange.lowerBound)
        else { return nil }
        return HPACKStaticTable.count &+ 1 &+ age
    }

    /// Whether a field with `hash` was here not long ago; remembers it.
    @inline(__always)
    private mutating func wasSeen(_ hash: UInt32) -> Bool {
        if self.seen.isEmpty {
            self.seen = [UInt16](repeating: 0, count: 256)
            self.places = [Int32](repeating: 0, count: 256)
        }
        let mark = UInt16(truncatingIfNeeded: hash &>> 16) | 1
        let slot = Int(hash & 0xFF)
        if self.seen[slot] == mark { return true }
        self.seen[slot] = mark
        return false
    }

    @inline(__always)
    private static func hash(_ name: Span<UInt8>, _ value: Span<UInt8>) -> UInt32 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: name.count &<< 16 &+ value.count)
        self.mix(name, into: &hash)
        self.mix(value, into: &hash)
        return UInt32(truncatingIfNeeded: hash ^ hash &>> 32)
    }

    @inline(__always)
    private static func mix(_ text: Span<UInt8>, into hash: inout UInt64) {
        var offset = 0
        while offset < text.count {
            hash = (hash ^ text.partialWord(at: offset, count: text.count &- offset)) &* 0xFF51_AFD7_ED55_8CCD
            hash ^= hash &>> 32
            offset &+= 8
        }
    }

    private func literal(
        _ name: Span<UInt8>, _ value: Span<UInt8>, _ staticName: UInt8, flags: UInt8, prefix: UInt8,
        into output: inout [UInt8]
    ) {
        Self.integer(Int(staticName), prefix: prefix, flags: flags, into: &output)
        if staticName == 0 { Self.string(name, into: &output) }
        Self.string(value, into: &output)
    }

    /// Writes a string as it is: coding it would cost both sides more than the bytes saved are worth in a cluster.
    @inline(__always)
    private static func string(_ text: Span<UInt8>, into output: inout [UInt8]) {
        self.integer(text.count, prefix: 7, flags: 0, into: &output)
        output.append(text)
    }

    @inline(__always)
    private static func integer(_ value: Int, prefix: UInt8, flags: UInt8, into output: inout [UInt8]) {
        let mask = Int((UInt8(1) &<< prefix) &- 1)
        guard value >= mask else {
            output.append(flags | UInt8(truncatingIfNeeded: value))
            return
        }
        output.append(flags | UInt8(truncatingIfNeeded: mask))
        var left = value &- mask
        while left >= 0x80 {
            output.append(UInt8(truncatingIfNeeded: left) | 0x80)
            left &>>= 7
        }
        output.append(UInt8(truncatingIfNeeded: left))
    }
}
