/// Two different numbers below `count`, each pair as likely as any other.
///
/// - Precondition: `count` ≥ 2.
@inlinable
public func pickTwo(of count: Int, using random: inout some RandomNumberGenerator) -> (Int, Int) {
    precondition(count >= 2, "two of fewer than two")
    let first = Int.random(in: 0..<count, using: &random)
    let second = Int.random(in: 0..<count - 1, using: &random)
    return (first, second >= first ? second + 1 : second)
}

/// The better of two random candidates out of `count`; nil when there are none.
///
/// Choosing between two keeps load even without looking at all, and without everybody running to the same best one.
/// - Complexity: two calls of `load`.
@inlinable
public func pickLessLoaded(
    of count: Int, using random: inout some RandomNumberGenerator, load: (Int) -> Double
) -> Int? {
    guard count > 1 else { return count == 1 ? 0 : nil }
    let (first, second) = pickTwo(of: count, using: &random)
    return load(first) <= load(second) ? first : second
}

/// Tickets that are spread evenly: any run of them, however short, comes close to its fair share everywhere.
///
/// Drawing by weight with random tickets is off by up to three standard deviations (1.5 points of a half after 10,000
/// draws); the multiples of the golden ratio are off by a few draws at most, also when every second or third of
/// them goes to somebody else.
public struct EvenTickets: Hashable, Sendable {
    /// The golden ratio's fraction of 2⁶⁴.
    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

    private var state: UInt64

    /// Tickets from a starting point, which should be random so that no two drawers go in step.
    public init(from state: UInt64) { self.state = state }

    /// A ticket below `total`.
    ///
    /// - Precondition: `total` > 0.
    public mutating func next(below total: UInt64) -> UInt64 {
        precondition(total > 0, "tickets below nothing")
        self.state &+= Self.step
        return self.state.multipliedFullWidth(by: total).high
    }
}
