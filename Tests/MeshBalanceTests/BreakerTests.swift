import MeshBalance
import MeshModel
import MeshTestKit
import Testing

@Suite struct BreakerTests {
    private let backoff = Backoff(minimum: .seconds(1), maximum: .seconds(4), jitter: 0)

    private func time(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }

    private func breaker(_ maxFailures: UInt32, rate: Breaker.RateRule? = nil) -> Breaker {
        Breaker(maxFailures: maxFailures, backoff: self.backoff, rate: rate, now: self.time(0))
    }

    @Test("failures in a row shut it; a success in between starts over")
    func consecutive() {
        var random = SplitMix64(seed: 1)
        var breaker = self.breaker(3)
        for grade in [Breaker.Grade.failure, .failure, .success, .failure, .failure] {
            breaker.graded(grade, at: self.time(0), using: &random)
        }
        #expect(breaker.isReady(at: self.time(0)))
        breaker.graded(.failure, at: self.time(0), using: &random)
        #expect(!breaker.isReady(at: self.time(0.9)))
        #expect(breaker.retryTime == self.time(1))
    }

    @Test("30.17 of ten requests to an endpoint that always fails five reach it, the rest are refused")
    func alwaysFailing() {
        var random = SplitMix64(seed: 5)
        let backoff = Backoff(minimum: .seconds(300), maximum: .seconds(600), jitter: 0.5)
        var breaker = Breaker(maxFailures: 5, backoff: backoff, rate: nil, now: self.time(0))
        var admitted: [Bool] = []
        for request in 0..<10 {
            let now = self.time(Double(request))
            let isAdmitted = breaker.isReady(at: now) && breaker.admit(at: now)
            admitted.append(isAdmitted)
            if isAdmitted { breaker.graded(.failure, at: now, using: &random) }
        }
        #expect(admitted == Array(repeating: true, count: 5) + Array(repeating: false, count: 5))
    }

    @Test("one request is on probation; success opens, failure doubles the wait")
    func probation() {
        var random = SplitMix64(seed: 2)
        var breaker = self.breaker(1)
        breaker.graded(.failure, at: self.time(0), using: &random)
        breaker.graded(.success, at: self.time(0.5), using: &random)
        #expect(!breaker.isReady(at: self.time(0.5)), "answers while shut change nothing")
        #expect(breaker.admit(at: self.time(1)) == true)
        #expect(breaker.admit(at: self.time(1)) == false)
        breaker.graded(.failure, at: self.time(1), using: &random)
        #expect(breaker.admit(at: self.time(2.9)) == false)
        #expect(breaker.admit(at: self.time(3)) == true)
        breaker.graded(.success, at: self.time(3), using: &random)
        #expect(breaker.admit(at: self.time(3)) == true)
        #expect(breaker.admit(at: self.time(3)) == true)
        breaker.graded(.failure, at: self.time(4), using: &random)
        #expect(breaker.retryTime == self.time(5), "the schedule starts over")
    }

    @Test("a probation that comes to nothing is given again")
    func abandoned() {
        var random = SplitMix64(seed: 3)
        var breaker = self.breaker(1)
        breaker.graded(.failure, at: self.time(0), using: &random)
        #expect(breaker.admit(at: self.time(1)) == true)
        breaker.abandoned()
        #expect(breaker.admit(at: self.time(1)) == true)
    }

    @Test("a low success rate shuts it once there are enough answers")
    func rate() {
        var random = SplitMix64(seed: 4)
        let rule = Breaker.RateRule(threshold: 0.8, window: .seconds(10), minRequests: 5)
        var breaker = self.breaker(0, rate: rule)
        for grade in [Breaker.Grade.failure, .success, .limited, .success] {
            breaker.graded(grade, at: self.time(0), using: &random)
        }
        #expect(breaker.isReady(at: self.time(0)))
        breaker.graded(.success, at: self.time(0), using: &random)
        #expect(!breaker.isReady(at: self.time(0)))
        var old = self.breaker(0, rate: rule)
        for _ in 0..<4 { old.graded(.failure, at: self.time(0), using: &random) }
        for _ in 0..<5 { old.graded(.success, at: self.time(20), using: &random) }
        #expect(old.isReady(at: self.time(20)), "what is older than the window does not count")
    }
}
