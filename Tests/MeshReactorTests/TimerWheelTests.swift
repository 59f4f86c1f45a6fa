import MeshModel
import MeshReactor
import MeshTestKit
import Testing

@Suite struct TimerWheelTests {
    private static let tick: Int64 = 1 << 22

    @Test("a timer fires at its deadline or one tick later, never early", arguments: 0..<UInt64(30))
    func firesInTime(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var now = MonotonicTime(nanoseconds: 12_345)
        var wheel = TimerWheel(now: now)
        var expected: [UInt64: MonotonicTime] = [:]
        var fired: [UInt64] = []
        for token in 0..<UInt64(500) {
            let delay = Int64.random(in: 0...(1 << Int64.random(in: 10...47, using: &random)), using: &random)
            let deadline = MonotonicTime(nanoseconds: now.nanoseconds + delay)
            _ = wheel.schedule(token, at: deadline)
            expected[token] = deadline
        }
        while let next = wheel.nextDeadline {
            expect(next > now)
            // Sometimes the loop is late.
            let late = Bool.random(using: &random) ? 0 : Int64.random(in: 0...(1 << 30), using: &random)
            let before = now
            now = MonotonicTime(nanoseconds: next.nanoseconds + late)
            fired.removeAll()
            wheel.advance(to: now, into: &fired)
            for token in fired {
                guard let deadline = expected.removeValue(forKey: token) else {
                    Issue.record("token \(token) fired twice")
                    continue
                }
                expect(deadline <= now)
                expect(deadline.nanoseconds + 2 * Self.tick >= before.nanoseconds)
            }
        }
        expect(expected.isEmpty)
        expect(wheel.count == 0)
    }

    @Test("a cancelled timer never fires, and cancelling twice or late is harmless", arguments: 0..<UInt64(10))
    func cancels(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let start = MonotonicTime(nanoseconds: 0)
        var wheel = TimerWheel(now: start)
        var kept: Set<UInt64> = []
        for token in 0..<UInt64(1_000) {
            let delay = Int64.random(in: 0...60_000_000_000, using: &random)
            let id = wheel.schedule(token, at: MonotonicTime(nanoseconds: delay))
            if Bool.random(using: &random) {
                wheel.cancel(id)
                wheel.cancel(id)
            } else {
                kept.insert(token)
            }
        }
        wheel.cancel(.none)
        var fired: [UInt64] = []
        wheel.advance(to: MonotonicTime(nanoseconds: 70_000_000_000), into: &fired)
        expect(Set(fired) == kept)
        expect(fired.count == kept.count)
        expect(wheel.nextDeadline == nil)
    }
}
