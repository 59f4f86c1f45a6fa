import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import Testing

@Suite struct OutboundScenarios {
    private let service = OutboundQuery.Target.service(ObjectKey(namespace: "ns-0", name: "svc"), port: 8080)

    private func address(_ text: String) throws -> OutboundQuery.Target { .address(try #require(SocketAddress(text))) }

    private func origin(_ answer: OutboundQuery.Answer) -> OutboundQuery.Origin? {
        guard case .found(_, let origin) = answer else { return nil }
        return origin
    }

    // MARK: - 24 Resolution

    @Test("24.1, 24.2 EgressNetworks take addresses over as they come")
    func egressComes() throws {
        var world = World.shipped
        let target = try self.address("93.184.216.34:80")
        #expect(self.origin(world.outbound(target)) == .fallback)
        let b = world.egress("b")
        #expect(self.origin(world.outbound(target)) == .egressNetwork(b.key))
        var a = world.egress("a")
        a.metadata.creationTimestamp = b.metadata.creationTimestamp
        world.snapshot.apply(a, in: ClusterCollections.egressNetworks)
        #expect(self.origin(world.outbound(target)) == .egressNetwork(a.key))
    }

    @Test("24.10–24.14 the most specific, then the oldest network wins; the own namespace goes first")
    func egressPrecedence() throws {
        let target = try self.address("93.184.216.34:80")
        func winner(_ build: (inout World) -> Void) -> String? {
            var world = World.shipped
            build(&world)
            guard case .egressNetwork(let key)? = self.origin(world.outbound(target)) else { return nil }
            return key.description
        }
        let wide = [CIDRBlock(cidr: "93.184.0.0/16")]
        let narrow = [CIDRBlock(cidr: "93.184.216.0/24")]
        #expect(
            winner {
                $0.egress("wide", in: "linkerd-egress", networks: wide)
                $0.egress("narrow", in: "linkerd-egress", networks: narrow)
            } == "linkerd-egress/narrow")
        #expect(
            winner {
                $0.egress("wide", networks: wide)
                $0.egress("narrow", in: "linkerd-egress", networks: narrow)
            } == "ns-0/wide")
        #expect(winner { $0.egress("other", in: "ns-1", networks: wide) } == nil)
        #expect(
            winner {
                $0.egress("z", networks: wide)
                $0.egress("a", networks: wide)
            } == "ns-0/z")
        #expect(
            winner {
                $0.egress("with", networks: [CIDRBlock(cidr: "93.184.0.0/16", except: ["93.184.216.34"])])
                $0.egress("without", networks: wide)
            } == "ns-0/without")
        #expect(
            winner {
                $0.egress("all", networks: wide)
                $0.egress("less", networks: [CIDRBlock(cidr: "93.184.0.0/16", except: ["93.184.1.0/24"])])
            } == "ns-0/less")
    }

    @Test("26.1 an address of the cluster that no Service has is unknown")
    func unknown() throws {
        let world = World.shipped
        #expect(world.outbound(try self.address("10.8.255.255:80")) == .unknown)
    }

    @Test("a port that the Service does not define is refused")
    func undefinedPort() throws {
        var world = World.shipped
        world.service("svc")
        let policy = try world.policy(try self.address("10.96.0.7:9999"))
        guard case .opaque(let routes) = policy.protocol else {
            Issue.record("not opaque")
            return
        }
        #expect(routes.map(\.metadata) == [.implicit("undefined-port")])
        #expect(routes.first?.rules == [.init(filters: [.forbidden], distribution: .empty)])
    }

    @Test("a Service that does not exist has a policy by name")
    func nameWithoutService() throws {
        let policy = try World.shipped.policy(self.service)
        #expect(policy.routes == [.implicit("http")])
    }

    // MARK: - 26 Routes and backends

    @Test("26.2 without routes a Service has the default one, an EgressNetwork an allowing or denying one")
    func defaults() throws {
        var world = World.shipped
        world.service("svc")
        #expect(try world.policy(self.service).routes == [.implicit("http")])
        world.egress("e")
        let target = try self.address("93.184.216.34:80")
        #expect(try world.policy(target).routes == [.implicit("http-egress-allow")])
        world.egress("e", allow: false)
        let denied = try world.policy(target)
        #expect(denied.routes == [.implicit("http-egress-deny")])
        #expect(
            denied.http?.routes.first?.rules.first?.filters
                == [.failure(FailureInjector(code: 403, message: "traffic not allowed"))])
    }

    @Test("an EgressNetwork that cannot be read as a whole lets nothing pass")
    func unreadableEgress() throws {
        var world = World.shipped
        world.egress("e", networks: [CIDRBlock(cidr: "0.0.0.0/0", except: ["10.0.0.0/8", "bogus"])])
        #expect(try world.policy(try self.address("93.184.216.34:80")).routes == [.implicit("http-egress-deny")])
    }

    @Test("26.3 a route without rules is listed", arguments: [true, false])
    func noRules(isHTTP: Bool) throws {
        var world = World.shipped
        world.service("svc")
        let parents = [ParentReference.service("svc", port: 8080)]
        if isHTTP {
            world.apply(HTTPRoute(group: .policy, metadata: world.meta("r"), spec: HTTPRouteSpec(parentRefs: parents)))
        } else {
            let route = GRPCRoute(metadata: world.meta("r"), spec: GRPCRouteSpec(parentRefs: parents))
            world.snapshot.apply(route, in: ClusterCollections.grpcRoutes)
        }
        world.reconcile()
        #expect(try world.policy(self.service).routes.map(\.name) == ["r"])
        #expect(try world.policy(self.service).firstBackend == nil)
    }

    @Test("26.4, 26.5 a route with a Service backend, perhaps of another namespace", arguments: ScenarioRoute.allCases)
    func backend(kind: ScenarioRoute) throws {
        var world = World.shipped
        world.service("svc")
        world.service("b", in: "ns-1")
        world.route(
            kind, "r", parents: [.service("svc", port: 8080)], backends: [.service("b", port: 8888, in: "ns-1")])
        #expect(try world.policy(self.service).routes == [.implicit("http")])
        world.reconcile()
        let policy = try world.policy(self.service)
        #expect(policy.routes.map(\.name) == ["r"])
        let backend = try #require(policy.firstBackend)
        #expect(
            backend.metadata
                == .resource(
                    ResourceReference(group: "core", kind: "Service", name: "b", namespace: "ns-1", port: 8888)))
        #expect(backend.filters == 0)
        guard case .balance(let path, _) = backend.target else {
            Issue.record("not balanced")
            return
        }
        #expect(path == "b.ns-1.svc.cluster.local:8888")
    }

    @Test("26.6, 24.3–24.6 a backend that is not there fails, until it comes", arguments: ScenarioRoute.allCases)
    func missingBackend(kind: ScenarioRoute) throws {
        var world = World.shipped
        world.service("svc")
        world.route(kind, "r", parents: [.service("svc")], backends: [.service("invalid", weight: 30)])
        world.reconcile()
        let backend = try #require(try world.policy(self.service).firstBackend)
        #expect(backend.target == .fail)
        #expect(backend.filters == 1)
        #expect(backend.metadata.name == "invalid")
        #expect(backend.metadata.port == 8080)
        world.service("invalid")
        #expect(try world.policy(self.service).firstBackend?.filters == 0)
    }

    @Test("24.7–24.9 the EgressNetwork itself is a backend of its own routes", arguments: ScenarioRoute.allCases)
    func egressBackend(kind: ScenarioRoute) throws {
        var world = World.shipped
        world.egress("e", allow: false)
        world.reconcile()
        world.route(kind, "r", parents: [.egress("e", port: 80)], backends: [.egress("e")])
        world.reconcile()
        let address = try #require(SocketAddress("93.184.216.34:80"))
        let policy = try world.policy(.address(address))
        #expect(policy.firstBackend?.target == .forward(MeshPolicy.Endpoint(address: address)))
        #expect(policy.firstBackend?.filters == 0)
        #expect(policy.routes.first?.name == "r")
    }

    @Test(
        "backends that lead nowhere fail",
        arguments: [
            BackendReference.service("b", port: nil), .service("b", port: 0), .egress("e"),
            BackendReference(group: "example.com", kind: "Bucket", name: "b", port: 80),
        ])
    func invalidBackends(backend: BackendReference) throws {
        var world = World.shipped
        world.service("svc")
        world.service("b")
        world.egress("e")
        world.route(.gatewayHTTP, "r", parents: [.service("svc", port: 8080)], backends: [backend])
        world.reconcile()
        let first = try #require(try world.policy(self.service).firstBackend)
        #expect(first.target == .fail)
        #expect(first.filters == 1)
    }

    @Test("26.7 a port that is opaque by annotation or by default is opaque")
    func opaque() throws {
        var world = World.shipped
        world.service("svc", ports: [8080, 3306], annotations: ["config.linkerd.io/opaque-ports": "8080"])
        guard case .opaque(let routes) = try world.policy(self.service).protocol else {
            Issue.record("not opaque")
            return
        }
        #expect(routes.map(\.metadata) == [.implicit("opaq")])
        world.service("svc", ports: [3306])
        let target = OutboundQuery.Target.service(ObjectKey(namespace: "ns-0", name: "svc"), port: 3306)
        guard case .opaque = try world.policy(target).protocol else {
            Issue.record("3306 is opaque by default")
            return
        }
    }

    @Test("26.8 a parent without a port is for all ports", arguments: ScenarioRoute.allCases)
    func allPorts(kind: ScenarioRoute) throws {
        var world = World.shipped
        world.service("svc", ports: [8080, 8081])
        world.route(kind, "r", parents: [.service("svc")], backends: [.service("svc")])
        world.reconcile()
        for port in [8080, 8081] as [UInt16] {
            let target = OutboundQuery.Target.service(ObjectKey(namespace: "ns-0", name: "svc"), port: port)
            #expect(try world.policy(target).routes.map(\.name) == ["r"])
        }
    }

    @Test(
        "26.9, 26.10 producers' routes are for all, consumers' for their own namespace",
        arguments: ScenarioRoute.allCases)
    func visibility(kind: ScenarioRoute) throws {
        var world = World.shipped
        world.service("svc")
        world.route(kind, "producer", parents: [.service("svc", port: 8080)], backends: [.service("svc")])
        world.route(
            kind, "consumer", in: "ns-1", parents: [.service("svc", port: 8080, in: "ns-0")],
            backends: [.service("svc", in: "ns-0")])
        world.reconcile()
        #expect(try world.policy(self.service).routes.map(\.name) == ["producer"])
        #expect(try world.policy(self.service, from: "ns-2").routes.map(\.name) == ["producer"])
        let own = try world.policy(self.service, from: "ns-1").routes.map(\.name)
        #expect(own == (kind == .tcp ? ["producer"] : ["producer", "consumer"]))
    }

    @Test("26.11 a route that is pointed elsewhere leaves, and comes back", arguments: ScenarioRoute.allCases)
    func reattached(kind: ScenarioRoute) throws {
        var world = World.shipped
        world.service("svc")
        for (parent, expected) in [("svc", "r"), ("other", "http"), ("svc", "r")] {
            world.route(kind, "r", parents: [.service(parent, port: 8080)], backends: [.service("svc")])
            world.reconcile()
            #expect(try world.policy(self.service).routes.map(\.name) == [expected])
        }
    }

    @Test("26.12 only the first TCPRoute counts")
    func firstTCP() throws {
        var world = World.shipped
        world.service("svc")
        for name in ["a", "b"] {
            world.route(.tcp, name, parents: [.service("svc", port: 8080)], backends: [.service("svc")])
        }
        world.reconcile()
        #expect(try world.policy(self.service).routes.map(\.name) == ["a"])
    }

    // MARK: - 27 appProtocol

    @Test(
        "27.1–27.6 the application protocol decides",
        arguments: [
            ("linkerd.io/opaque", ScenarioRoute?.none, "opaque", "opaq"), ("linkerd.io/opaque", .tcp, "opaque", "r"),
            ("http", nil, "http1", "http"), ("HTTP", .policyHTTP, "http1", "r"),
            ("kubernetes.io/h2c", nil, "http2", "http"), ("kubernetes.io/h2c", .gatewayHTTP, "http2", "r"),
            ("kubernetes.io/h2c", .grpc, "grpc", "r"), ("example.com/unheard-of", nil, "opaque", "opaq"),
        ])
    func appProtocol(name: String, route: ScenarioRoute?, expected: String, routeName: String) throws {
        var world = World.shipped
        world.service("svc", appProtocol: name)
        if let route { world.route(route, "r", parents: [.service("svc", port: 8080)], backends: [.service("svc")]) }
        world.reconcile()
        let policy = try world.policy(self.service)
        let found =
            switch policy.protocol {
            case .detect: "detect"
            case .http1: "http1"
            case .http2: "http2"
            case .grpc: "grpc"
            case .opaque: "opaque"
            case .tls: "tls"
            }
        #expect(found == expected)
        #expect(policy.routes.map(\.name) == [routeName])
    }

    @Test("28.1 a deleted EgressNetwork leaves the fallback")
    func egressDeleted() throws {
        var world = World.shipped
        let network = world.egress("e")
        let target = try self.address("1.1.1.1:80")
        #expect(
            try world.policy(target).metadata
                == .resource(
                    ResourceReference(
                        group: "policy.linkerd.io", kind: "EgressNetwork", name: "e", namespace: "ns-0", port: 80)))
        world.snapshot.delete(network.key, in: ClusterCollections.egressNetworks)
        #expect(try world.policy(target).metadata == .implicit("egress-fallback"))
    }
}
