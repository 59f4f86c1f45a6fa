import CoreMetrics
import Synchronization

/// One time series: a counter, a gauge or a histogram.
final class MetricSeries: CounterHandler, MeterHandler, RecorderHandler, TimerHandler, Sendable {
    /// The types of the Prometheus text format that we use.
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    private struct State {
        var value = 0.0
        var count: UInt64 = 0
        var buckets: [UInt64]
    }

    let kind: Kind
    private let bounds: [Double]
    private let state: Mutex<State>

    init(kind: Kind, bounds: [Double]) {
        self.kind = kind
        self.bounds = kind == .histogram ? bounds : []
        self.state = Mutex(State(buckets: Array(repeating: 0, count: self.bounds.count)))
    }

    func increment(by amount: Int64) { self.state.withLock { $0.value += Double(amount) } }
    func reset() { self.state.withLock { $0.value = 0 } }

    func set(_ value: Int64) { self.set(Double(value)) }
    func set(_ value: Double) { self.state.withLock { $0.value = value } }
    func increment(by amount: Double) { self.state.withLock { $0.value += amount } }
    func decrement(by amount: Double) { self.state.withLock { $0.value -= amount } }

    func record(_ value: Int64) { self.record(Double(value)) }
    func record(_ value: Double) {
        guard self.kind == .histogram else { return self.set(value) }
        self.state.withLock { state in
            state.value += value
            state.count += 1
            if let index = self.bounds.firstIndex(where: { value <= $0 }) { state.buckets[index] += 1 }
        }
    }

    func recordNanoseconds(_ duration: Int64) { self.record(Double(duration) / 1_000_000_000) }

    /// Appends the lines of this series; `labels` is already escaped.
    func render(name: String, labels: String, into text: inout String) {
        let state = self.state.withLock { $0 }
        let braces = labels.isEmpty ? "" : "{\(labels)}"
        guard self.kind == .histogram else {
            text += "\(name)\(braces) \(Self.number(state.value))\n"
            return
        }
        let prefix = labels.isEmpty ? "" : "\(labels),"
        var below: UInt64 = 0
        for (bound, count) in zip(self.bounds, state.buckets) {
            below += count
            text += "\(name)_bucket{\(prefix)le=\"\(Self.number(bound))\"} \(below)\n"
        }
        text += "\(name)_bucket{\(prefix)le=\"+Inf\"} \(state.count)\n"
        text += "\(name)_sum\(braces) \(Self.number(state.value))\n"
        text += "\(name)_count\(braces) \(state.count)\n"
    }

    private static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }
}
