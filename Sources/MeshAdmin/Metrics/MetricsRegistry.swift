public import CoreMetrics
import Synchronization

/// A metrics backend that keeps every series in memory and renders them in Prometheus' text format.
///
/// Labels written `.` or `-` become `_`. The number of series is bounded: beyond ``seriesLimit`` new ones are
/// counted as dropped and not kept, so a runaway label cannot exhaust the memory.
public final class MetricsRegistry: MetricsFactory, Sendable {
    struct SeriesKey: Hashable {
        let name: String
        let labels: String
    }

    private let series: Mutex<[SeriesKey: MetricSeries]>
    /// Takes what belongs to series beyond the limit; never rendered.
    private let discarded = MetricSeries(kind: .counter, bounds: [])
    private let dropped = MetricSeries(kind: .counter, bounds: [])

    /// No more series than this are kept.
    public let seriesLimit: Int

    /// Upper bounds of the buckets of timers, in seconds.
    public static let durationBounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// An empty registry.
    public init(seriesLimit: Int = 10_000) {
        self.series = Mutex([:])
        self.seriesLimit = seriesLimit
    }

    /// A counter; its name should end in `_total`.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        self.find(label, dimensions, .counter, bounds: [])
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        self.find(label, dimensions, .gauge, bounds: [])
    }

    /// A histogram when `aggregate`, otherwise a gauge.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        self.find(label, dimensions, aggregate ? .histogram : .gauge, bounds: Self.durationBounds)
    }

    /// A histogram of seconds; its name should end in `_seconds`.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        self.find(label, dimensions, .histogram, bounds: Self.durationBounds)
    }

    /// Keeps the series: a scrape must still see what a short-lived part counted.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Removes the series, so that a gauge of something gone is not reported for ever.
    public func destroyMeter(_ handler: any MeterHandler) { self.remove(handler as? MetricSeries) }
    /// Keeps the series.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Keeps the series.
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// All series, grouped by name, in the Prometheus text format 0.0.4.
    public func render() -> String {
        let series = self.series.withLock { $0 }
        var text = ""
        var last = ""
        for (key, value) in series.sorted(by: { ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels) }) {
            if key.name != last {
                text += "# TYPE \(key.name) \(value.kind.rawValue)\n"
                last = key.name
            }
            value.render(name: key.name, labels: key.labels, into: &text)
        }
        text += "# TYPE heddle_metric_series_dropped_total counter\n"
        self.dropped.render(name: "heddle_metric_series_dropped_total", labels: "", into: &text)
        return text
    }

    private func find(
        _ label: String, _ dimensions: [(String, String)], _ kind: MetricSeries.Kind, bounds: [Double]
    ) -> MetricSeries {
        let key = SeriesKey(name: Self.sanitised(label), labels: Self.rendered(dimensions))
        return self.series.withLock { series in
            if let existing = series[key] { return existing }
            guard series.count < self.seriesLimit else {
                self.dropped.increment(by: 1.0)
                return self.discarded
            }
            let fresh = MetricSeries(kind: kind, bounds: bounds)
            series[key] = fresh
            return fresh
        }
    }

    private func remove(_ handler: MetricSeries?) {
        guard let handler else { return }
        self.series.withLock { series in
            for (key, value) in series where value === handler { series[key] = nil }
        }
    }

    private static func sanitised(_ name: String) -> String {
        String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" || $0 == ":" ? $0 : "_" })
    }

    private static func rendered(_ dimensions: [(String, String)]) -> String {
        dimensions.sorted { $0.0 < $1.0 }
            .map { "\(self.sanitised($0.0))=\"\(self.escaped($0.1))\"" }
            .joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        var result = ""
        for character in value {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.append(character)
            }
        }
        return result
    }
}
