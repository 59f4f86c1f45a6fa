/// Time series of one worker: their names, and their values in one array.
///
/// A series is interned once and then counted by index, so that recording is one addition. There is a hard limit:
/// beyond it everything of a family goes into one series labelled `overflow="true"`, so that no client can make the
/// proxy grow by making up names.
struct SeriesTable: Sendable {
    /// A family and the rendered labels of one of its series.
    struct Key: Hashable, Sendable {
        let family: Family
        let labels: String
    }

    /// Most series of one worker.
    static let limit = 10_000

    private(set) var keys: [Key] = []
    private(set) var values: [UInt64] = []
    private var offsets: [Key: Int32] = [:]

    /// The place of a series in ``values``, made on first use.
    mutating func offset(of family: Family, _ labels: String) -> Int32 {
        let key = Key(family: family, labels: labels)
        if let offset = self.offsets[key] { return offset }
        guard self.keys.count < Self.limit || labels == Self.overflowLabels else {
            return self.offset(of: family, Self.overflowLabels)
        }
        let offset = Int32(self.values.count)
        self.offsets[key] = offset
        self.keys.append(key)
        self.values.append(contentsOf: repeatElement(0, count: family.width))
        return offset
    }

    static let overflowLabels = #"overflow="true""#

    /// Adds to a counter or gauge.
    mutating func add(_ amount: UInt64, at offset: Int32) { self.values[Int(offset)] &+= amount }

    /// Adds one to a counter or gauge; nothing happens at -1, the place of a series that does not exist.
    mutating func increment(at offset: Int32) {
        if offset >= 0 { self.values[Int(offset)] &+= 1 }
    }

    /// Takes from a gauge.
    mutating func subtract(_ amount: UInt64, at offset: Int32) { self.values[Int(offset)] &-= amount }

    /// Counts `value`, in the unit of the bounds, in a histogram; nothing happens at -1.
    mutating func observe(_ value: UInt64, bounds: [UInt64], at offset: Int32) {
        guard offset >= 0 else { return }
        var bucket = 0
        while bucket < bounds.count, value > bounds[bucket] { bucket += 1 }
        self.values[Int(offset) + bucket] &+= 1
        self.values[Int(offset) + bounds.count + 1] &+= value
    }
}
