import MeshModel
import MeshTestKit
import Testing

@testable import MeshBalance

@Suite struct PeakLatencyTests {
    private func time(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }

    @Test("the exponential is precise", arguments: [(0.0, 1.0), (-1.0, 0.367879441), (-10.0, 4.53999298e-5)])
    func exponent(x: Double, expected: Double) {
        #expect(abs(exponential(x) - expected) <= expected * 1e-8)
        #expect(exponential(-1e9) == 0)
    }

    @Test("a peak counts at once, and falls by 1/e per decay")
    func peak() {
        var latency = PeakLatency(initial: .milliseconds(30), decay: .seconds(10), now: self.time(0))
        latency.observe(1_000_000_000, at: self.time(1))
        #expect(latency.projected(at: self.time(1)) == 1e9)
        #expect(abs(latency.projected(at: self.time(11)) - 0.367879441e9) < 10)
        latency.observe(1_000_000, at: self.time(1))
        #expect(latency.projected(at: self.time(1)) == 1e9, "a sample that is not newer is ignored")
    }

    @Test("the average stays between the smallest and largest sample", arguments: 0..<UInt64(50))
    func bounded(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var latency = PeakLatency(initial: .zero, decay: .seconds(1), now: self.time(0))
        var now = 0.0
        for _ in 0..<100 {
            now += Double.random(in: 0.001...2, using: &random)
            latency.observe(Int64.random(in: 1000...1_000_000, using: &random), at: self.time(now))
            let value = latency.projected(at: self.time(now))
            #expect(value >= 0 && value <= 1_000_000)
        }
    }

    @Test("pending requests multiply the load")
    func load() {
        let latency = PeakLatency(initial: .milliseconds(1), decay: .seconds(10), now: self.time(0))
        #expect(latency.load(pending: 3, at: self.time(0)) == 4e6)
    }
}
