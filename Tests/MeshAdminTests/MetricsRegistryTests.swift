import MeshAdmin
import Metrics
import Testing

@Suite struct MetricsRegistryTests {
    @Test("counters, gauges and histograms are rendered in the text format")
    func rendering() {
        let registry = MetricsRegistry()
        Counter(label: "pushes_total", dimensions: [("kind", "a\"b\\c\nd")], factory: registry).increment(by: 3)
        Meter(label: "streams", factory: registry).set(2.5)
        Timer(label: "compile_seconds", factory: registry).recordNanoseconds(2_000_000)
        let text = registry.render()
        #expect(text.contains("# TYPE pushes_total counter\npushes_total{kind=\"a\\\"b\\\\c\\nd\"} 3\n"))
        #expect(text.contains("# TYPE streams gauge\nstreams 2.5\n"))
        #expect(text.contains("compile_seconds_bucket{le=\"0.001\"} 0\ncompile_seconds_bucket{le=\"0.0025\"} 1\n"))
        #expect(text.contains("compile_seconds_bucket{le=\"+Inf\"} 1\ncompile_seconds_sum 0.002\n"))
        #expect(text.contains("compile_seconds_count 1\n"))
    }

    @Test("beyond the limit new series are counted as dropped, not kept")
    func limit() {
        let registry = MetricsRegistry(seriesLimit: 2)
        for index in 0..<5 { Counter(label: "c_total", dimensions: [("i", "\(index)")], factory: registry).increment() }
        let text = registry.render()
        #expect(text.contains("c_total{i=\"1\"} 1\n"))
        #expect(!text.contains("c_total{i=\"2\"}"))
        #expect(text.contains("heddle_metric_series_dropped_total 3\n"))
    }
}
