import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import Testing

@Suite struct ProfileQueryTests {
    private func answer(
        _ world: World, _ target: ProfileQuery.Target, client: String? = "ns-0"
    ) -> ProfileQuery.Answer {
        ProfileQuery(target: target, clientNamespace: client)
            .answer(in: ClusterView(world.snapshot), settings: world.settings)
    }

    private func profile(_ world: World, _ target: ProfileQuery.Target, client: String? = "ns-0") -> Profile? {
        guard case .found(let profile) = self.answer(world, target, client: client) else { return nil }
        return profile
    }

    private func address(_ text: String) throws -> ProfileQuery.Target { .address(try #require(SocketAddress(text))) }

    private let service = ProfileQuery.Target.service(ObjectKey(namespace: "ns-0", name: "web"), port: 8080)

    @Test("a Service is found by name and by its address")
    func byAddress() throws {
        var world = World.shipped
        world.service("web")
        let byName = self.profile(world, self.service)
        #expect(byName?.fullyQualifiedName == "web.ns-0.svc.cluster.local")
        #expect(byName?.retryBudget == MeshPolicy.RetryBudget())
        #expect(byName?.parent?.name == "web")
        #expect(try self.profile(world, self.address("10.96.0.7:8080")) == byName)
    }

    @Test("nothing is said of a port that the Service does not define")
    func undefinedPort() {
        var world = World.shipped
        world.service("web")
        let target = ProfileQuery.Target.service(ObjectKey(namespace: "ns-0", name: "web"), port: 81)
        #expect(self.profile(world, target) == Profile())
    }

    @Test("errors: two Services at an address, no Service, ExternalName")
    func errors() throws {
        var world = World.shipped
        #expect(self.answer(world, self.service) == .missing)
        world.service("web")
        world.service("other")
        #expect(try self.answer(world, self.address("10.96.0.7:8080")) == .ambiguous)
        world.service("web", ip: nil, type: .externalName)
        #expect(self.answer(world, self.service) == .external)
    }

    @Test("a pod's address has its endpoint as long as the pod runs, ready or not")
    func pods() throws {
        var world = World.shipped
        world.pod("p", status: PodStatus(phase: "Pending", podIP: "10.1.0.1"))
        #expect(try self.profile(world, self.address("10.1.0.1:80"))?.endpoint?.labels == [:])
        world.pod(
            "p",
            containers: [
                Container(
                    name: "linkerd-proxy",
                    env: [
                        EnvVar(name: "LINKERD2_PROXY_INBOUND_LISTEN_ADDR", value: "[::]:4143"),
                        EnvVar(name: "LINKERD2_PROXY_ADMIN_LISTEN_ADDR", value: "0.0.0.0:4191"),
                    ])
            ], status: PodStatus(phase: "Running", podIP: "10.1.0.1"))
        let endpoint = try #require(try self.profile(world, self.address("10.1.0.1:80"))?.endpoint)
        #expect(endpoint.tls != nil)
        #expect(endpoint.labels["namespace"] == "ns-0")
        #expect(endpoint.labels["zone_locality"] == nil)
    }

    @Test("an address that nobody has is forwarded to; its port may be opaque by default", arguments: [80, 3306])
    func unknown(port: UInt16) throws {
        let profile = try self.profile(.shipped, self.address("1.2.3.4:\(port)"))
        #expect(profile?.endpoint?.address.description == "1.2.3.4:\(port)")
        #expect(profile?.isOpaque == (port == 3306))
        #expect(profile?.endpoint?.tls == nil)
    }

    @Test("the client's own ServiceProfile goes before that of the Service's namespace")
    func namespaces() {
        var world = World.shipped
        world.service("web")
        for namespace in ["ns-0", "ns-1"] {
            let object = ServiceProfile(
                metadata: world.meta("web.ns-0.svc.cluster.local", namespace),
                spec: ServiceProfileSpec(routes: [
                    MeshResources.ProfileRoute(name: namespace, condition: RequestMatch(pathRegex: "/a"))
                ]))
            world.snapshot.apply(object, in: ClusterCollections.serviceProfiles)
        }
        #expect(self.profile(world, self.service, client: "ns-1")?.routes.map(\.labels) == [["route": "ns-1"]])
        #expect(self.profile(world, self.service, client: "ns-2")?.routes.map(\.labels) == [["route": "ns-0"]])
        #expect(self.profile(world, self.service, client: nil)?.profile?.namespace == "ns-0")
    }

    @Test("splits carry their Service and a weight in ten-thousandths")
    func overrides() throws {
        var world = World.shipped
        world.service("web")
        let object = ServiceProfile(
            metadata: world.meta("web.ns-0.svc.cluster.local"),
            spec: ServiceProfileSpec(dstOverrides: [
                WeightedDestination(
                    authority: "v1.ns-0.svc.cluster.local", weight: try #require(Quantity("500m"))),
                WeightedDestination(authority: "v2.ns-0.svc.cluster.local:81", weight: try #require(Quantity("1"))),
            ]))
        world.snapshot.apply(object, in: ClusterCollections.serviceProfiles)
        let overrides = try #require(self.profile(world, self.service)?.overrides)
        #expect(
            overrides.map(\.authority) == ["v1.ns-0.svc.cluster.local:8080", "v2.ns-0.svc.cluster.local:81"])
        #expect(overrides.map(\.weight) == [5000, 10000])
        #expect(overrides.map { $0.backend?.name } == ["v1", "v2"])
    }

    @Test("a profile with a match that cannot be read counts as none")
    func malformed() {
        var world = World.shipped
        world.service("web")
        let object = ServiceProfile(
            metadata: world.meta("web.ns-0.svc.cluster.local"),
            spec: ServiceProfileSpec(routes: [
                MeshResources.ProfileRoute(name: "ok", condition: RequestMatch(method: "GET")),
                MeshResources.ProfileRoute(name: "bad", condition: RequestMatch(pathRegex: "(")),
            ]))
        world.snapshot.apply(object, in: ClusterCollections.serviceProfiles)
        #expect(self.profile(world, self.service)?.routes.isEmpty == true)
        #expect(self.profile(world, self.service)?.retryBudget != nil)
    }

    @Test(
        "a Service's port may be opaque by its annotation, by number or name", arguments: ["8080", "p8080", "1-9000"])
    func opaque(annotation: String) {
        var world = World.shipped
        world.service("web")
        #expect(self.profile(world, self.service)?.isOpaque == false)
        world.service("web", annotations: ["config.linkerd.io/opaque-ports": annotation])
        #expect(self.profile(world, self.service)?.isOpaque == true)
    }
}
