import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import Testing

@Suite struct InboundScenarios {
    private static let cluster = [NetworkMatch(IPNetwork("192.0.2.0/24") ?? .all4)]
    private static let tenNetwork = [NetworkMatch(IPNetwork("10.0.0.0/8") ?? .all4)]

    // MARK: - 12 Probes and ports

    @Test("12.1 probes are found by number and by name, in init containers too")
    func probes() {
        var world = World()
        world.settings.probeNetworks = [.all4]
        func get(_ path: String?, _ port: IntOrString) -> Probe {
            Probe(httpGet: HTTPGetAction(path: path, port: port))
        }
        world.pod(
            containers: [
                Container(
                    name: "c1", livenessProbe: get("/liveness-container-1", 5432),
                    readinessProbe: get("/ready-container-1", 5432)),
                Container(
                    name: "c2", ports: [ContainerPort(name: "named-1", containerPort: 6543)],
                    livenessProbe: get("/liveness-container-2", "named-1"),
                    readinessProbe: get("/ready-container-2", 6543)),
            ],
            initContainers: [
                Container(name: "i", livenessProbe: get("/live", 4191), readinessProbe: get("/ready", 4191))
            ])
        #expect(self.probePaths(world, 5432) == ["/liveness-container-1", "/ready-container-1"])
        #expect(self.probePaths(world, 6543) == ["/liveness-container-2", "/ready-container-2"])
        #expect(self.probePaths(world, 4191) == ["/live", "/ready"])
    }

    @Test("12.2–12.4 UDP ports have no probes, a path defaults to /, a query is cut off")
    func probeDetails() {
        var world = World()
        world.settings.probeNetworks = [.all4]
        world.pod(containers: [
            Container(
                name: "c", ports: [ContainerPort(name: "dns", containerPort: 53, protocol: .udp)],
                livenessProbe: Probe(httpGet: HTTPGetAction(path: "/udp", port: "dns")),
                readinessProbe: Probe(httpGet: HTTPGetAction(port: 8080)),
                startupProbe: Probe(httpGet: HTTPGetAction(path: "/liveness-container-1?foo=bar", port: 8081)))
        ])
        #expect(self.probePaths(world, 53) == [])
        #expect(self.probePaths(world, 8080) == ["/"])
        #expect(self.probePaths(world, 8081) == ["/liveness-container-1"])
    }

    private func probePaths(_ world: World, _ port: UInt16) -> [String] {
        let route = world.inbound(port)?.http?.routes.first { $0.metadata == .implicit("probe") }
        return (route?.rules.first?.matches ?? []).compactMap { match in
            guard case .exact(let path)? = match.path, match.method == "GET" else { return nil }
            return path.string
        }
    }

    @Test("12.5 ports of all containers are found by their names")
    func portNames() {
        var world = World()
        world.pod(
            containers: [
                Container(
                    name: "c",
                    ports: [
                        ContainerPort(name: "http", containerPort: 8080),
                        ContainerPort(name: "grpc", containerPort: 8801),
                    ])
            ],
            initContainers: [Container(name: "i", ports: [ContainerPort(name: "linkerd-admin", containerPort: 4191)])])
        for (name, port) in [("http", 8080), ("grpc", 8801), ("linkerd-admin", 4191)] as [(String, UInt16)] {
            world.server(name, port: .string(name))
            #expect(world.inbound(port)?.metadata.name == name)
        }
    }

    // MARK: - 13 Defaults

    @Test("13.1 an unknown pod has no policy")
    func unknownPod() { #expect(World().inbound(8080) == nil) }

    @Test("13.1 a pod without a proxy has no policy")
    func unmeshedPod() {
        var world = World()
        let pod = Pod(metadata: world.meta("pod-0"))
        world.snapshot.apply(pod, in: ClusterCollections.pods)
        #expect(world.inbound(8080) == nil)
    }

    @Test("13.2, 13.3 the annotation of the pod beats the cluster's default", arguments: DefaultPolicy.allCases)
    func defaults(policy: DefaultPolicy) {
        var world = World()
        world.pod()
        #expect(world.inbound(8080)?.metadata == .implicit("cluster-unauthenticated"))
        world.pod(annotations: ["config.linkerd.io/default-inbound-policy": policy.rawValue])
        #expect(world.inbound(8080)?.metadata == .implicit(policy.rawValue))
        #expect(world.inbound(8080)?.authorizations == policy.authorizations(cluster: world.settings.clusterNetworks))
    }

    @Test("an annotation that is no policy is as good as none")
    func unreadableDefault() {
        var world = World()
        world.pod(annotations: ["config.linkerd.io/default-inbound-policy": "all"])
        #expect(world.inbound(8080)?.metadata == .implicit("cluster-unauthenticated"))
    }

    @Test("13.4 a port that the pod calls opaque is opaque", arguments: DefaultPolicy.allCases)
    func opaquePort(policy: DefaultPolicy) {
        var world = World()
        world.pod(annotations: [
            "config.linkerd.io/opaque-ports": "2222", "config.linkerd.io/default-inbound-policy": policy.rawValue,
        ])
        #expect(world.inbound(2222)?.protocol == .opaque)
        #expect(world.inbound(2222)?.authorizations == policy.authorizations(cluster: world.settings.clusterNetworks))
        #expect(world.inbound(2223)?.http != nil)
    }

    @Test(
        "13.5 ports that require identity get the authenticated twin of an allowing policy",
        arguments: DefaultPolicy.allCases)
    func requiredIdentity(policy: DefaultPolicy) {
        var world = World()
        world.pod(annotations: [
            "config.linkerd.io/proxy-require-identity-inbound-ports": "2222",
            "config.linkerd.io/default-inbound-policy": policy.rawValue,
        ])
        let expected: DefaultPolicy =
            switch policy {
            case .allUnauthenticated, .allAuthenticated: .allAuthenticated
            case .clusterUnauthenticated, .clusterAuthenticated: .clusterAuthenticated
            case .deny: .deny
            case .audit: .audit
            }
        #expect(world.inbound(2222)?.metadata == .implicit(expected.rawValue))
        #expect(world.inbound(2222)?.protocol == .detect(timeout: .seconds(1), http: InboundHTTP(routes: [.default])))
        #expect(world.inbound(2223)?.metadata == .implicit(policy.rawValue))
    }

    @Test("13.6 a port without a Server has the default route and no limit")
    func serverless() {
        var world = World()
        world.pod()
        #expect(world.inbound(8080)?.protocol == .detect(timeout: .seconds(1), http: InboundHTTP(routes: [.default])))
    }

    // MARK: - 14 Servers

    @Test("14.1 a Server takes over a port by its name")
    func serverByName() {
        var world = World()
        world.pod(ports: [ContainerPort(name: "admin", containerPort: 8080)])
        #expect(world.inbound(8080)?.metadata.kind == "default")
        world.server("srv-admin", port: "admin", proto: .http1)
        let policy = world.inbound(8080)
        #expect(policy?.metadata == Self.metadata("server", "srv-admin"))
        #expect(policy?.protocol == .http1(InboundHTTP(routes: [.default])))
        #expect(policy?.authorizations == [])
    }

    @Test("14.2 a Server governs a number that no container declares")
    func serverByNumber() {
        var world = World()
        world.pod()
        world.server("srv", port: 8080)
        #expect(world.inbound(8080)?.metadata.name == "srv")
        #expect(world.inbound(8081)?.metadata.kind == "default")
    }

    @Test("14.3 an HTTP Server without routes has the default route and admits nobody")
    func httpServer() {
        var world = World()
        world.pod()
        world.server("srv", port: 8080, proto: .http1)
        #expect(world.inbound(8080)?.protocol == .http1(InboundHTTP(routes: [.default])))
        #expect(world.inbound(8080)?.authorizations == [])
    }

    @Test("14.4 a gRPC Server without routes has the default gRPC route")
    func grpcServer() {
        var world = World()
        world.pod()
        world.server("srv", port: 8080, proto: .grpc)
        #expect(world.inbound(8080)?.protocol == .grpc([.default]))
    }

    @Test("of two Servers for a port the older one holds it, and the younger takes over")
    func conflict() {
        var world = World()
        world.pod()
        let old = world.server("zz-old", port: 8080, proto: .http1)
        world.server("aa-new", port: 8080, proto: .opaque)
        #expect(world.inbound(8080)?.metadata.name == "zz-old")
        world.snapshot.delete(old.key, in: ClusterCollections.servers)
        #expect(world.inbound(8080)?.metadata.name == "aa-new")
    }

    @Test("several containers may call different ports by one name: all are governed")
    func sharedName() {
        var world = World()
        world.pod(containers: [
            Container(name: "a", ports: [ContainerPort(name: "http", containerPort: 80)]),
            Container(name: "b", ports: [ContainerPort(name: "http", containerPort: 8080)]),
        ])
        world.server("srv", port: "http")
        #expect(world.inbound(80)?.metadata.name == "srv")
        #expect(world.inbound(8080)?.metadata.name == "srv")
    }

    @Test("a Server of another namespace, or for other labels, governs nothing")
    func foreignServer() {
        var world = World()
        world.pod()
        world.server("srv", in: "ns-1", port: 8080)
        world.server("other", port: 8080, select: ["app": "app-1"])
        #expect(world.inbound(8080)?.metadata.kind == "default")
    }

    // MARK: - 15 Authorizations

    @Test(
        "15.1–15.5 a policy counts only while all authentications that it requires exist",
        arguments: ["Server", "Namespace"])
    func authorizationPolicy(target: String) {
        var world = World()
        world.pod()
        world.server("srv", port: 8080)
        let reference =
            target == "Server"
            ? LocalTargetReference(group: "policy.linkerd.io", kind: "Server", name: "srv")
            : LocalTargetReference(kind: "Namespace", name: "ns-0")
        let policy = AuthorizationPolicy(
            metadata: world.meta("authz-foo"),
            spec: AuthorizationPolicySpec(
                targetRef: reference,
                requiredAuthenticationRefs: [
                    NamespacedTargetReference(
                        group: "policy.linkerd.io", kind: "NetworkAuthentication", name: "net-foo"),
                    NamespacedTargetReference(
                        group: "policy.linkerd.io", kind: "MeshTLSAuthentication", name: "mtls-bar", namespace: "ns-1"),
                ]))
        world.snapshot.apply(policy, in: ClusterCollections.authorizationPolicies)
        #expect(world.inbound(8080)?.authorizations == [])
        let network = NetworkAuthentication(
            metadata: world.meta("net-foo"), spec: NetworkAuthenticationSpec(networks: [CIDRBlock(cidr: "10.0.0.0/8")]))
        world.snapshot.apply(network, in: ClusterCollections.networkAuthentications)
        #expect(world.inbound(8080)?.authorizations == [])
        let mesh = MeshTLSAuthentication(
            metadata: world.meta("mtls-bar", "ns-1"), spec: MeshTLSAuthenticationSpec(identities: ["foo.bar"]))
        world.snapshot.apply(mesh, in: ClusterCollections.meshTLSAuthentications)
        let expected = Authorization(
            networks: Self.tenNetwork, authentication: .identities(IdentityMatch(exact: ["foo.bar"], suffixes: [])),
            metadata: Self.metadata("authorizationpolicy", "authz-foo"))
        #expect(world.inbound(8080)?.authorizations == [expected])
        world.snapshot.reset([], in: ClusterCollections.meshTLSAuthentications)
        #expect(world.inbound(8080)?.authorizations == [])
    }

    @Test("15.3 a ServiceAccount is an exact identity")
    func serviceAccount() {
        var world = World()
        world.pod()
        world.server("srv", port: 8080)
        let policy = AuthorizationPolicy(
            metadata: world.meta("authz-foo"),
            spec: AuthorizationPolicySpec(
                targetRef: LocalTargetReference(group: "policy.linkerd.io", kind: "Server", name: "srv"),
                requiredAuthenticationRefs: [
                    NamespacedTargetReference(group: "CORE", kind: "serviceaccount", name: "foo")
                ]))
        world.snapshot.apply(policy, in: ClusterCollections.authorizationPolicies)
        let identity: ByteString = "foo.ns-0.serviceaccount.identity.linkerd.cluster.example.com"
        #expect(
            world.inbound(8080)?.authorizations.map(\.authentication)
                == [.identities(IdentityMatch(exact: [identity], suffixes: []))])
        #expect(world.inbound(8080)?.authorizations.map(\.networks) == [NetworkMatch.everywhere])
    }

    @Test("15.6, 15.7 a ServerAuthorization selects Servers by name or labels", arguments: [true, false])
    func serverAuthorization(byName: Bool) {
        var world = World()
        world.pod()
        world.server("srv", port: 8080, proto: .http1, labels: ["app": "app-0"])
        let selection =
            byName
            ? ServerReference(name: "srv") : ServerReference(selector: LabelSelector(matchLabels: ["app": "app-0"]))
        let object = ServerAuthorization(
            metadata: world.meta("authz-foo"),
            spec: ServerAuthorizationSpec(
                server: selection,
                client: ClientRequirements(
                    networks: [CIDRBlock(cidr: "10.0.0.0/8")], meshTLS: MeshTLSRequirements(identities: ["foo.bar"]))))
        world.snapshot.apply(object, in: ClusterCollections.serverAuthorizations)
        let policy = world.inbound(8080)
        #expect(
            policy?.authorizations == [
                Authorization(
                    networks: Self.tenNetwork,
                    authentication: .identities(IdentityMatch(exact: ["foo.bar"], suffixes: [])),
                    metadata: Self.metadata("serverauthorization", "authz-foo"))
            ])
        #expect(policy?.metadata.name == "srv")
    }

    @Test("a ServerAuthorization without networks is for the cluster's")
    func clusterNetworks() {
        var world = World()
        world.pod()
        world.server("srv", port: 8080)
        let object = ServerAuthorization(
            metadata: world.meta("a"),
            spec: ServerAuthorizationSpec(
                server: ServerReference(name: "srv"), client: ClientRequirements(unauthenticated: true)))
        world.snapshot.apply(object, in: ClusterCollections.serverAuthorizations)
        #expect(world.inbound(8080)?.authorizations.map(\.networks) == [Self.cluster])
    }

    @Test(
        "what cannot be read as a whole allows nobody",
        arguments: [
            ClientRequirements(),
            ClientRequirements(networks: [CIDRBlock(cidr: "10.0.0.0/33")], unauthenticated: true),
            ClientRequirements(networks: [CIDRBlock(cidr: "0.0.0.0/0", except: ["bogus"])], unauthenticated: true),
            ClientRequirements(meshTLS: MeshTLSRequirements()),
            ClientRequirements(unauthenticated: true, meshTLS: MeshTLSRequirements(identities: ["*"])),
            ClientRequirements(meshTLS: MeshTLSRequirements(unauthenticatedTLS: true, identities: ["a.b"])),
        ])
    func unreadable(client: ClientRequirements) {
        var world = World()
        world.pod()
        world.server("srv", port: 8080)
        let object = ServerAuthorization(
            metadata: world.meta("a"),
            spec: ServerAuthorizationSpec(server: ServerReference(name: "srv"), client: client))
        world.snapshot.apply(object, in: ClusterCollections.serverAuthorizations)
        #expect(world.inbound(8080)?.authorizations == [])
    }

    @Test("17.3 accessPolicy audit adds the audit authorization, after all others")
    func audit() {
        var world = World()
        world.pod()
        world.server("srv", port: 8080, access: .audit)
        #expect(world.inbound(8080)?.authorizations.map(\.metadata) == [.implicit("audit")])
        #expect(world.inbound(8080)?.metadata.name == "srv")
    }

    static func metadata(_ kind: String, _ name: String) -> PolicyMetadata {
        .resource(ResourceReference(group: "policy.linkerd.io", kind: kind, name: name))
    }
}
