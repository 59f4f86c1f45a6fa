import FoundationEssentials

extension Surroundings {
    /// The machine's clock and random numbers.
    static let system = Surroundings(
        now: { WallTime(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) },
        makeUID: { UUID().uuidString.lowercased() },
        makeSuffix: { count in
            String((0..<count).map { _ in Self.suffixAlphabet.randomElement() ?? "x" })
        })
}
