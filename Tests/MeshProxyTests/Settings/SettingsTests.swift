import MeshModel
import MeshPolicy
import Testing

@testable import MeshProxy

@Suite struct SettingsTests {
    /// The least that makes a proxy.
    static let minimal: [String: String] = [
        "LINKERD2_PROXY_DESTINATION_SVC_ADDR": "heddle-controller.heddle.svc.cluster.local.:8086",
        "LINKERD2_PROXY_DESTINATION_SVC_NAME": "controller.id", "LINKERD2_PROXY_POLICY_SVC_ADDR": "localhost.:8090",
        "LINKERD2_PROXY_IDENTITY_SVC_ADDR": "[::1]:8080", "LINKERD2_PROXY_POLICY_WORKLOAD": "ns:pod",
        "LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS": "PEM", "LINKERD2_PROXY_IDENTITY_TOKEN_FILE": "/token",
        "LINKERD2_PROXY_IDENTITY_LOCAL_NAME": "web.ns.id",
    ]

    static func settings(_ changes: [String: String?] = [:]) throws -> Settings {
        var environment = Self.minimal
        for (name, value) in changes { environment["LINKERD2_PROXY_\(name)"] = value }
        return try Settings(environment: environment, processors: 4)
    }

    @Test("defaults are those of the reference")
    func defaults() throws {
        let settings = try Self.settings()
        #expect(settings.workers == 1)
        #expect("\(settings.inboundAddress)" == "0.0.0.0:4143")
        #expect(settings.outboundAddresses.map { "\($0)" } == ["127.0.0.1:4140"])
        #expect("\(settings.adminAddress)" == "127.0.0.1:4191")
        #expect(settings.inbound.connectTimeout == .milliseconds(300))
        #expect(settings.outbound.discoveryIdleTimeout == .seconds(5))
        #expect(settings.defaultPolicy == .allUnauthenticated)
        #expect(settings.shutdownGrace == .seconds(120))
        #expect(settings.destination.host == "heddle-controller.heddle.svc.cluster.local.")
        #expect(settings.destination.identity == "controller.id")
        #expect(settings.policy.identity == nil, "no TLS on this host")
        #expect(settings.certification.host == "::1")
        #expect(!settings.logFilter.admits(.debug) && settings.logFilter.admits(.info))
    }

    @Test("what the injector sets is read")
    func values() throws {
        let settings = try Self.settings([
            "OUTBOUND_LISTEN_ADDRS": "127.0.0.1:4140,[::1]:4140", "INBOUND_PORTS": "80,8080-8082",
            "DESTINATION_PROFILE_NETWORKS": "10.0.0.0/8,fd00::/8", "INBOUND_IPS": "10.1.2.3,fd00::1",
            "CORES_MAX_RATIO": "0.5", "CONTROL_STREAM_INITIAL_TIMEOUT": "3s", "CONTROL_STREAM_IDLE_TIMEOUT": "5m",
            "CONTROL_STREAM_LIFETIME": "1h", "INBOUND_DEFAULT_POLICY": "cluster-authenticated",
            "POLICY_CLUSTER_NETWORKS": "10.0.0.0/8", "DESTINATION_CONTEXT": "{\"ns\":\"x\"}\n",
        ])
        #expect(settings.outboundAddresses.count == 2)
        #expect(settings.inboundPorts == [80, 8080, 8081, 8082])
        #expect(settings.workers == 2)
        #expect(
            settings.streams
                == Settings.StreamLimits(initial: .seconds(3), idle: .seconds(300), lifetime: .seconds(3600)))
        #expect(settings.defaultPolicy == .clusterAuthenticated)
        #expect(settings.isLocal(try #require(IPAddress("10.1.2.3"))))
        #expect(settings.isLocal(try #require(IPAddress("::1"))))
        #expect(!settings.isLocal(try #require(IPAddress("10.1.2.4"))))
    }

    @Test(
        "what makes no sense is refused",
        arguments: [
            ("POLICY_WORKLOAD", nil), ("DESTINATION_SVC_ADDR", nil), ("DESTINATION_SVC_NAME", nil),
            ("IDENTITY_TRUST_ANCHORS", nil), ("IDENTITY_TOKEN_FILE", nil), ("IDENTITY_LOCAL_NAME", nil),
            ("IDENTITY_DISABLED", "1"), ("INBOUND_LISTEN_ADDR", "4143"), ("INBOUND_PORTS", "0"),
            ("INBOUND_PORTS", "9-8"), ("INBOUND_PORTS", "70000"), ("INBOUND_CONNECT_TIMEOUT", "3"),
            ("INBOUND_CONNECT_TIMEOUT", "1.5s"), ("SHUTDOWN_ENDPOINT_ENABLED", "yes"), ("CORES_MAX_RATIO", "2"),
            ("INBOUND_DEFAULT_POLICY", "everyone"), ("INBOUND_DEFAULT_POLICY", "cluster-authenticated"),
            ("DESTINATION_PROFILE_NETWORKS", "10.0.0.0/33"), ("LOG", "loud"), ("LOG_FORMAT", "xml"),
            ("OUTBOUND_CONNECT_EXP_BACKOFF_MIN", "1s"), ("CONTROL_STREAM_INITIAL_TIMEOUT", "2h"),
            ("DESTINATION_SVC_ADDR", "host"), ("DESTINATION_SVC_ADDR", "host:0"),
        ] as [(String, String?)])
    func refusals(name: String, value: String?) {
        #expect(throws: SettingsError.self) {
            try Self.settings([name: value, "CONTROL_STREAM_IDLE_TIMEOUT": "5m"])
        }
    }

    @Test(
        "durations need a unit unless they are 0",
        arguments: [
            ("0", Duration.zero), ("10ms", .milliseconds(10)), (" 3s ", .seconds(3)), ("2m", .seconds(120)),
            ("1h", .seconds(3600)), ("1d", .seconds(86400)), ("3", nil), ("-1s", nil), ("1.5s", nil), ("s", nil),
            ("1 s", nil), ("99999999999999s", nil),
        ])
    func durations(text: String, expected: Duration?) {
        #expect(EnvironmentReader.duration(text) == expected)
    }

    @Test("log filters name levels, for all or for the proxy")
    func filters() throws {
        #expect(try #require(LogFilter("warn,linkerd=debug")).admits(.debug))
        #expect(try !#require(LogFilter("warn,hyper=debug")).admits(.info))
        #expect(try !#require(LogFilter("off")).admits(.error))
        #expect(LogFilter("warn,linkerd=loud") == nil)
    }
}
