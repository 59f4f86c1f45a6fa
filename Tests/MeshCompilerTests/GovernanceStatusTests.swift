import MeshCompiler
import MeshModel
import MeshResources
import Testing

/// What Servers, authorizations and authentications say of themselves.
@Suite struct GovernanceStatusTests {
    private func status(_ world: inout World, _ kind: String, _ name: String) -> GovernanceStatus? {
        world.reconcile()
        let key = ObjectKey(namespace: "ns-0", name: name)
        return switch kind {
        case "Server": world.snapshot.servers[key]?.status
        case "ServerAuthorization": world.snapshot.serverAuthorizations[key]?.status
        case "AuthorizationPolicy": world.snapshot.authorizationPolicies[key]?.status
        case "MeshTLSAuthentication": world.snapshot.meshTLSAuthentications[key]?.status
        default: world.snapshot.networkAuthentications[key]?.status
        }
    }

    private func summary(_ status: GovernanceStatus?) -> String {
        let reasons = (status?.conditions ?? []).map { "\($0.status.rawValue)/\($0.reason ?? "")" }
        return (reasons + ["\(status?.workloads ?? -1)", "\(status?.ports ?? -1)"]).joined(separator: " ")
    }

    private static let good = "True/Accepted True/ResolvedRefs"

    private func policy(
        _ world: inout World, _ name: String, target: LocalTargetReference? = nil,
        references: [NamespacedTargetReference] = []
    ) {
        world.snapshot.apply(
            AuthorizationPolicy(
                metadata: world.meta(name),
                spec: AuthorizationPolicySpec(
                    targetRef: target ?? .init(group: "policy.linkerd.io", kind: "Server", name: "srv"),
                    requiredAuthenticationRefs: references)), in: ClusterCollections.authorizationPolicies)
    }

    @Test("a Server counts the workloads and ports that it governs")
    func servers() {
        var world = World()
        world.pod("a", ports: [ContainerPort(name: "http", containerPort: 80)])
        world.pod(
            "b",
            containers: [
                Container(name: "x", ports: [ContainerPort(name: "http", containerPort: 80)]),
                Container(name: "y", ports: [ContainerPort(name: "http", containerPort: 81)]),
            ])
        world.pod("other", labels: ["app": "other"])
        world.server("srv", port: "http")
        world.server("late", port: 80)
        world.server("nobody", port: 80, select: ["app": "none"])
        world.server("nowhere", port: "grpc")
        #expect(self.summary(self.status(&world, "Server", "srv")) == "\(Self.good) 2 3")
        #expect(
            self.summary(self.status(&world, "Server", "late")) == "False/Conflicted True/ResolvedRefs 0 0",
            "the older one holds both ports")
        let nobody = self.status(&world, "Server", "nobody")
        #expect(self.summary(nobody) == "\(Self.good) 0 0")
        #expect(nobody?.conditions.first?.message == "no meshed workload matches the selector")
        #expect(self.summary(self.status(&world, "Server", "nowhere")) == "True/Accepted False/PortNotFound 0 0")
        #expect(world.writes.isEmpty, "what was written is what should be")
    }

    @Test("a ServerAuthorization says whether it selects a Server and can be read")
    func serverAuthorizations() {
        var world = World()
        world.pod()
        world.server("srv", port: 80)
        func apply(_ name: String, server: String, _ client: ClientRequirements) {
            world.snapshot.apply(
                ServerAuthorization(
                    metadata: world.meta(name),
                    spec: ServerAuthorizationSpec(server: ServerReference(name: server), client: client)),
                in: ClusterCollections.serverAuthorizations)
        }
        apply("good", server: "srv", ClientRequirements(unauthenticated: true))
        apply("lost", server: "gone", ClientRequirements(unauthenticated: true))
        apply("typo", server: "srv", ClientRequirements(networks: [CIDRBlock(cidr: "10.0/8")], unauthenticated: true))
        #expect(self.summary(self.status(&world, "ServerAuthorization", "good")) == "\(Self.good) 1 1")
        #expect(
            self.summary(self.status(&world, "ServerAuthorization", "lost")) == "True/Accepted False/ServerNotFound 0 0"
        )
        let typo = self.status(&world, "ServerAuthorization", "typo")
        #expect(self.summary(typo) == "False/Invalid True/ResolvedRefs 0 0")
        #expect(typo?.conditions.first?.message == "10.0/8 is no network")
    }

    @Test(
        "an AuthorizationPolicy says what it misses",
        arguments: [
            (LocalTargetReference(group: "policy.linkerd.io", kind: "Server", name: "srv"), "m", "\(good) 1 1"),
            (LocalTargetReference(kind: "Namespace", name: "ns-0"), "m", "\(good) 1 2"),
            (LocalTargetReference(kind: "Namespace", name: "ns-1"), "m", "False/Invalid True/ResolvedRefs 0 0"),
            (
                LocalTargetReference(group: "policy.linkerd.io", kind: "Server", name: "gone"), "m",
                "False/NoMatchingTarget True/ResolvedRefs 0 0"
            ),
            (
                LocalTargetReference(group: "policy.linkerd.io", kind: "HTTPRoute", name: "gone"), "m",
                "False/NoMatchingTarget True/ResolvedRefs 0 0"
            ),
            (
                LocalTargetReference(group: "apps", kind: "Deployment", name: "d"), "m",
                "False/Invalid True/ResolvedRefs 0 0"
            ),
            (
                LocalTargetReference(group: "policy.linkerd.io", kind: "Server", name: "srv"), "gone",
                "True/Accepted False/AuthenticationNotFound 0 0"
            ),
            (
                LocalTargetReference(group: "policy.linkerd.io", kind: "Server", name: "srv"), "empty",
                "True/Accepted False/InvalidAuthentication 0 0"
            ),
        ])
    func policies(target: LocalTargetReference, mesh: String, expected: String) {
        var world = World()
        world.pod()
        world.server("srv", port: 80)
        world.server("srv2", port: 81)
        for (name, identities) in [("m", ["*"]), ("empty", [])] {
            world.snapshot.apply(
                MeshTLSAuthentication(
                    metadata: world.meta(name), spec: MeshTLSAuthenticationSpec(identities: identities)),
                in: ClusterCollections.meshTLSAuthentications)
        }
        self.policy(
            &world, "p", target: target,
            references: [.init(group: "policy.linkerd.io", kind: "MeshTLSAuthentication", name: mesh)])
        #expect(self.summary(self.status(&world, "AuthorizationPolicy", "p")) == expected)
        #expect(
            self.summary(self.status(&world, "MeshTLSAuthentication", "empty"))
                == "False/Invalid True/ResolvedRefs 0 0")
        #expect(world.writes.isEmpty)
    }

    @Test("an authentication counts what is governed through it")
    func authentications() {
        var world = World()
        world.pod("a")
        world.pod("b")
        world.server("srv", port: 80)
        for (name, cidr) in [("used", "10.0.0.0/8"), ("idle", "10.0.0.0/8"), ("typo", "10.0.0.0/99")] {
            world.snapshot.apply(
                NetworkAuthentication(
                    metadata: world.meta(name), spec: NetworkAuthenticationSpec(networks: [CIDRBlock(cidr: cidr)])),
                in: ClusterCollections.networkAuthentications)
        }
        for name in ["used", "typo"] {
            self.policy(
                &world, name,
                references: [.init(group: "policy.linkerd.io", kind: "NetworkAuthentication", name: name)])
        }
        #expect(self.summary(self.status(&world, "NetworkAuthentication", "used")) == "\(Self.good) 2 2")
        #expect(self.summary(self.status(&world, "NetworkAuthentication", "idle")) == "\(Self.good) 0 0")
        #expect(
            self.summary(self.status(&world, "NetworkAuthentication", "typo")) == "False/Invalid True/ResolvedRefs 0 0")
    }

    @Test("a status that changes alone makes nothing compile again")
    func quietStatus() {
        var world = World()
        var server = world.server("srv", port: 80)
        server.status = GovernanceStatus(workloads: 3, ports: 3)
        #expect(world.snapshot.apply(server, in: ClusterCollections.servers) == [.kind(.server)])
        server.spec.port = 81
        #expect(world.snapshot.apply(server, in: ClusterCollections.servers).count > 1)
    }
}
