import MeshBalance
import MeshModel
import MeshTestKit
import Testing

@Suite struct LimitTests {
    private func time(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: 5_000_000_000 + milliseconds * 1_000_000)
    }

    @Test("a bucket admits its limit at once and then one per period")
    func bucket() {
        var limiter = RateLimiter(limit: 10)
        #expect((0..<20).count { _ in limiter.admit(at: self.time(0)) } == 10)
        #expect(limiter.admit(at: self.time(99)) == false)
        #expect(limiter.admit(at: self.time(100)) == true)
        #expect(limiter.admit(at: self.time(100)) == false)
        #expect((0..<20).count { _ in limiter.admit(at: self.time(5000)) } == 10)
    }

    @Test("never more than limit plus burst in any time", arguments: 0..<UInt64(30))
    func bound(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let limit = UInt32.random(in: 1...500, using: &random)
        var limiter = RateLimiter(limit: limit)
        var now: Int64 = 0
        var admitted = 0
        for _ in 0..<2000 {
            now += Int64.random(in: 0...5, using: &random)
            if limiter.admit(at: self.time(now)) { admitted += 1 }
        }
        #expect(Double(admitted) <= Double(limit) * (1 + Double(now) / 1000) + 1)
    }

    @Test("the total comes first, overrides replace the limit per identity")
    func order() {
        var limits = RequestLimits(total: 4, identity: 1, overrides: [(limit: 2, identities: ["a", "b"])])
        let now = self.time(0)
        #expect(limits.refuse("c", at: now) == nil)
        #expect(limits.refuse("c", at: now) == .identity(1))
        #expect(limits.refuse("a", at: now) == nil)
        #expect(limits.refuse("b", at: now) == nil)
        #expect(limits.refuse("a", at: now) == .total(4), "refused requests counted in the total as well")
        #expect(limits.refuse(nil, at: self.time(5000)) == nil)
        #expect(limits.refuse(nil, at: self.time(5000)) == .identity(1), "clients without identity share a bucket")
    }

    @Test("19.1 three clients at 20 requests a second for half a minute")
    func localRateLimit() {
        var limits = RequestLimits(total: 70, identity: 5, overrides: [(limit: 10, identities: ["meshed-id-1"])])
        var refused: [ByteString?: Int] = [:]
        for tick in 0..<Int64(600) {
            for (offset, client) in [ByteString("meshed-regular"), "meshed-id-1", nil].enumerated() {
                if limits.refuse(client, at: self.time(tick * 50 + Int64(offset))) != nil {
                    refused[client, default: 0] += 1
                }
            }
        }
        func share(_ client: ByteString?) -> Int { (refused[client] ?? 0) * 100 / 600 }
        #expect((70...80).contains(share("meshed-regular")))
        #expect((45...55).contains(share("meshed-id-1")))
        #expect((70...80).contains(share(nil)))
    }

    @Test("an override is shared by its clients")
    func shared() {
        var limits = RequestLimits(total: nil, identity: 100, overrides: [(limit: 1, identities: ["a", "b"])])
        #expect(limits.refuse("a", at: self.time(0)) == nil)
        #expect(limits.refuse("b", at: self.time(0)) == .override(1))
    }

    @Test("made-up identities do not grow the buckets without end")
    func capped() {
        var limits = RequestLimits(total: nil, identity: 1)
        for index in 0..<RequestLimits.identitiesMax {
            _ = limits.refuse(ByteString("client-\(index)"), at: self.time(0))
        }
        #expect(limits.refuse("late", at: self.time(0)) == nil, "the shared bucket admits one")
        #expect(limits.refuse("later", at: self.time(0)) == .identity(1))
        #expect(limits.refuse("later", at: self.time(2000)) == nil, "idle buckets make room")
    }

    @Test("retries stay within their share of requests")
    func budget() {
        var tokens = RetryTokens(ratio: 0.5, minPerSecond: 0, ttl: .seconds(10), now: self.time(0))
        #expect(tokens.withdraw(at: self.time(0)) == false)
        for _ in 0..<10 { tokens.deposit(at: self.time(1)) }
        #expect((0..<10).count { _ in tokens.withdraw(at: self.time(2)) } == 5)
        for _ in 0..<10 { tokens.deposit(at: self.time(3)) }
        #expect(tokens.withdraw(at: self.time(20_000)) == false, "deposits expire")
        var income = RetryTokens(ratio: 0, minPerSecond: 1, ttl: .seconds(10), now: self.time(0))
        #expect((0..<20).count { _ in income.withdraw(at: self.time(1)) } == 10)
    }
}
