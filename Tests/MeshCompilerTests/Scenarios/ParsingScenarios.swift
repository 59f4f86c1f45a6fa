import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import Testing

@Suite struct ParsingScenarios {
    @Test(
        "11.1–11.7 port sets",
        arguments: [
            ("", [] as [UInt16]?), ("0", nil), ("1", [1]), ("1-3", [1, 2, 3]), ("4,1-2", [1, 2, 4]), ("2-", nil),
            ("65537", nil), ("3-1", nil), (" 80 , 443 ", [80, 443]), ("http", nil), ("1-2-3", nil),
        ])
    func portSets(text: String, expected: [UInt16]?) {
        #expect(PortSet(parsing: text) == expected.map { PortSet($0) })
    }

    @Test("11.8 default policies survive being written and read", arguments: DefaultPolicy.allCases)
    func defaultPolicies(policy: DefaultPolicy) {
        #expect(DefaultPolicy(rawValue: policy.rawValue) == policy)
    }

    @Test(
        "11.12–11.15 identity matches",
        arguments: [
            ("*", "a.b", true), ("*.*.example.com", "x.*.example.com", true),
            ("*.*.example.com", "x.y.example.com", false), ("x.example.com", "x.example.com", true),
            ("x.example.com", "y.x.example.com", false), ("foo.*.example.com", "foo.*.example.com", true),
            ("foo.*.example.com", "foo.bar.example.com", false), ("*.example.com", "example.com", false),
        ])
    func identities(pattern: String, client: String, matches: Bool) throws {
        var world = World()
        world.pod()
        world.server("srv", port: 8080)
        let authorization = ServerAuthorization(
            metadata: world.meta("a"),
            spec: ServerAuthorizationSpec(
                server: ServerReference(name: "srv"),
                client: ClientRequirements(meshTLS: MeshTLSRequirements(identities: [pattern]))))
        world.snapshot.apply(authorization, in: ClusterCollections.serverAuthorizations)
        let policy = try #require(world.inbound(8080))
        guard case .identities(let match)? = policy.authorizations.first?.authentication else {
            Issue.record("no identities")
            return
        }
        #expect(match.contains(.dns(ByteString(client))) == matches)
    }

    @Test(
        "11.32–11.46 durations of annotations",
        arguments: [
            ("10s", .seconds(10)), ("500ms", .milliseconds(500)), ("5m", .seconds(300)), ("2h", .seconds(7200)),
            ("1d", .seconds(86400)), ("0", .zero), ("0s", .zero), ("0ms", .zero),
        ] as [(String, Duration)])
    func durations(text: String, expected: Duration) throws {
        #expect(try AnnotationDuration.parse(text) == expected)
    }

    @Test(
        "11.40–11.46 durations that annotations cannot have",
        arguments: [
            ("0.0s", .fraction), ("0.5m", .fraction), ("5", .missingUnit("5")), ("100", .missingUnit("100")),
            ("", .malformed), ("-5s", .negative), ("-0.5s", .negative), ("5x", .malformed),
            ("99999999999999999999s", .tooLong),
        ] as [(String, AnnotationDuration.Failure)])
    func badDurations(text: String, failure: AnnotationDuration.Failure) {
        #expect(throws: failure) { try AnnotationDuration.parse(text) }
    }

    @Test(
        "names that discovery takes for Services",
        arguments: [
            ("web.app.svc.cluster.local", "app/web", nil), ("p-0.web.app.svc.cluster.local", "app/web", "p-0"),
            ("web.app.svc.cluster.local.", nil, nil), ("web.app.svc", nil, nil), ("web", nil, nil),
            ("a.b.web.app.svc.cluster.local", nil, nil), (".app.svc.cluster.local", nil, nil),
            ("example.com", nil, nil),
        ] as [(String, String?, String?)])
    func serviceNames(text: String, service: String?, instance: String?) {
        let name = ServiceName(text, clusterDomain: "cluster.local")
        #expect(name?.service.description == service)
        #expect(name?.instance == instance)
    }

    @Test(
        "hosts with and without ports",
        arguments: [
            ("web:8080", "web", 8080), ("web", "web", 80), ("10.1.2.3:90", "10.1.2.3", 90),
            ("10.1.2.3", "10.1.2.3", 80),
            ("[fd00::1]:443", "fd00::1", 443), ("web:0", nil, 0), ("web:65536", nil, 0), ("web:http", nil, 0),
            ("", nil, 0), (":80", nil, 0), ("10.1.2.3:0", nil, 0),
        ] as [(String, String?, UInt16)])
    func authorities(text: String, host: String?, port: UInt16) {
        let authority = Authority(parsing: text)
        let name: String? =
            switch authority?.host {
            case .address(let ip): ip.description
            case .name(let name): name
            case nil: nil
            }
        #expect(name == host)
        if host != nil { #expect(authority?.port == port) }
    }

    @Test(
        "names that outbound policies take for Services",
        arguments: [
            ("web.app.svc.cluster.local:8080", "app/web", 8080), ("web.app.svc", "app/web", 80),
            ("web.app.svc.cluster.local.", "app/web", 80), ("web.app.svc.:81", "app/web", 81),
            ("web.app", nil, 0), ("example.com:80", nil, 0), ("p.web.app.svc", nil, 0),
        ] as [(String, String?, UInt16)])
    func outboundNames(text: String, service: String?, port: UInt16) throws {
        let authority = try #require(Authority(parsing: text))
        let target = OutboundQuery.Target(authority: authority, clusterDomain: "cluster.local")
        let expected = service.map { text in
            let parts = text.split(separator: "/").map(String.init)
            return OutboundQuery.Target.service(ObjectKey(namespace: parts[0], name: parts[1]), port: port)
        }
        #expect(target == expected)
    }
}
