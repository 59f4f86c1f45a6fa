import MeshControl
import MeshModel
import MeshResources
import MeshTestKit
import Testing

@Suite struct LeaderElectionTests {
    private let wall = Timestamp(seconds: 1_000_000)

    private func time(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }

    /// The spec that a decision writes.
    private func spec(_ decision: LeaderElection.Decision) throws -> LeaseSpec {
        switch decision {
        case .create(let spec), .update(let spec): return spec
        case .follow: throw Stop()
        }
    }

    private struct Stop: Error {}

    @Test("the first candidate creates the lease and leads until its renew deadline")
    func first() throws {
        var one = LeaderElection(identity: "one")
        let decision = one.read(nil, at: self.time(0), wallTime: self.wall)
        #expect(!one.isLeader(at: self.time(0)))
        one.wrote(try self.spec(decision), startedAt: self.time(0))
        #expect(one.isLeader(at: self.time(9.9)))
        #expect(!one.isLeader(at: self.time(10)))
    }

    @Test("another waits a whole lease duration by its own clock since the record last changed")
    func takeOver() throws {
        var one = LeaderElection(identity: "one")
        var two = LeaderElection(identity: "two")
        let record = try self.spec(one.read(nil, at: self.time(0), wallTime: self.wall))
        #expect(two.read(record, at: self.time(5), wallTime: self.wall) == .follow(holder: "one"))
        #expect(two.read(record, at: self.time(19.9), wallTime: self.wall) == .follow(holder: "one"))
        var renewed = record
        renewed.renewTime = MicroTime(self.wall.advanced(by: .seconds(2)))
        #expect(two.read(renewed, at: self.time(20), wallTime: self.wall) == .follow(holder: "one"))
        #expect(two.read(renewed, at: self.time(34.9), wallTime: self.wall) == .follow(holder: "one"))
        let taken = try self.spec(two.read(renewed, at: self.time(35), wallTime: self.wall))
        #expect(taken.holderIdentity == "two")
        #expect(taken.leaseTransitions == 1)
    }

    @Test("a longer promise of the holder is respected")
    func longerPromise() {
        var two = LeaderElection(identity: "two")
        let record = LeaseSpec(holderIdentity: "one", leaseDurationSeconds: 60)
        _ = two.read(record, at: self.time(0), wallTime: self.wall)
        #expect(two.read(record, at: self.time(59), wallTime: self.wall) == .follow(holder: "one"))
    }

    @Test("renewing keeps the time of acquisition; a released lease is free at once")
    func renewAndRelease() throws {
        var one = LeaderElection(identity: "one")
        var two = LeaderElection(identity: "two")
        let record = try self.spec(one.read(nil, at: self.time(0), wallTime: self.wall))
        one.wrote(record, startedAt: self.time(0))
        let later = self.wall.advanced(by: .seconds(2))
        let renewed = try self.spec(one.read(record, at: self.time(2), wallTime: later))
        #expect(renewed.acquireTime == record.acquireTime)
        #expect(renewed.renewTime?.timestamp == later)
        one.wrote(renewed, startedAt: self.time(2))
        let release = one.release(wallTime: later)
        let released = try #require(release)
        #expect(!one.isLeader(at: self.time(2)))
        let taken = try self.spec(two.read(released, at: self.time(3), wallTime: later))
        #expect(taken.holderIdentity == "two")
    }

    @Test("a leader that sees another holder stops at once")
    func deposed() throws {
        var one = LeaderElection(identity: "one")
        let record = try self.spec(one.read(nil, at: self.time(0), wallTime: self.wall))
        one.wrote(record, startedAt: self.time(0))
        _ = one.read(LeaseSpec(holderIdentity: "two", leaseDurationSeconds: 15), at: self.time(1), wallTime: self.wall)
        #expect(!one.isLeader(at: self.time(1)))
    }

    /// The Lease as a server keeps it, with optimistic concurrency.
    private struct Cell {
        var spec: LeaseSpec?
        var version = 0
    }

    @Test("never two leaders, whatever is delayed, lost, or paused", arguments: 0..<UInt64(300))
    func neverTwo(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var cell = Cell()
        var candidates = (0..<3).map { LeaderElection(identity: "c\($0)") }
        // A write is under way between the read and its arrival: (decision, version read, start).
        var pending = [(spec: LeaseSpec, version: Int, started: MonotonicTime)?](repeating: nil, count: 3)
        var now = MonotonicTime(nanoseconds: 0)
        var leaders: Set<String> = []
        for _ in 0..<400 {
            now = now.advanced(by: .milliseconds(Int.random(in: 0..<2_000, using: &random)))
            let index = Int.random(in: 0..<3, using: &random)
            if let write = pending[index] {
                pending[index] = nil
                guard Bool.random(using: &random), write.version == cell.version else { continue }
                cell.spec = write.spec
                cell.version += 1
                // The answer may be lost although the write arrived.
                if Bool.random(using: &random) { candidates[index].wrote(write.spec, startedAt: write.started) }
            } else {
                switch candidates[index].read(cell.spec, at: now, wallTime: Timestamp(seconds: now.nanoseconds / 1_000))
                {
                case .follow: break
                case .create(let spec), .update(let spec): pending[index] = (spec, cell.version, now)
                }
            }
            let leading = candidates.filter { $0.isLeader(at: now) }.map(\.identity)
            #expect(leading.count <= 1)
            leaders.formUnion(leading)
        }
        #expect(!leaders.isEmpty)
    }
}
