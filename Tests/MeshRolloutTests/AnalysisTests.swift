import MeshRollout
import Testing

@Suite struct AnalysisTests {
    static let page = """
        # HELP response_total Total responses
        response_total{direction="inbound",classification="success",status_code="200"} 90
        response_total{direction="inbound",classification="failure",status_code="500"} 10
        response_total{direction="outbound",classification="failure"} 7
        response_latency_ms_bucket{direction="inbound",le="10"} 50
        response_latency_ms_bucket{direction="inbound",le="20"} 90
        response_latency_ms_bucket{direction="inbound",le="+Inf"} 100
        odd{a="x\\"y,}z"} 1
        """

    @Test("totals are read from a proxy's page")
    func totals() {
        let samples = MetricPage.samples(in: Self.page) { $0.hasPrefix("response_") }
        let totals = TrafficTotals(of: samples)
        #expect(totals.successes == 90)
        #expect(totals.failures == 10)
        #expect(totals.successRate == 90)
        #expect(totals.latency(quantile: 0.7) == 15)
        #expect(totals.latency(quantile: 0.99) == 20)
    }

    @Test("labels may hold quotes and braces")
    func escapes() {
        let samples = MetricPage.samples(in: Self.page) { $0 == "odd" }
        #expect(samples == [MetricSample(name: "odd", labels: ["a": "x\"y,}z"], value: 1)])
    }

    @Test("a window is the difference of two readings, also across a restart")
    func windows() {
        let before = TrafficTotals(successes: 100, failures: 5, latencies: [.infinity: 105])
        let after = TrafficTotals(successes: 130, failures: 2, latencies: [.infinity: 132])
        #expect(after.since(before) == TrafficTotals(successes: 30, failures: 2, latencies: [.infinity: 27]))
    }

    @Test(
        "a check judges by its bounds",
        arguments: [
            (99.5, RolloutAnswer.passed), (98.0, .failed("rate 98 is below 99")),
            (nil, .inconclusive("no traffic to measure rate with")),
        ] as [(Double?, RolloutAnswer)])
    func judgement(value: Double?, expected: RolloutAnswer) {
        #expect(MetricCheck(name: "rate", source: .successRate, minimum: 99, maximum: nil).judge(value) == expected)
    }
}
