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

    @Test("weights are kept, unready and weightless ones are never taken")
    func weighted() {
        var random = SplitMix64(seed: 2)
        let weights: [UInt32] = [90, 10, 0, 1000]
        var counts = [0, 0, 0, 0]
        for _ in 0..<10_000 {
            let index = pickWeighted(of: 4, using: &random, weight: { weights[$0] }, isReady: { $0 != 3 })
            if let index { counts[index] += 1 }
        }
        #expect(counts[2] == 0 && counts[3] == 0)
        #expect((8800...9200).contains(counts[0]))
        #expect(pickWeighted(of: 2, using: &random, weight: { _ in 0 }, isReady: { _ in true }) == nil)
        #expect(pickWeighted(of: 2, using: &random, weight: { _ in 1 }, isReady: { _ in false }) == nil)
    }
}
