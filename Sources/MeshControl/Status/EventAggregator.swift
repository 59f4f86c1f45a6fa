public import MeshModel
public import MeshResources

/// Folds repetitions of an event into one with a rising count.
///
/// Equal reports within `window` of the last one are one series; the number of series that are remembered is bounded,
/// the oldest is forgotten first. Pure: the caller writes what it decides.
public struct EventAggregator: Sendable {
    /// What makes two reports repetitions of each other.
    public struct Subject: Hashable, Sendable {
        /// The object.
        public var regarding: ObjectReference
        /// Why, in one word.
        public var reason: String
        /// What was done.
        public var action: String
        /// Whether somebody should worry.
        public var type: EventType
        /// A sentence.
        public var note: String

        /// Something about `regarding`; the note is cut at the API's 1024 bytes.
        public init(regarding: ObjectReference, reason: String, action: String, type: EventType, note: String) {
            self.regarding = regarding
            self.reason = reason
            self.action = action
            self.type = type
            self.note = Self.cut(note)
        }

        private static func cut(_ text: String) -> String {
            guard text.utf8.count > 1024 else { return text }
            var cut = ""
            for character in text where cut.utf8.count + character.utf8.count <= 1021 { cut.append(character) }
            return cut + "…"
        }

        /// The subject whatever version of its object is told of.
        fileprivate var series: Subject {
            var series = self
            series.regarding.resourceVersion = nil
            return series
        }
    }

    /// What to write.
    public enum Decision: Hashable, Sendable {
        /// A new event.
        case create
        /// The event of this name happened `count` times in all.
        case update(name: String, count: Int)
        /// Nothing; a repetition was told a moment ago, and the count is written with a later one.
        case hold
    }

    private struct Series {
        var name: String?
        var count: Int
        var last: MonotonicTime
        var written: MonotonicTime
        /// The count that was written last.
        var told = 1
    }

    private let window: Duration
    private let interval: Duration
    private let seriesMax: Int
    private var series: [Subject: Series] = [:]

    /// Remembers at most `seriesMax` series; each is written at most once in `interval`.
    public init(window: Duration = .seconds(600), interval: Duration = .seconds(10), seriesMax: Int = 4096) {
        self.window = window
        self.interval = interval
        self.seriesMax = seriesMax
    }

    /// Something happened.
    public mutating func reported(_ report: Subject, at now: MonotonicTime) -> Decision {
        let subject = report.series
        guard var known = self.series[subject], now < known.last.advanced(by: self.window) else {
            self.makeRoom()
            self.series[subject] = Series(name: nil, count: 1, last: now, written: now)
            return .create
        }
        known.count += 1
        known.last = now
        defer { self.series[subject] = known }
        guard let name = known.name, now >= known.written.advanced(by: self.interval) else { return .hold }
        known.written = now
        known.told = known.count
        return .update(name: name, count: known.count)
    }

    /// The counts that were held back and may be written now, oldest first.
    public mutating func due(at now: MonotonicTime) -> [(subject: Subject, decision: Decision)] {
        let waiting = self.series.filter {
            $0.value.told < $0.value.count && now >= $0.value.written.advanced(by: self.interval)
        }
        var due: [(subject: Subject, decision: Decision)] = []
        for (subject, known) in waiting.sorted(by: { $0.value.written < $1.value.written }) {
            guard let name = known.name else { continue }
            self.series[subject]?.written = now
            self.series[subject]?.told = known.count
            due.append((subject, .update(name: name, count: known.count)))
        }
        return due
    }

    /// The event of `subject` was written under `name`.
    public mutating func created(_ subject: Subject, name: String) {
        self.series[subject.series]?.name = name
    }

    /// The event of `subject` could not be written, or is gone: the next report starts a new one.
    public mutating func lost(_ subject: Subject) { self.series.removeValue(forKey: subject.series) }

    private mutating func makeRoom() {
        guard self.series.count >= self.seriesMax else { return }
        guard let oldest = self.series.min(by: { $0.value.last < $1.value.last })?.key else { return }
        self.series.removeValue(forKey: oldest)
    }
}
