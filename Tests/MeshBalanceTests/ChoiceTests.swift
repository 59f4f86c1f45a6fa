import MeshBalance
import MeshTestKit
import Testing

@Suite struct ChoiceTests {
    @Test("two choices differ and are in range", arguments: 2..<20)
    func two(count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        for _ in 0..<200 {
            let (first, second) = pickTwo(of: count, using: &random)
            #expect(first != second && (0..<count).contains(first) && (0..<count).contains(second))
        }
    }

    @Test("the less loaded of two wins; none of none")
    func loaded() {
        var random = SplitMix64(seed: 1)
        #expect(pickLessLoaded(of: 0, using: &random) { _ in 0 } == nil)
        #expect(pickLessLoaded(of: 1, using: &random) { _ in 0 } == 0)
        for _ in 0..<100 { #expect(pickLessLoaded(of: 2, using: &random) { $0 == 0 ? 5 : 3 } == 1) }
    }

    @Test("tickets keep every share within 0.2 points of 10,000 draws, whoever else draws in between", arguments: 1...5)
    func evenTickets(drawers: Int) {
        var random = SplitMix64(seed: UInt64(drawers))
        for share: UInt64 in [1, 10, 33, 50, 90] {
            var tickets = EvenTickets(from: random.next())
            var taken = 0
            for draw in 0..<10_000 * drawers {
                let ticket = tickets.next(below: 100)
                #expect(ticket < 100)
                if draw % drawers == 0, ticket < share { taken += 1 }
            }
            #expect(abs(taken - Int(share) * 100) <= 20, "\(share) %: \(taken) of 10,000")
        }
    }
}
