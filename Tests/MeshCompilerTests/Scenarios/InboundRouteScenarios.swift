import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import Testing

@Suite struct InboundRouteScenarios {
    private func route(
        _ world: inout World, _ name: String, group: RouteGroup = .policy,
        parents: [ParentReference] = [.server("srv")],
        path: String = "/foo/bar", filters: [HTTPRouteFilter] = [], in namespace: String = "ns-0"
    ) -> HTTPRoute {
        HTTPRoute(
            group: group, metadata: world.meta(name, namespace),
            spec: HTTPRouteSpec(
                parentRefs: parents,
                rules: [
                    HTTPRouteRule(
                        matches: [
                            MeshResources.HTTPRouteMatch(
                                path: HTTPPathMatch(type: .pathPrefix, value: path), method: "GET")
                        ], filters: filters)
                ]))
    }

    @Test("16.1, 16.2, 17.5, 17.6 an accepted route replaces the defaults and brings its authorizations")
    func route() {
        var world = World()
        world.pod()
        world.server("srv", port: 8080, proto: .http1)
        world.apply(self.route(&world, "route-foo"))
        #expect(world.inbound(8080)?.http?.routes == [.default], "not accepted yet")
        world.reconcile()
        let metadata = PolicyMetadata.resource(
            ResourceReference(group: "policy.linkerd.io", kind: "HTTPRoute", name: "route-foo"))
        var expected = InboundRoute<HTTPKind>(
            metadata: metadata,
            rules: [.init(matches: [MeshPolicy.HTTPRouteMatch(path: .prefix("/foo/bar"), method: "GET")])])
        #expect(world.inbound(8080)?.http?.routes == [expected])
        let policy = AuthorizationPolicy(
            metadata: world.meta("authz-foo"),
            spec: AuthorizationPolicySpec(
                targetRef: LocalTargetReference(group: "policy.linkerd.io", kind: "HttpRoute", name: "route-foo"),
                requiredAuthenticationRefs: [NamespacedTargetReference(kind: "ServiceAccount", name: "foo")]))
        world.snapshot.apply(policy, in: ClusterCollections.authorizationPolicies)
        let identity: ByteString = "foo.ns-0.serviceaccount.identity.linkerd.cluster.example.com"
        expected.authorizations = [
            Authorization(
                networks: NetworkMatch.everywhere,
                authentication: .identities(IdentityMatch(exact: [identity], suffixes: [])),
                metadata: InboundScenarios.metadata("authorizationpolicy", "authz-foo"))
        ]
        #expect(world.inbound(8080)?.http?.routes == [expected])
        #expect(world.inbound(8080)?.authorizations == [])
        world.snapshot.reset([], in: ClusterCollections.policyHTTPRoutes)
        #expect(world.inbound(8080)?.http?.routes == [.default])
    }

    @Test("16.3, 16.4 probes have a route of their own until somebody writes one")
    func probes() throws {
        var world = World()
        let network = try #require(IPNetwork("10.0.0.1/24"))
        world.settings.probeNetworks = [network]
        world.pod(containers: [
            Container(
                name: "c", livenessProbe: Probe(httpGet: HTTPGetAction(path: "/live", port: 5432)),
                readinessProbe: Probe(httpGet: HTTPGetAction(path: "/ready", port: 5432)))
        ])
        let probe = try #require(world.inbound(5432)?.http?.routes.last)
        #expect(probe.metadata == .implicit("probe"))
        #expect(
            probe.authorizations == [
                Authorization(
                    networks: [NetworkMatch(network)], authentication: .unauthenticated, metadata: .implicit("probe"))
            ])
        world.server("srv", port: 5432)
        #expect(world.inbound(5432)?.http?.routes.count == 2)
        world.apply(self.route(&world, "route-foo"))
        world.reconcile()
        #expect(world.inbound(5432)?.http?.routes.map(\.metadata.name) == ["route-foo"])
    }

    @Test("16.5, 17.4 a rate limit counts once it is accepted")
    func rateLimit() {
        var world = World()
        world.pod()
        world.server("srv", port: 8080, proto: .http1)
        let object = HTTPLocalRateLimitPolicy(
            metadata: world.meta("rate-limit"),
            spec: HTTPLocalRateLimitPolicySpec(
                targetRef: LocalTargetReference(group: "policy.linkerd.io", kind: "Server", name: "srv"),
                total: MeshResources.RateLimit(requestsPerSecond: 1000),
                overrides: [
                    RateLimitOverride(
                        requestsPerSecond: 500,
                        clientRefs: [NamespacedTargetReference(kind: "ServiceAccount", name: "client-0")])
                ]))
        world.snapshot.apply(object, in: ClusterCollections.rateLimitPolicies)
        #expect(world.inbound(8080)?.http?.rateLimit == nil)
        world.reconcile()
        let identity: ByteString = "client-0.ns-0.serviceaccount.identity.linkerd.cluster.example.com"
        #expect(
            world.inbound(8080)?.http?.rateLimit
                == MeshPolicy.RateLimit(
                    metadata: InboundScenarios.metadata("HTTPLocalRateLimitPolicy", "rate-limit"), total: 1000,
                    overrides: [.init(limit: 500, identities: [identity])]))
    }

    @Test("17.7 routes stand in the order of their creation")
    func order() {
        var world = World()
        world.pod()
        world.server("srv", port: 8080)
        for name in ["d", "a", "c", "b"] { world.apply(self.route(&world, name)) }
        world.reconcile()
        #expect(world.inbound(8080)?.http?.routes.map(\.metadata.name) == ["d", "a", "c", "b"])
        world.snapshot.delete(ObjectKey(namespace: "ns-0", name: "c"), in: ClusterCollections.policyHTTPRoutes)
        #expect(world.inbound(8080)?.http?.routes.map(\.metadata.name) == ["d", "a", "b"])
    }

    @Test("17.8–17.10 external workloads are governed by their own selector")
    func externalWorkload() {
        var world = World()
        let workload = ExternalWorkload(
            metadata: world.meta("ext", labels: ["app": "app-0"]),
            spec: ExternalWorkloadSpec(
                meshTLS: ExternalWorkloadTLS(identity: "spiffe://root/ext", serverName: "ext"),
                ports: [ExternalWorkloadPort(name: "http", port: 80)]))
        world.snapshot.apply(workload, in: ClusterCollections.externalWorkloads)
        func policy(_ world: World) -> InboundPolicy? {
            InboundQuery(workload: WorkloadName(namespace: "ns-0", kind: .external, name: "ext"), port: 80)
                .answer(in: ClusterView(world.snapshot), settings: world.settings)
        }
        #expect(policy(world)?.http?.routes == [.default])
        world.server("pods", port: "http")
        #expect(policy(world)?.metadata.kind == "default", "a selector for pods is none for workloads")
        let server = Server(
            metadata: world.meta("srv"),
            spec: ServerSpec(externalWorkloadSelector: LabelSelector(), port: "http", proxyProtocol: .http1))
        world.snapshot.apply(server, in: ClusterCollections.servers)
        #expect(policy(world)?.metadata.name == "srv")
        #expect(policy(world)?.authorizations == [])
    }

    @Test(
        "an accepted route that cannot be used matches nothing, and opens nothing",
        arguments: ["RequestMirror", "URLRewrite", "ExtensionRef", "SomethingNew"])
    func unusable(filter: String) {
        var world = World()
        world.pod()
        world.server("srv", port: 8080, access: .allUnauthenticated)
        world.apply(self.route(&world, "bad", group: .gateway, filters: [HTTPRouteFilter(type: filter)]))
        world.reconcile()
        #expect(world.inbound(8080)?.http?.routes.map(\.rules) == [[]])
    }

    @Test("a route of another namespace never attaches to a Server")
    func foreignRoute() {
        var world = World()
        world.pod()
        world.server("srv", port: 8080)
        let parent = ParentReference(group: "policy.linkerd.io", kind: "Server", name: "srv", namespace: "ns-0")
        world.apply(self.route(&world, "foreign", parents: [parent], in: "ns-1"))
        world.reconcile()
        #expect(world.inbound(8080)?.http?.routes == [.default])
    }

    @Test("a gRPC match without a method matches every call")
    func grpcWithoutMethod() {
        var world = World()
        world.pod()
        world.server("srv", port: 8080, proto: .grpc)
        let header = MeshResources.HeaderMatch(name: "X-Team", value: "blue")
        let route = GRPCRoute(
            metadata: world.meta("calls"),
            spec: GRPCRouteSpec(
                parentRefs: [.server("srv")],
                rules: [GRPCRouteRule(matches: [MeshResources.GRPCRouteMatch(headers: [header])])]))
        world.snapshot.apply(route, in: ClusterCollections.grpcRoutes)
        world.reconcile()
        guard case .grpc(let routes)? = world.inbound(8080)?.protocol else {
            Issue.record("not gRPC")
            return
        }
        let expected = MeshPolicy.GRPCRouteMatch(headers: [.init(name: "x-team", value: .exact("blue"))])
        #expect(routes.first?.rules.first?.matches == [expected])
    }
}
