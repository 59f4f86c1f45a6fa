/// A set of ports, as ranges.
public struct PortSet: Hashable, Sendable {
    /// Sorted, disjoint, not adjacent.
    public private(set) var ranges: [ClosedRange<UInt16>]

    /// No port.
    public init() { self.ranges = [] }

    /// The ports listed.
    public init(_ ports: some Sequence<UInt16>) { self.init(ranges: ports.map { $0...$0 }) }

    /// Any ranges, in any order.
    public init(ranges: [ClosedRange<UInt16>]) {
        var merged: [ClosedRange<UInt16>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, Int(range.lowerBound) <= Int(last.upperBound) + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    /// Parses `80,443,8000-8010`; blanks around numbers are allowed, an empty text is the empty set.
    ///
    /// Nil for 0, numbers above 65535, reversed or open ranges, and anything else.
    public init?(parsing text: some StringProtocol) {
        var ranges: [ClosedRange<UInt16>] = []
        for item in text.split(separator: ",") {
            let item = Self.trimmed(item)
            if item.isEmpty { continue }
            let bounds = item.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = bounds.first, let low = Self.port(first), let last = bounds.last,
                let high = Self.port(last), low <= high
            else { return nil }
            ranges.append(low...high)
        }
        self.init(ranges: ranges)
    }

    /// True when `port` is in the set.
    public func contains(_ port: UInt16) -> Bool { self.ranges.contains { $0.contains(port) } }

    /// True for no port at all.
    public var isEmpty: Bool { self.ranges.isEmpty }

    /// SMTP, MySQL, Galera, PostgreSQL, Redis, Elasticsearch, memcached: the server speaks first, or HTTP detection
    /// would wait in vain.
    public static let usualOpaque = PortSet([25, 587, 3306, 4444, 5432, 6379, 9300, 11211])

    /// A port 1…65535 with blanks around it.
    static func port(_ text: some StringProtocol) -> UInt16? {
        let digits = self.trimmed(Substring(text))
        guard !digits.isEmpty, digits.utf8.count <= 5, digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let port = UInt16(digits), port > 0
        else { return nil }
        return port
    }

    static func trimmed(_ text: some StringProtocol) -> Substring {
        var text = Substring(text)
        while let first = text.utf8.first, first == 32 || first == 9 { text = text.dropFirst() }
        while let last = text.utf8.last, last == 32 || last == 9 { text = text.dropLast() }
        return text
    }
}

extension PortSet: CustomStringConvertible {
    /// The text that parses to this set.
    public var description: String {
        self.ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}
