import MeshControl
import MeshModel
import MeshResources
import Testing

@Suite struct StatusTests {
    private let early = Timestamp(seconds: 100)
    private let late = Timestamp(seconds: 200)

    @Test("the transition time changes only with the status")
    func transitionTime() {
        let accepted = Condition(type: "Accepted", status: .true, reason: "Accepted", message: "")
        var conditions: [Condition] = [].setting(accepted, at: self.early)
        #expect(conditions[type: "Accepted"]?.lastTransitionTime == self.early)
        var reworded = accepted
        reworded.message = "still"
        conditions = conditions.setting(reworded, at: self.late)
        #expect(conditions[type: "Accepted"]?.lastTransitionTime == self.early)
        #expect(conditions[type: "Accepted"]?.message == "still")
        let refused = Condition(type: "Accepted", status: .false, reason: "NoMatchingParent", message: "")
        #expect([refused].replacing(conditions, at: self.late)[type: "Accepted"]?.lastTransitionTime == self.late)
        #expect([reworded].replacing(conditions, at: self.late) == conditions)
    }

    private let subject = EventAggregator.Subject(
        regarding: ObjectReference(kind: "Pod", namespace: "a", name: "b"), reason: "R", action: "A", type: .warning,
        note: "n")

    private func time(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    @Test("repetitions become one event with a rising count, written now and then")
    func aggregates() {
        var aggregator = EventAggregator(window: .seconds(60), interval: .seconds(10))
        #expect(aggregator.reported(self.subject, at: self.time(0)) == .create)
        aggregator.created(self.subject, name: "e")
        #expect(aggregator.reported(self.subject, at: self.time(1)) == .hold)
        #expect(aggregator.reported(self.subject, at: self.time(11)) == .update(name: "e", count: 3))
        #expect(aggregator.reported(self.subject, at: self.time(12)) == .hold)
        #expect(aggregator.reported(self.subject, at: self.time(100)) == .create)
    }

    @Test("an object that has changed meanwhile is still the same object")
    func otherVersions() {
        var aggregator = EventAggregator(window: .seconds(60), interval: .seconds(10))
        var report = self.subject
        for version in 0..<3 {
            report.regarding.resourceVersion = "\(version)"
            let expected: EventAggregator.Decision = version == 0 ? .create : .update(name: "e", count: version + 1)
            #expect(aggregator.reported(report, at: self.time(Int64(version) * 20)) == expected)
            aggregator.created(report, name: "e")
        }
    }

    @Test("a count that was held back is due after the interval, once")
    func heldCounts() {
        var aggregator = EventAggregator(interval: .seconds(10))
        #expect(aggregator.reported(self.subject, at: self.time(0)) == .create)
        #expect(aggregator.due(at: self.time(20)).isEmpty)
        aggregator.created(self.subject, name: "e")
        for second in 1..<5 { #expect(aggregator.reported(self.subject, at: self.time(Int64(second))) == .hold) }
        #expect(aggregator.due(at: self.time(9)).isEmpty)
        #expect(aggregator.due(at: self.time(10)).map(\.decision) == [.update(name: "e", count: 5)])
        #expect(aggregator.due(at: self.time(30)).isEmpty)
    }

    @Test("an event that was not written is tried again; the memory is bounded")
    func losses() {
        var aggregator = EventAggregator(seriesMax: 2)
        _ = aggregator.reported(self.subject, at: self.time(0))
        aggregator.lost(self.subject)
        #expect(aggregator.reported(self.subject, at: self.time(1)) == .create)
        for index in 0..<3 {
            var other = self.subject
            other.reason = "R\(index)"
            #expect(aggregator.reported(other, at: self.time(2 + Int64(index))) == .create)
        }
        #expect(aggregator.reported(self.subject, at: self.time(9)) == .create)
    }

    @Test("a note is cut at the API's limit")
    func longNote() {
        let subject = EventAggregator.Subject(
            regarding: ObjectReference(), reason: "R", action: "A", type: .normal,
            note: String(repeating: "é", count: 2000))
        #expect(subject.note.utf8.count <= 1024)
    }
}
