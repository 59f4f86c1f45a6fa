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

/// A random index in proportion to its weight among those that are ready; nil when none is.
///
/// Weights of 0 are never chosen.
/// - Complexity: O(`count`), twice.
@inlinable
public func pickWeighted(
    of count: Int, using random: inout some RandomNumberGenerator, weight: (Int) -> UInt32, isReady: (Int) -> Bool
) -> Int? {
    var total: UInt64 = 0
    for index in 0..<count where isReady(index) { total += UInt64(weight(index)) }
    guard total > 0 else { return nil }
    var ticket = UInt64.random(in: 0..<total, using: &random)
    for index in 0..<count where isReady(index) {
        let share = UInt64(weight(index))
        if ticket < share { return index }
        ticket -= share
    }
    return nil  // Only when `isReady` changed its mind between the passes.
}
