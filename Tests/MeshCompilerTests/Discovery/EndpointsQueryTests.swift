import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import Testing

@Suite struct EndpointsQueryTests {
    /// A Service `web` with the given endpoints behind its port 80, which is 8080 in the pods.
    private func world(_ endpoints: [MeshResources.Endpoint], slicePorts: [EndpointPort]? = nil) -> World {
        var world = World.shipped
        let service = Service(
            metadata: world.meta("web"),
            spec: ServiceSpec(
                ports: [ServicePort(name: "http", port: 80, targetPort: "http")], clusterIP: "10.96.0.7"))
        world.snapshot.apply(service, in: ClusterCollections.services)
        let slice = EndpointSlice(
            metadata: world.meta("web-1", labels: ["kubernetes.io/service-name": "web"]), addressType: "IPv4",
            endpoints: endpoints, ports: slicePorts ?? [EndpointPort(name: "http", port: 8080)])
        world.snapshot.apply(slice, in: ClusterCollections.endpointSlices)
        return world
    }

    private func found(
        _ world: World, port: UInt16 = 80, at location: ClientLocation = ClientLocation(), instance: String? = nil
    ) -> [MeshPolicy.Endpoint]? {
        let query = EndpointsQuery(service: ObjectKey(namespace: "ns-0", name: "web"), port: port)
        guard case .found(let set) = query.answer(in: ClusterView(world.snapshot), settings: world.settings) else {
            return nil
        }
        return set.endpoints(for: location, instance: instance)
    }

    private func endpoint(
        _ address: String, pod: String? = nil, ready: Bool? = true, terminating: Bool? = nil, zone: String? = nil,
        hints: [String] = [], node: String? = nil, hostname: String? = nil
    ) -> MeshResources.Endpoint {
        MeshResources.Endpoint(
            addresses: [address], conditions: EndpointConditions(ready: ready, terminating: terminating),
            hostname: hostname, nodeName: node, zone: zone,
            targetRef: pod.map { ObjectReference(kind: "Pod", name: $0) },
            hints: hints.isEmpty ? nil : EndpointHints(forZones: hints.map { ZoneHint(name: $0) }))
    }

    private func proxied() -> [Container] {
        [
            Container(
                name: "linkerd-proxy",
                env: [
                    EnvVar(name: "LINKERD2_PROXY_INBOUND_LISTEN_ADDR", value: "0.0.0.0:4143"),
                    EnvVar(name: "LINKERD2_PROXY_ADMIN_LISTEN_ADDR", value: "0.0.0.0:4191"),
                    EnvVar(name: "LINKERD2_PROXY_CONTROL_LISTEN_ADDR", value: "0.0.0.0:4190"),
                ])
        ]
    }

    @Test("a port of the Service leads to the port of that name, an undefined one to itself")
    func ports() {
        let world = self.world([self.endpoint("10.1.0.1")])
        #expect(self.found(world)?.map(\.address.description) == ["10.1.0.1:8080"])
        #expect(self.found(world, port: 9000)?.map(\.address.description) == ["10.1.0.1:9000"])
        #expect(self.found(self.world([self.endpoint("10.1.0.1")], slicePorts: []))?.isEmpty == true)
    }

    @Test("only endpoints that are ready and stay get new connections")
    func readiness() {
        let world = self.world([
            self.endpoint("10.1.0.1"), self.endpoint("10.1.0.2", ready: nil), self.endpoint("10.1.0.3", ready: false),
            self.endpoint("10.1.0.4", terminating: true),
        ])
        #expect(self.found(world)?.map(\.address.ip.description) == ["10.1.0.1", "10.1.0.2"])
    }

    @Test("a meshed pod of ours has an identity; one of another mesh has none")
    func identity() throws {
        var world = self.world([self.endpoint("10.1.0.1", pod: "ours"), self.endpoint("10.1.0.2", pod: "theirs")])
        world.pod("ours", labels: [:], containers: self.proxied())
        world.pod("theirs", labels: ["linkerd.io/control-plane-ns": "elsewhere"], containers: self.proxied())
        let endpoints = try #require(self.found(world))
        #expect(endpoints[0].tls == EndpointTLS(dns: "default.ns-0.serviceaccount.identity.linkerd.cluster.local"))
        #expect(endpoints[1].tls == nil)
        #expect(endpoints.map(\.hint) == [.http2, .http2])
        #expect(endpoints.map(\.transportPort) == [nil, nil])
        #expect(endpoints[0].http2?.keepAlive?.interval == .seconds(10))
        #expect(endpoints[0].labels["pod"] == "ours")
        #expect(endpoints[0].labels["control_plane_ns"] == "linkerd")
    }

    @Test("a meshed pod whose proxy cannot be made out is left out; so is one that is not known yet")
    func brokenProxy() {
        var world = self.world([self.endpoint("10.1.0.1", pod: "broken"), self.endpoint("10.1.0.2", pod: "later")])
        world.pod("broken", labels: [:])
        #expect(self.found(world)?.isEmpty == true)
        world.pod("later", labels: [:], containers: self.proxied())
        #expect(self.found(world)?.map(\.address.ip.description) == ["10.1.0.2"])
    }

    @Test(
        "a port is opaque by annotation, by default or by a Server",
        arguments: ["8080", "8000-9000", "http"])
    func opaque(annotation: String) throws {
        var world = self.world([self.endpoint("10.1.0.1", pod: "p")])
        var containers = self.proxied()
        containers.append(Container(name: "app", ports: [ContainerPort(name: "http", containerPort: 8080)]))
        world.pod("p", labels: ["app": "p"], containers: containers)
        #expect(self.found(world)?.first?.hint == .http2)
        world.pod(
            "p", labels: ["app": "p"], annotations: ["config.linkerd.io/opaque-ports": annotation],
            containers: containers)
        #expect(self.found(world)?.first?.hint == .opaque)
        #expect(self.found(world)?.first?.transportPort == 4143)
        world.pod(
            "p", labels: ["app": "p"], annotations: ["config.linkerd.io/opaque-ports": ""], containers: containers)
        #expect(self.found(world)?.first?.hint == .http2)
        world.server("srv", port: "http", proto: .opaque, select: ["app": "p"])
        #expect(self.found(world)?.first?.hint == .opaque)
    }

    @Test("ports that skip the proxy are spoken to in the clear")
    func skipped() throws {
        var world = self.world([self.endpoint("10.1.0.1", pod: "p")])
        world.pod(
            "p", labels: [:], annotations: ["config.linkerd.io/skip-inbound-ports": "8080"],
            containers: self.proxied())
        let endpoint = try #require(self.found(world)?.first)
        #expect(endpoint.tls == nil)
        #expect(endpoint.hint == nil)
    }

    @Test("zone hints count only when every endpoint has some, and never leave nothing")
    func zones() {
        let hinted = self.world([
            self.endpoint("10.1.0.1", zone: "a", hints: ["a"]), self.endpoint("10.1.0.2", zone: "b", hints: ["b"]),
        ])
        #expect(self.found(hinted, at: ClientLocation(zone: "a"))?.map(\.address.ip.description) == ["10.1.0.1"])
        #expect(self.found(hinted, at: ClientLocation(zone: "c"))?.count == 2)
        #expect(self.found(hinted)?.count == 2)
        let partly = self.world([self.endpoint("10.1.0.1", zone: "a", hints: ["a"]), self.endpoint("10.1.0.2")])
        #expect(self.found(partly, at: ClientLocation(zone: "a"))?.count == 2)
    }

    @Test("internalTrafficPolicy Local keeps clients on their node, without a way out")
    func nodeLocal() {
        var world = self.world([self.endpoint("10.1.0.1", node: "n1"), self.endpoint("10.1.0.2", node: "n2")])
        var service = world.service("web", ports: [])
        service.spec.internalTrafficPolicy = "Local"
        service.spec.ports = [ServicePort(name: "http", port: 80)]
        world.snapshot.apply(service, in: ClusterCollections.services)
        #expect(self.found(world, at: ClientLocation(node: "n2"))?.map(\.address.ip.description) == ["10.1.0.2"])
        #expect(self.found(world, at: ClientLocation(node: "n3"))?.isEmpty == true)
        #expect(self.found(world)?.isEmpty == true)
    }

    @Test("an instance's name narrows the list to it")
    func instance() {
        let world = self.world([
            self.endpoint("10.1.0.1", hostname: "web-0"), self.endpoint("10.1.0.2", hostname: "web-1"),
        ])
        #expect(self.found(world, instance: "web-1")?.map(\.address.ip.description) == ["10.1.0.2"])
        #expect(self.found(world, instance: "web-2")?.isEmpty == true)
    }

    @Test("missing Services and names of something outside are told apart")
    func kinds() {
        var world = World.shipped
        let query = EndpointsQuery(service: ObjectKey(namespace: "ns-0", name: "web"), port: 80)
        #expect(query.answer(in: ClusterView(world.snapshot), settings: world.settings) == .missing)
        world.service("web", ip: nil, type: .externalName)
        #expect(query.answer(in: ClusterView(world.snapshot), settings: world.settings) == .external)
    }
}
