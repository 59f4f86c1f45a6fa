import MeshControl
import MeshModel
import MeshTestKit
import Testing

@Suite struct WorkQueueTests {
    private var random = SplitMix64(seed: 1)
    private var queue = WorkQueue<String>(
        backoff: Backoff(minimum: .seconds(1), maximum: .seconds(8), jitter: 0))

    private func time(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }

    @Test("a key that waits is not added twice, and keys come in order")
    mutating func deduplicates() {
        for key in ["a", "b", "a"] { self.queue.add(key) }
        #expect(self.queue.next(at: self.time(0)) == .work("a"))
        #expect(self.queue.next(at: self.time(0)) == .work("b"))
        #expect(self.queue.next(at: self.time(0)) == .empty)
    }

    @Test("a key that is added while it is worked on comes back afterwards, not before")
    mutating func dirty() {
        self.queue.add("a")
        _ = self.queue.next(at: self.time(0))
        self.queue.add("a")
        #expect(self.queue.next(at: self.time(0)) == .empty)
        self.queue.finished("a", .done, at: self.time(1), using: &self.random)
        #expect(self.queue.next(at: self.time(1)) == .work("a"))
    }

    @Test("failures wait longer and longer, success forgets them")
    mutating func failures() {
        var now = 0.0
        for pause in [1.0, 2, 4, 8, 8] {
            self.queue.add("a")
            #expect(self.queue.next(at: self.time(now)) == .work("a"))
            self.queue.finished("a", .failed, at: self.time(now), using: &self.random)
            #expect(self.queue.next(at: self.time(now)) == .idle(until: self.time(now + pause)))
            now += pause
            #expect(self.queue.next(at: self.time(now)) == .work("a"))
            self.queue.finished("a", .done, at: self.time(now), using: &self.random)
            #expect(self.queue.failureCount(of: "a") == 0)
            for _ in 0..<Int([1.0, 2, 4, 8, 8].firstIndex(of: pause) ?? 0) + 1 {
                self.queue.add("a")
                _ = self.queue.next(at: self.time(now))
                self.queue.finished("a", .failed, at: self.time(now), using: &self.random)
            }
        }
    }

    @Test("an abandoned key does not come back by itself; a change brings it back at once")
    mutating func abandoned() {
        self.queue.add("a")
        _ = self.queue.next(at: self.time(0))
        self.queue.finished("a", .abandoned, at: self.time(0), using: &self.random)
        #expect(self.queue.next(at: self.time(100)) == .empty)
        self.queue.add("a")
        #expect(self.queue.next(at: self.time(100)) == .work("a"))
    }

    @Test("a change does not wait for the pause of a failure")
    mutating func changeBeatsPause() {
        self.queue.add("a")
        _ = self.queue.next(at: self.time(0))
        self.queue.finished("a", .again(after: .seconds(60)), at: self.time(0), using: &self.random)
        self.queue.add("a")
        #expect(self.queue.next(at: self.time(1)) == .work("a"))
        self.queue.finished("a", .done, at: self.time(1), using: &self.random)
        #expect(self.queue.next(at: self.time(100)) == .empty)
    }

    @Test("no more keys start in a second than the rate allows")
    mutating func rate() {
        self.queue = WorkQueue(
            backoff: Backoff(minimum: .seconds(1), maximum: .seconds(8), jitter: 0),
            rate: .init(perSecond: 2, burst: 3))
        for key in ["a", "b", "c", "d", "e"] { self.queue.add(key) }
        for key in ["a", "b", "c"] { #expect(self.queue.next(at: self.time(0)) == .work(key)) }
        guard case .idle(let until) = self.queue.next(at: self.time(0)) else {
            Issue.record("the rate is not kept")
            return
        }
        #expect(until <= self.time(0.6))
        #expect(self.queue.next(at: until) == .work("d"))
    }

    @Test("a key is never handed out twice at a time, and no change is lost", arguments: 0..<UInt64(200))
    func property(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var queue = WorkQueue<Int>(backoff: Backoff(minimum: .seconds(1), maximum: .seconds(8), jitter: 0.5))
        var working: [Int] = []
        var unseen: Set<Int> = []
        var now = MonotonicTime(nanoseconds: 0)
        for _ in 0..<200 {
            now = now.advanced(by: .milliseconds(Int.random(in: 0..<500, using: &random)))
            switch UInt8.random(in: 0..<3, using: &random) {
            case 0:
                let key = Int.random(in: 0..<5, using: &random)
                queue.add(key)
                unseen.insert(key)
            case 1:
                if case .work(let key) = queue.next(at: now) {
                    #expect(!working.contains(key))
                    working.append(key)
                    unseen.remove(key)
                }
            default:
                guard let key = working.popLast() else { continue }
                let results: [WorkQueue<Int>.Result] = [.done, .failed, .abandoned, .again(after: .seconds(1))]
                queue.finished(key, results.randomElement(using: &random) ?? .done, at: now, using: &random)
            }
        }
        for key in working { queue.finished(key, .done, at: now, using: &random) }
        while case .work(let key) = queue.next(at: now) {
            unseen.remove(key)
            queue.finished(key, .done, at: now, using: &random)
        }
        #expect(unseen.isEmpty)
    }
}
