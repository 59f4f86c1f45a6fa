/// One port, or the ports from `first` to `last`.
public struct PortRange: Hashable, Sendable {
    /// 1…65535.
    public let first: UInt16
    /// Not below `first`.
    public let last: UInt16

    /// The single port `port`.
    public init(_ port: UInt16) {
        self.first = port
        self.last = port
    }

    /// Parses `PORT` or `FIRST-LAST`; port 0 and reversed ranges are refused.
    public init(_ text: some StringProtocol) throws(RedirectError) {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let lower = parts.first, let upper = parts.last, let first = Self.port(lower),
            let last = Self.port(upper),
            first <= last
        else {
            throw .invalidPorts(String(text))
        }
        self.first = first
        self.last = last
    }

    private static func port(_ text: some StringProtocol) -> UInt16? {
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(text), port > 0 else { return nil }
        return port
    }

    /// Parses a comma-separated list; blanks around and empty elements between commas are dropped.
    public static func list(_ text: String) throws(RedirectError) -> [PortRange] {
        var ranges: [PortRange] = []
        for element in text.split(separator: ",") {
            let trimmed = element.drop { $0 == " " }
            let end = trimmed.lastIndex { $0 != " " }
            guard let end else { continue }
            ranges.append(try PortRange(trimmed[...end]))
        }
        return ranges
    }

    /// How many of a rule's port slots it takes.
    var slots: Int { self.first == self.last ? 1 : 2 }
}

extension PortRange: CustomStringConvertible {
    /// `PORT` or `FIRST-LAST`.
    public var description: String { self.first == self.last ? "\(self.first)" : "\(self.first)-\(self.last)" }
}
