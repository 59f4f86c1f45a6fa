import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import Testing

/// Decisions that differ from Linkerd's on purpose; docs/differences.md says why.
@Suite struct DifferenceTests {
    private let service = OutboundQuery.Target.service(ObjectKey(namespace: "ns-0", name: "svc"), port: 8080)

    private func http(_ world: inout World, _ rules: [HTTPRouteRule], annotations: [String: String] = [:]) {
        world.apply(
            HTTPRoute(
                group: .gateway, metadata: world.meta("r", annotations: annotations),
                spec: HTTPRouteSpec(parentRefs: [.service("svc", port: 8080)], rules: rules)))
        world.reconcile()
    }

    @Test("a rule with a match that cannot be read matches nothing, the other rules hold")
    func unreadableMatch() throws {
        var world = World.shipped
        world.service("svc")
        let bad = MeshResources.HTTPRouteMatch(path: HTTPPathMatch(type: .regularExpression, value: "("))
        let good = MeshResources.HTTPRouteMatch(path: HTTPPathMatch(type: .exact, value: "/good"))
        self.http(&world, [HTTPRouteRule(matches: [bad]), HTTPRouteRule(matches: [good])])
        let policy = try world.policy(self.service)
        #expect(policy.http?.routes.first?.rules.map(\.matches) == [[.init(path: .exact("/good"))]])
        #expect(policy.choose(WrittenRequest(target: "/good", authority: "svc")) != nil)
        #expect(policy.choose(WrittenRequest(target: "/other", authority: "svc")) == nil)
    }

    private func grpc(_ world: inout World, _ rule: GRPCRouteRule) throws -> OutboundRoute<GRPCKind>.Rule {
        let route = GRPCRoute(
            metadata: world.meta("r"), spec: GRPCRouteSpec(parentRefs: [.service("svc", port: 8080)], rules: [rule]))
        world.snapshot.apply(route, in: ClusterCollections.grpcRoutes)
        world.reconcile()
        guard case .grpc(let grpc) = try world.policy(self.service).protocol else {
            throw World.Missing(target: "gRPC")
        }
        return try #require(grpc.routes.first?.rules.first)
    }

    @Test("a gRPC route that changes response headers is sent without that filter")
    func grpcResponseHeaders() throws {
        var world = World.shipped
        world.service("svc")
        let rule = try self.grpc(
            &world,
            GRPCRouteRule(filters: [
                HTTPRouteFilter(
                    type: "ResponseHeaderModifier",
                    responseHeaderModifier: MeshResources.HeaderModifier(remove: ["x"]))
            ]))
        #expect(rule.filters == [])
    }

    @Test("calls to a backend that leads nowhere fail with UNAVAILABLE")
    func grpcBackend() throws {
        var world = World.shipped
        world.service("svc")
        let rule = try self.grpc(
            &world, GRPCRouteRule(backendRefs: [HTTPBackendReference(name: "gone", port: 8080)]))
        guard case .failure(let injector)? = rule.distribution.backends.first?.filters.first else {
            Issue.record("nothing fails")
            return
        }
        #expect(injector.code == 14)
    }

    @Test("a backend without a namespace is the route's neighbour, in the policy and in the status")
    func backendNamespace() throws {
        var world = World.shipped
        world.service("svc")
        world.service("b", in: "ns-1")
        let parent = ParentReference.service("svc", port: 8080, in: "ns-0")
        world.route(.gatewayHTTP, "r", in: "ns-1", parents: [parent], backends: [.service("b")])
        world.reconcile()
        let route = try #require(world.snapshot.gatewayHTTPRoutes[ObjectKey(namespace: "ns-1", name: "r")])
        #expect(route.status.parents.first?.conditions.last?.reason == "ResolvedRefs")
        #expect(try world.policy(self.service, from: "ns-1").firstBackend?.metadata.namespace == "ns-1")
    }

    @Test("a timeout of zero is no timeout, and keeps the parent's away")
    func zeroTimeout() throws {
        var world = World.shipped
        world.service("svc", annotations: ["timeout.linkerd.io/request": "77s"])
        self.http(&world, [HTTPRouteRule()], annotations: ["timeout.linkerd.io/request": "0s"])
        #expect(try world.policy(self.service).http?.routes.first?.rules.first?.timeouts == Timeouts())
    }

    @Test("an EgressNetwork that was deleted is no backend any more")
    func deletedEgress() throws {
        var world = World.shipped
        let address = try #require(SocketAddress("93.184.216.34:80"))
        let gone = world.egress("gone", networks: [CIDRBlock(cidr: "93.184.216.0/24")])
        world.egress("other", networks: [CIDRBlock(cidr: "93.184.0.0/16")])
        world.reconcile()
        world.route(.gatewayHTTP, "r", parents: [.egress("other", port: 80)], backends: [.egress("gone")])
        world.reconcile()
        world.snapshot.delete(gone.key, in: ClusterCollections.egressNetworks)
        world.reconcile()
        let route = try #require(world.snapshot.gatewayHTTPRoutes[ObjectKey(namespace: "ns-0", name: "r")])
        #expect(route.status.parents.first?.conditions.last?.reason == "BackendNotFound")
        #expect(try world.policy(.address(address)).firstBackend?.target == .fail)
    }

    @Test("a portless parent attaches to the kind that it names, not to another of that name")
    func portlessParent() throws {
        var world = World.shipped
        world.service("both")
        world.egress("both")
        world.reconcile()
        world.route(.gatewayHTTP, "r", parents: [.service("both")], backends: [.service("both")])
        world.reconcile()
        let address = try #require(SocketAddress("93.184.216.34:80"))
        #expect(try world.policy(.address(address)).routes == [.implicit("http-egress-allow")])
    }

    @Test("a condition keeps its time as long as its status stays")
    func transitionTime() throws {
        var world = World.shipped
        world.service("svc")
        self.http(&world, [HTTPRouteRule()])
        let key = ObjectKey(namespace: "ns-0", name: "r")
        var route = try #require(world.snapshot.gatewayHTTPRoutes[key])
        route.metadata.generation = 2
        for index in route.status.parents[0].conditions.indices {
            route.status.parents[0].conditions[index].lastTransitionTime = Timestamp(seconds: 5)
        }
        route.spec.rules = [HTTPRouteRule(backendRefs: [HTTPBackendReference(name: "gone", port: 1)])]
        world.apply(route)
        world.reconcile()
        let conditions = try #require(world.snapshot.gatewayHTTPRoutes[key]?.status.parents.first?.conditions)
        #expect(conditions.map(\.lastTransitionTime) == [Timestamp(seconds: 5), nil], "the second changed its status")
    }
}
