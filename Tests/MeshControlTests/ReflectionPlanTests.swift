import MeshControl
import MeshModel
import MeshTestKit
import Testing

@Suite struct ReflectionPlanTests {
    private var random = SplitMix64(seed: 1)
    private let backoff = Backoff(minimum: .seconds(1), maximum: .seconds(30), jitter: 0.2)

    @Test("it lists, then watches on from the last version that it saw")
    mutating func normalCourse() {
        var plan = ReflectionPlan(backoff: self.backoff)
        #expect(plan.next() == .list(isWhole: false))
        plan.listed(at: "10")
        #expect(plan.next() == .watch(from: "10"))
        plan.saw("12")
        plan.saw("")
        plan.watchEnded(after: .seconds(300), wasSilent: false, using: &self.random)
        #expect(plan.next() == .watch(from: "12"))
    }

    @Test("a list is streamed through a watch; one that is refused is asked for plainly at once, and ever after")
    mutating func watchList() {
        var plan = ReflectionPlan(backoff: self.backoff, usesWatchList: true)
        #expect(plan.next() == .watchList)
        plan.listed(at: "10")
        plan.watchFailed(.expired, after: .seconds(1), using: &self.random)
        #expect(plan.next() == .watchList)
        plan.watchListFailed(.other(retryAfter: nil), isRefusal: true, using: &self.random)
        #expect(plan.next() == .list(isWhole: false))
        plan.listed(at: "11")
        plan.watchFailed(.expired, after: .seconds(60), using: &self.random)
        #expect(plan.next() == .list(isWhole: false))
    }

    @Test("streams that break off twice are given up for one list")
    mutating func brokenWatchList() {
        var plan = ReflectionPlan(backoff: self.backoff, usesWatchList: true)
        for _ in 0..<2 {
            #expect(plan.next() == .watchList)
            plan.watchListFailed(.other(retryAfter: nil), isRefusal: false, using: &self.random)
            guard case .wait = plan.next() else {
                Issue.record("no pause")
                return
            }
        }
        #expect(plan.next() == .list(isWhole: false))
        plan.listed(at: "11")
        plan.watchFailed(.expired, after: .seconds(60), using: &self.random)
        #expect(plan.next() == .watchList)
    }

    @Test("a broken watch resumes after a pause, without a list")
    mutating func brokenWatch() throws {
        var plan = ReflectionPlan(backoff: self.backoff)
        plan.listed(at: "10")
        plan.watchFailed(.other(retryAfter: nil), after: .seconds(1), using: &self.random)
        guard case .wait(let pause) = plan.next() else {
            Issue.record("no pause")
            return
        }
        #expect(pause > .zero && pause <= .seconds(2))
        #expect(plan.next() == .verify("10"))
        plan.verified(serverVersion: "11")
        #expect(plan.next() == .watch(from: "10"))
    }

    @Test("a server that went back is listed again", arguments: ["9", "", "x"])
    func wentBack(version: String) {
        var random = SplitMix64(seed: 1)
        var plan = ReflectionPlan(backoff: self.backoff)
        plan.listed(at: "10")
        plan.watchFailed(.other(retryAfter: nil), after: .seconds(1), using: &random)
        _ = plan.next()
        plan.verified(serverVersion: version)
        #expect(plan.next() == .list(isWhole: false))
    }

    @Test("an outage is followed by a list")
    mutating func outage() {
        var plan = ReflectionPlan(backoff: self.backoff)
        plan.listed(at: "10")
        plan.watchFailed(.other(retryAfter: nil), after: .seconds(1), using: &self.random)
        _ = plan.next()
        plan.verificationFailed(.outage, using: &self.random)
        _ = plan.next()
        #expect(plan.next() == .list(isWhole: false))
    }

    @Test("an expired version is listed again at once, and after a pause when it repeats")
    mutating func expired() {
        var plan = ReflectionPlan(backoff: self.backoff)
        plan.listed(at: "10")
        plan.watchFailed(.expired, after: .zero, using: &self.random)
        #expect(plan.next() == .list(isWhole: false))
        plan.listed(at: "10")
        plan.watchFailed(.expired, after: .zero, using: &self.random)
        guard case .wait = plan.next() else {
            Issue.record("it spins")
            return
        }
        #expect(plan.next() == .list(isWhole: false))
    }

    @Test("a page that expired makes the next list one answer")
    mutating func expiredPage() {
        var plan = ReflectionPlan(backoff: self.backoff)
        plan.listFailed(.expired, using: &self.random)
        _ = plan.next()
        #expect(plan.next() == .list(isWhole: true))
        plan.listed(at: "3")
        #expect(plan.next() == .watch(from: "3"))
    }

    @Test("the server's wish for a pause is a lower bound")
    mutating func retryAfter() {
        var plan = ReflectionPlan(backoff: self.backoff)
        plan.listFailed(.other(retryAfter: .seconds(60)), using: &self.random)
        #expect(plan.next() == .wait(.seconds(60)))
    }

    @Test("pauses grow to the maximum, never beyond, and are never nothing", arguments: 0..<UInt64(50))
    func pauses(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var plan = ReflectionPlan(backoff: self.backoff)
        for _ in 0..<20 {
            plan.listFailed(.other(retryAfter: nil), using: &random)
            guard case .wait(let pause) = plan.next() else {
                Issue.record("no pause")
                return
            }
            #expect(pause >= .milliseconds(100) && pause <= .seconds(30))
        }
    }

    @Test("a watch that said nothing is followed by a look at the server's version")
    mutating func silentWatch() {
        var plan = ReflectionPlan(backoff: self.backoff)
        plan.listed(at: "10")
        plan.watchEnded(after: .seconds(300), wasSilent: true, using: &self.random)
        #expect(plan.next() == .verify("10"))
    }

    @Test("a watch that ends at once every time does not spin")
    mutating func shortWatch() {
        var plan = ReflectionPlan(backoff: self.backoff)
        plan.listed(at: "1")
        plan.watchEnded(after: .milliseconds(1), wasSilent: false, using: &self.random)
        guard case .wait = plan.next() else {
            Issue.record("it spins")
            return
        }
    }
}
