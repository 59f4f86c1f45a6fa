import MeshReactor
import MeshTestKit
import Testing

/// Counts how many of its kind are alive.
private final class Ledger {
    var alive = 0
}

private struct Tracked: ~Copyable {
    let ledger: Ledger
    var value: Int

    init(_ ledger: Ledger, _ value: Int) {
        self.ledger = ledger
        self.value = value
        ledger.alive += 1
    }

    deinit { self.ledger.alive -= 1 }
}

@Suite struct SlabTests {
    @Test("an element is found by its handle, in place")
    func insertsAndMutates() {
        let ledger = Ledger()
        var slab = Slab<Tracked>(limit: 1_000)
        let handles = (0..<200).map { slab.insert(Tracked(ledger, $0)) }
        for handle in handles { slab[handle].value += 1 }
        for (index, handle) in handles.enumerated() { expect(slab[handle].value == index + 1) }
        expect(slab.count == 200)
    }

    @Test("a handle is refused once its element is gone, also after the slot is used again")
    func refusesStaleHandles() {
        let ledger = Ledger()
        var slab = Slab<Tracked>(limit: 4)
        let first = slab.insert(Tracked(ledger, 1))
        expect(slab.contains(first))
        expect(slab.remove(first).value == 1)
        expect(!slab.contains(first))
        let second = slab.insert(Tracked(ledger, 2))
        expect(second.index == first.index)
        expect(!slab.contains(first))
        expect(slab.contains(second))
        expect(!slab.contains(.none))
    }

    @Test("the limit holds and elements are dropped with the slab")
    func limits() {
        let ledger = Ledger()
        do {
            var slab = Slab<Tracked>(limit: 70)
            for value in 0..<70 { _ = slab.insert(Tracked(ledger, value)) }
            expect(slab.isFull)
            expect(ledger.alive == 70)
        }
        expect(ledger.alive == 0)
    }

    @Test("random insertions and removals agree with a dictionary", arguments: 0..<UInt64(20))
    func agreesWithModel(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let ledger = Ledger()
        var slab = Slab<Tracked>(limit: 300)
        var model: [Handle: Int] = [:]
        for step in 0..<2_000 {
            if Bool.random(using: &random), !slab.isFull {
                model[slab.insert(Tracked(ledger, step))] = step
            } else if let handle = model.keys.randomElement(using: &random) {
                let expected = model.removeValue(forKey: handle)
                expect(slab.remove(handle).value == expected)
            }
        }
        expect(slab.count == model.count)
        expect(ledger.alive == model.count)
        for (handle, value) in model { expect(slab[handle].value == value) }
    }
}
