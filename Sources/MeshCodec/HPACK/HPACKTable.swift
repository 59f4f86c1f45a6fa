/// The dynamic table of one direction of a connection (RFC 7541 §2.3.2).
///
/// Entries are appended to one buffer and evicted from its start; now and then what is left moves to the front, at a
/// cost of about one copied byte for each inserted byte. Memory grows with use and never beyond twice the limit.
struct HPACKTable: ~Copyable {
    /// The most that either side may set as limit; also what peers assume unless told otherwise (RFC 9113 §6.5.2).
    static let sizeMax = 4096

    /// The bytes of the entries.
    private(set) var bytes: [UInt8] = []
    private var entries: [HPACKEntry] = []
    private var first = 0
    /// The sizes of all entries.
    private(set) var size = 0
    /// What `size` may not exceed.
    private(set) var limit = HPACKTable.sizeMax
    /// How many entries were ever inserted; the newest has this number.
    private(set) var inserted = 0

    /// How many entries there are.
    @inline(__always) var count: Int { self.entries.count &- self.first }

    /// The entry `age` insertions ago, 0 being the newest.
    @inline(__always)
    func entry(age: Int) -> HPACKEntry {
        precondition(age < self.count)
        return self.entries[self.entries.count &- 1 &- age]
    }

    mutating func setLimit(_ limit: Int) {
        self.limit = limit
        self.evict(until: limit)
    }

    /// Inserts a field; one larger than the whole table just empties it (RFC 7541 §4.4).
    mutating func insert(_ entry: HPACKEntry, name: Span<UInt8>, value: Span<UInt8>) {
        self.inserted &+= 1
        let size = entry.size
        guard size <= self.limit else {
            self.evict(until: 0)
            return
        }
        self.evict(until: self.limit &- size)
        self.compact(room: entry.byteCount)
        var new = entry
        new.start = UInt32(truncatingIfNeeded: self.bytes.count)
        self.bytes.append(name)
        self.bytes.append(value)
        self.entries.append(new)
        self.size &+= size
    }

    private mutating func evict(until size: Int) {
        while self.size > size {
            self.size &-= self.entries[self.first].size
            self.first &+= 1
        }
    }

    /// Moves what is left to the front once that is less than what is gone.
    private mutating func compact(room: Int) {
        if self.count == 0 {
            self.bytes.removeAll(keepingCapacity: true)
            self.entries.removeAll(keepingCapacity: true)
            self.first = 0
            return
        }
        let gone = Int(self.entries[self.first].start)
        let isFull = self.bytes.count &+ room > self.bytes.capacity && gone >= 256
        guard isFull || self.first > 128 else { return }
        self.bytes.removeFirst(gone)
        self.entries.removeFirst(self.first)
        self.first = 0
        for index in self.entries.indices { self.entries[index].start &-= UInt32(truncatingIfNeeded: gone) }
    }
}
