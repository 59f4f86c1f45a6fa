import MeshModel
import MeshPolicy
import Testing

@testable import MeshProxy

@Suite struct WorkerStatsTests {
    private let target = SocketAddress(.v4(0x0A00_0001), port: 8080)
    private let server = PolicyMetadata.resource(
        ResourceReference(group: "policy.linkerd.io", kind: "server", name: "web"))

    private func text(_ reports: StatsReport...) -> String {
        var metrics = MetricsText()
        metrics.append(reports)
        return metrics.text
    }

    private func inbound(_ authorization: String) -> RequestLabels {
        .inbound(
            target: self.target, tls: .established(client: "web.ns"), server: self.server, route: .implicit("default"),
            authorization: .implicit(authorization), isGRPC: false)
    }

    @Test("inbound requests have the labels that tools read")
    func labels() {
        var stats = WorkerStats()
        let series = stats.request(self.inbound("all"))
        #expect(stats.request(self.inbound("all")) == series)
        stats.requested(series)
        stats.ended(series, Outcome(status: 200), latency: 3_500_000, duration: 4_000_000)
        let text = self.text(stats.report())
        let base = """
            direction="inbound",target_addr="10.0.0.1:8080",target_ip="10.0.0.1",target_port="8080",tls="true",\
            client_id="web.ns",srv_group="policy.linkerd.io",srv_kind="server",srv_name="web",srv_port="8080",\
            route_group="",route_kind="default",route_name="default",authz_group="",authz_kind="default",\
            authz_name="all"
            """
        #expect(text.contains("request_total{\(base)} 1\n"))
        #expect(
            text.contains(
                #"response_total{\#(base),status_code="200",classification="success",grpc_status="",error=""} 1"#))
        #expect(text.contains(#"response_latency_ms_bucket{\#(base),status_code="200",le="3"} 1"#))
        #expect(text.contains(#"response_latency_ms_bucket{\#(base),status_code="200",le="2"} 0"#))
        #expect(text.contains(#"response_latency_ms_bucket{\#(base),status_code="200",le="+Inf"} 1"#))
        #expect(text.contains(#"response_latency_ms_sum{\#(base),status_code="200"} 3"#))
        #expect(text.contains("inbound_http_authz_allow_total{"))
    }

    @Test("outbound requests count per endpoint, route and backend")
    func outbound() {
        var stats = WorkerStats()
        let parent = PolicyMetadata.resource(
            ResourceReference(group: "core", kind: "Service", name: "web", namespace: "ns", port: 80))
        let series = stats.request(
            .outbound(
                target: self.target, authority: "web.ns.svc.cluster.local:80", tls: .established(server: "web.id"),
                labels: ["pod": "web-0", "we\"ird": "a\\b\n"], parent: parent, route: .implicit("http"),
                backend: parent, isGRPC: false))
        stats.requested(series)
        stats.ended(series, Outcome(status: 503), latency: 1, duration: 60_000_000)
        let text = self.text(stats.report())
        #expect(text.contains(#"server_id="web.id",dst_pod="web-0",dst_we_ird="a\\b\n""#))
        #expect(text.contains(#"classification="failure""#))
        #expect(text.contains("outbound_http_route_backend_response_statuses_total{"))
        #expect(text.contains(#"hostname="",http_status="503",error=""} 1"#))
        #expect(text.contains(#"hostname="",le="0.05"} 0"#))
        #expect(text.contains(#"hostname="",le="0.5"} 1"#))
    }

    @Test("workers are summed; a gauge falls again")
    func sums() {
        var one = WorkerStats()
        var two = WorkerStats()
        for _ in 0..<2 {
            let series = one.connection(.acceptedOutbound(target: self.target))
            one.opened(series)
            one.read(10, series)
        }
        let series = two.connection(.acceptedOutbound(target: self.target))
        two.opened(series)
        two.closed(series, errno: 104)
        let text = self.text(one.report(), two.report())
        #expect(text.contains(#"target_port="8080",tls="no_identity",no_tls_reason="loopback"} 3"#))
        #expect(text.contains("tcp_open_connections{"))
        #expect(text.contains(#"errno="ECONNRESET"} 1"#))
        #expect(text.contains("tcp_read_bytes_total{") && text.contains("} 20\n"))
    }

    @Test("made-up labels end up in one series")
    func capped() {
        var stats = WorkerStats()
        for index in 0..<SeriesTable.limit + 500 {
            stats.count(.outboundHTTPError(error: "error-\(index)"))
        }
        let report = stats.report()
        #expect(report.keys.count == SeriesTable.limit + 1)
        #expect(self.text(report).contains(#"outbound_http_errors_total{overflow="true"} 500"#))
    }

    @Test(
        "outcomes are classified as the reference does",
        arguments: [
            (Outcome(status: 200), true), (Outcome(status: 404), true), (Outcome(status: 500), false),
            (Outcome(status: 200, grpcStatus: 0), true), (Outcome(status: 200, grpcStatus: 5), true),
            (Outcome(status: 200, grpcStatus: 13), false), (Outcome(status: 200, grpcStatus: 7), false),
            (Outcome(status: nil, failure: .io), false), (Outcome(status: 200, failure: .reset), false),
            (Outcome(status: 200, grpcStatus: 200), true),
        ])
    func classes(outcome: Outcome, expected: Bool) {
        #expect(outcome.isSuccess == expected)
    }
}
