import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import Testing

/// The scenarios of section 31 and 27.7: where requests of clients go.
///
/// The policy is compiled from the objects and
/// asked with the proxy's own decision.
@Suite struct OutboundDecisionScenarios {
    /// What becomes of a request or connection.
    private enum Outcome: Equatable {
        case noRoute
        case refused(UInt32)
        /// To a Service, by the name that discovery knows.
        case service(String)
        /// Where it was going.
        case outside
        /// The connection is closed.
        case closed
        /// A share of the requests fails because the backend does not exist.
        case failing(UInt32)
    }

    private func outside(_ port: UInt16) throws -> OutboundQuery.Target {
        .address(SocketAddress(try #require(IPAddress("93.184.216.34")), port: port))
    }

    private func outcome(_ policy: OutboundPolicy, _ path: String, host: String = "example.com") -> Outcome {
        guard let http = policy.http, let (_, choice) = policy.choose(WrittenRequest(target: path, authority: host))
        else { return .noRoute }
        let rule = http.routes[choice.route].rules[choice.rule]
        for case .failure(let injector) in rule.filters { return .refused(UInt32(injector.code)) }
        guard let backend = rule.distribution.backends.first else { return .noRoute }
        for case .failure(let injector) in backend.filters { return .failing(UInt32(injector.code)) }
        return self.outcome(backend.backend)
    }

    private func outcome(_ backend: Backend) -> Outcome {
        switch backend.target {
        case .balance(let path, _): .service(path)
        case .forward: .outside
        case .fail: .closed
        }
    }

    /// Where a TLS connection to the server name goes.
    private func outcome(_ policy: OutboundPolicy, serverName: String) -> Outcome {
        guard case .tls(let routes) = policy.protocol else { return self.opaqueOutcome(policy) }
        guard let choice = routes.choose(serverName: Array(serverName.utf8).span) else { return .closed }
        let rule = routes[choice.route].rules[choice.rule]
        guard rule.filters.isEmpty, let backend = rule.distribution.backends.first else { return .closed }
        return backend.filters.isEmpty ? self.outcome(backend.backend) : .closed
    }

    /// Where bytes go that are not HTTP.
    private func opaqueOutcome(_ policy: OutboundPolicy) -> Outcome {
        let routes: [OutboundRoute<OpaqueKind>]
        switch policy.protocol {
        case .opaque(let opaque), .detect(_, let opaque, _, _): routes = opaque
        case .http1, .http2, .grpc, .tls: return .closed
        }
        guard let rule = routes.first?.rules.first, rule.filters.isEmpty,
            let backend = rule.distribution.backends.first, backend.filters.isEmpty
        else { return .closed }
        return self.outcome(backend.backend)
    }

    private func route(
        _ world: inout World, group: RouteGroup, parent: ParentReference, hostnames: [String] = [],
        rules: [(path: String, backends: [HTTPBackendReference])]
    ) {
        world.apply(
            HTTPRoute(
                group: group, metadata: world.meta("r"),
                spec: HTTPRouteSpec(
                    parentRefs: [parent], hostnames: hostnames,
                    rules: rules.map { path, backends in
                        HTTPRouteRule(
                            matches: [
                                MeshResources.HTTPRouteMatch(path: HTTPPathMatch(type: .exact, value: path))
                            ], backendRefs: backends)
                    })))
        world.reconcile()
    }

    @Test("31.1 a route with a good and a missing backend")
    func missing() throws {
        var world = World.shipped
        world.service("web", ports: [80])
        self.route(
            &world, group: .policy, parent: .service("web", port: 80),
            rules: [
                ("/valid", [HTTPBackendReference(name: "web", port: 80)]),
                ("/invalid", [HTTPBackendReference(name: "foobar", port: 80)]),
            ])
        let policy = try world.policy(.service(ObjectKey(namespace: "ns-0", name: "web"), port: 80))
        #expect(self.outcome(policy, "/valid") == .service("web.ns-0.svc.cluster.local:80"))
        #expect(self.outcome(policy, "/invalid") == .failing(500))
        #expect(self.outcome(policy, "/notfound") == .noRoute)
    }

    @Test("31.2–31.4 an EgressNetwork allows or denies what no route takes", arguments: [true, false])
    func egress(allow: Bool) throws {
        var world = World.shipped
        world.egress("all", allow: allow)
        world.reconcile()
        #expect(self.outcome(try world.policy(self.outside(80)), "/") == (allow ? .outside : .refused(403)))
        #expect(
            self.outcome(try world.policy(self.outside(443)), serverName: "example.com") == (allow ? .outside : .closed)
        )
    }

    @Test("31.5 a route allows a part of what is denied")
    func allowedPart() throws {
        var world = World.shipped
        world.egress("all", allow: false)
        self.route(&world, group: .gateway, parent: .egress("all", port: 80), rules: [("/get", [])])
        let policy = try world.policy(self.outside(80))
        #expect(self.outcome(policy, "/get") == .outside)
        #expect(self.outcome(policy, "/ip") == .refused(403))
    }

    private func tlsRoute(_ world: inout World, backend: BackendReference) {
        world.snapshot.apply(
            TLSRoute(
                metadata: world.meta("t"),
                spec: TLSRouteSpec(
                    parentRefs: [.egress("all", port: 443)], hostnames: ["good.example.com"],
                    rules: [ConnectionRouteRule(backendRefs: [backend])])), in: ClusterCollections.tlsRoutes)
        world.reconcile()
    }

    @Test("31.6 a TLSRoute allows one host name")
    func tlsAllowed() throws {
        var world = World.shipped
        world.egress("all", allow: false)
        self.tlsRoute(&world, backend: .egress("all"))
        let policy = try world.policy(self.outside(443))
        #expect(self.outcome(policy, serverName: "good.example.com") == .outside)
        #expect(self.outcome(policy, serverName: "bad.example.com") == .closed)
    }

    @Test("31.7 a route brings one path of a host into the cluster")
    func intoCluster() throws {
        var world = World.shipped
        world.service("web", ports: [80])
        world.egress("all")
        self.route(
            &world, group: .gateway, parent: .egress("all", port: 80), hostnames: ["example.com"],
            rules: [("/get", [HTTPBackendReference(name: "web", port: 80)])])
        let policy = try world.policy(self.outside(80))
        #expect(self.outcome(policy, "/get") == .service("web.ns-0.svc.cluster.local:80"))
        #expect(self.outcome(policy, "/ip") == .outside)
    }

    @Test("31.8 a TLSRoute sends one host name to a plain Service, where its handshake fails")
    func tlsToPlain() throws {
        var world = World.shipped
        world.service("web", ports: [80])
        world.egress("all")
        self.tlsRoute(&world, backend: .service("web", port: 80))
        let policy = try world.policy(self.outside(443))
        #expect(self.outcome(policy, serverName: "good.example.com") == .service("web.ns-0.svc.cluster.local:80"))
        #expect(self.outcome(policy, serverName: "other.example.com") == .outside)
    }

    @Test("31.9 a TCPRoute brings a port into the cluster")
    func tcpIntoCluster() throws {
        var world = World.shipped
        world.service("web", ports: [80])
        world.egress("all")
        world.reconcile()
        world.route(.tcp, "t", parents: [.egress("all", port: 80)], backends: [.service("web", port: 80)])
        world.reconcile()
        #expect(
            self.opaqueOutcome(try world.policy(self.outside(80))) == .service("web.ns-0.svc.cluster.local:80"))
    }

    @Test("27.7 opaque and http ports speak what the client speaks, an h2c port speaks HTTP/2 alone")
    func appProtocols() throws {
        var world = World.shipped
        func spoken(_ appProtocol: String) throws -> String {
            world.service("web", ports: [80], appProtocol: appProtocol)
            let key = ObjectKey(namespace: "ns-0", name: "web")
            return switch try world.policy(.service(key, port: 80)).protocol {
            case .opaque: "bytes"
            case .http1: "HTTP/1"
            case .http2: "HTTP/2"
            case .detect, .grpc, .tls: "other"
            }
        }
        #expect(try spoken("linkerd.io/opaque") == "bytes")
        #expect(try spoken("http") == "HTTP/1")
        #expect(try spoken("kubernetes.io/h2c") == "HTTP/2")
    }
}
