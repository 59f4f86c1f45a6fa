/// A regular expression that matches whole values in time linear in their length.
///
/// The pattern becomes a position automaton of bounded size; nothing ever backtracks, and matching allocates nothing.
/// The language is that of RE2 and Rust's `regex` without assertions inside the pattern, Unicode classes and flags
/// other than a leading `(?i)`: what is not understood is refused, never ignored. Bytes are matched, so that `.` is
/// one byte (not a line feed). Two expressions are equal when their patterns are.
public struct LinearRegex: Sendable {
    /// The pattern as written.
    public let pattern: String
    let automaton: PositionAutomaton

    /// Longest pattern in bytes.
    public static let maxPatternBytes = 1024
    /// Most positions (bytes and classes, after repetitions are written out).
    public static let maxPositions = PositionSet.capacity

    /// Compiles `pattern`.
    ///
    /// - Throws: what makes the pattern unusable; a policy with it is invalid.
    public init(_ pattern: some StringProtocol) throws(RegexError) {
        self.pattern = String(pattern)
        guard pattern.utf8.count <= Self.maxPatternBytes else { throw .tooLong }
        var parser = RegexParser(Array(pattern.utf8))
        let tree = try parser.parse()
        var builder = PositionAutomaton.Builder()
        self.automaton = try builder.build(tree)
    }

    /// True when all of `bytes` matches.
    public func matches(_ bytes: Span<UInt8>) -> Bool {
        var matcher = Matcher(self)
        for index in bytes.indices {
            guard matcher.feed(bytes[index]) else { return false }
        }
        return matcher.accepts
    }

    /// Matches a value that arrives byte by byte.
    public struct Matcher {
        private let automaton: PositionAutomaton
        private var states = PositionSet()
        private var started = false

        /// Starts before the first byte.
        public init(_ regex: LinearRegex) { self.automaton = regex.automaton }

        /// Takes the next byte; false when no continuation can match any more.
        public mutating func feed(_ byte: UInt8) -> Bool {
            var next = PositionSet()
            if self.started {
                self.states.forEach { next.formUnion(self.automaton.follow[$0]) }
            } else {
                next = self.automaton.first
                self.started = true
            }
            next.formIntersection(self.automaton.positions(of: byte))
            self.states = next
            return !next.isEmpty
        }

        /// True when what was taken so far matches.
        public var accepts: Bool {
            self.started ? self.states.intersects(self.automaton.last) : self.automaton.isNullable
        }
    }
}

extension LinearRegex: Hashable {
    /// Compares the patterns.
    public static func == (left: Self, right: Self) -> Bool { left.pattern == right.pattern }
    /// Hashes the pattern.
    public func hash(into hasher: inout Hasher) { hasher.combine(self.pattern) }
}

/// Why a regular expression is refused.
public enum RegexError: Error, Hashable, Sendable {
    /// More than ``LinearRegex/maxPatternBytes``.
    case tooLong
    /// More than ``LinearRegex/maxPositions`` once repetitions are written out.
    case tooLarge
    /// Groups are nested too deep.
    case tooDeep
    /// The pattern is malformed at this byte.
    case malformed(offset: Int)
    /// The construct at this byte is not offered.
    case unsupported(offset: Int)
}
