import Foundation
import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import MeshTestKit
import Testing

/// True when tests that take long are wanted.
let isNightly = ProcessInfo.processInfo.environment["HEDDLE_NIGHTLY"] == "1"

/// Whatever is written badly: a port never admits more than what was written well would.
@Suite struct BadInputTests {
    /// Clients of all sorts; what they may do is compared before and after.
    private static let clients: [(IPAddress, PeerIdentity)] = [
        (.v4(0x0A01_0001), .clear), (.v4(0x0A01_0001), .anonymous), (.v4(0x0A01_0001), .dns("id-0")),
        (.v4(0x0A01_0001), .dns("id-1")), (.v4(0x0AFF_0001), .dns("id-2")), (.v4(0x0AFF_0001), .clear),
        (.v4(0x5DB8_D822), .clear), (.v4(0x5DB8_D822), .dns("id-0")), (.v6(0x2001_0db8_0000_0000, 1), .clear),
        (.v4(0x5DB8_D822), .uri("spiffe://a/b")),
    ]

    /// Which of the clients may fetch `/` on port 8080 of a pod.
    private static func admitted(_ world: World, _ pod: String = "pod-0") -> Set<Int> {
        guard let policy = world.inbound(8080, pod: pod) else { return [] }
        let request = WrittenRequest(target: "/", authority: "web")
        return Set(
            Self.clients.indices.filter { index in
                let (peer, identity) = Self.clients[index]
                if policy.authorizeConnection(peer: peer, identity: identity) != nil { return true }
                if case .allow = policy.decide(request, peer: peer, identity: identity) { return true }
                return false
            })
    }

    // MARK: - Properties

    @Test("taking away what authorizes never lets anybody in", arguments: 0..<UInt64(60))
    func removal(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var world = World.shipped
        for _ in 0..<60 { _ = world.step(using: &random) }
        func check(_ remove: (inout ClusterSnapshot) -> Void) {
            var less = world
            remove(&less.snapshot)
            for pod in ["p0", "p1"] {
                #expect(Self.admitted(less, pod).isSubset(of: Self.admitted(world, pod)))
            }
        }
        for name in ["0", "1"] {
            let key = { (prefix: String) in ObjectKey(namespace: "ns-0", name: prefix + name) }
            check { $0.delete(key("a"), in: ClusterCollections.authorizationPolicies) }
            check { $0.delete(key("sa"), in: ClusterCollections.serverAuthorizations) }
            check { $0.delete(key("m"), in: ClusterCollections.meshTLSAuthentications) }
            check { $0.delete(key("n"), in: ClusterCollections.networkAuthentications) }
        }
    }

    @Test("a Server that is told to deny never lets anybody in", arguments: 0..<UInt64(60))
    func deny(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var world = World.shipped
        for _ in 0..<60 { _ = world.step(using: &random) }
        for var server in [0, 1].compactMap({ world.snapshot.servers[ObjectKey(namespace: "ns-0", name: "srv\($0)")] })
        {
            server.spec.accessPolicy = .deny
            var strict = world
            strict.snapshot.apply(server, in: ClusterCollections.servers)
            for pod in ["p0", "p1"] {
                #expect(Self.admitted(strict, pod).isSubset(of: Self.admitted(world, pod)))
            }
        }
    }

    /// A port that one authorization with these networks guards, once for each kind of authorization.
    private static func guarded(by networks: [CIDRBlock]) -> [World] {
        var old = World.shipped
        old.pod()
        old.server("srv", port: 8080)
        var new = old
        old.snapshot.apply(
            ServerAuthorization(
                metadata: old.meta("a"),
                spec: ServerAuthorizationSpec(
                    server: ServerReference(name: "srv"),
                    client: ClientRequirements(networks: networks, unauthenticated: true))),
            in: ClusterCollections.serverAuthorizations)
        new.snapshot.apply(
            NetworkAuthentication(metadata: new.meta("n"), spec: NetworkAuthenticationSpec(networks: networks)),
            in: ClusterCollections.networkAuthentications)
        new.snapshot.apply(
            AuthorizationPolicy(
                metadata: new.meta("a"),
                spec: AuthorizationPolicySpec(
                    targetRef: LocalTargetReference(group: "policy.linkerd.io", kind: "Server", name: "srv"),
                    requiredAuthenticationRefs: [
                        NamespacedTargetReference(group: "policy.linkerd.io", kind: "NetworkAuthentication", name: "n")
                    ])), in: ClusterCollections.authorizationPolicies)
        return [old, new]
    }

    @Test("a slip of the pen in a network makes it admit nobody, or what it says", arguments: 0..<UInt64(200))
    func typos(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        func slip(_ text: String) -> String {
            var characters = Array(text)
            let index = Int.random(in: 0..<characters.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: characters.remove(at: index)
            case 1: characters.insert(Array("x./-: 5").randomElement(using: &random) ?? "x", at: index)
            default: characters[index] = Array("x./-: 5").randomElement(using: &random) ?? "x"
            }
            return String(characters)
        }
        let except = slip("10.255.0.0/16")
        for world in Self.guarded(by: [CIDRBlock(cidr: "10.0.0.0/8", except: [except])]) {
            // Whoever reads the exception as a network takes it for one; otherwise nobody may come in.
            let expected = Set(
                Self.clients.indices.filter { index in
                    guard let exception = IPNetwork(except), let net = IPNetwork("10.0.0.0/8") else { return false }
                    return net.contains(Self.clients[index].0) && !exception.contains(Self.clients[index].0)
                })
            #expect(Self.admitted(world) == expected, "except \(except)")
        }
        let cidr = slip("10.1.0.0/16")
        for world in Self.guarded(by: [CIDRBlock(cidr: cidr)]) {
            let expected = Set(
                Self.clients.indices.filter { IPNetwork(cidr)?.contains(Self.clients[$0].0) ?? false })
            #expect(Self.admitted(world) == expected, "cidr \(cidr)")
        }
    }

    // MARK: - Shapes

    @Test("an exception outside its network takes nothing away and adds nothing")
    func exceptionOutside() {
        for world in Self.guarded(by: [CIDRBlock(cidr: "10.1.0.0/16", except: ["192.168.0.0/16"])]) {
            #expect(Self.admitted(world) == [0, 1, 2, 3])
        }
    }

    @Test("an exception that covers its network leaves nothing")
    func exceptionCovers() {
        for world in Self.guarded(by: [CIDRBlock(cidr: "10.1.0.0/16", except: ["10.0.0.0/8"])]) {
            #expect(Self.admitted(world) == [])
        }
    }

    @Test("an empty selector is for all pods of the namespace and for no other")
    func emptySelector() {
        var world = World.shipped
        world.pod("a", labels: [:])
        world.pod("b", in: "ns-1", labels: [:])
        world.server("srv", port: 8080, select: [:])
        #expect(world.inbound(8080, pod: "a")?.metadata.name == "srv")
        #expect(world.inbound(8080, pod: "b", in: "ns-1")?.metadata.kind == "default")
    }

    @Test("a Server without a selector governs nothing, and says so")
    func noSelector() throws {
        var world = World.shipped
        world.pod()
        let server = Server(metadata: world.meta("srv"), spec: ServerSpec(port: 8080))
        world.snapshot.apply(server, in: ClusterCollections.servers)
        #expect(world.inbound(8080)?.metadata.kind == "default")
        world.reconcile()
        #expect(world.snapshot.servers[server.key]?.status.conditions.first?.reason == "Invalid")
    }

    @Test("ports that are declared twice are one port")
    func duplicatePorts() {
        var world = World.shipped
        let port = ContainerPort(name: "http", containerPort: 8080)
        world.pod(containers: [Container(name: "a", ports: [port, port]), Container(name: "b", ports: [port])])
        world.server("srv", port: "http")
        world.reconcile()
        #expect(world.snapshot.servers[ObjectKey(namespace: "ns-0", name: "srv")]?.status.ports == 1)
        #expect(world.inbound(8080)?.metadata.name == "srv")
    }

    @Test(
        "ports that are none govern nothing",
        arguments: [IntOrString.int(0), .int(-1), .int(65536), .int(Int.max), "", "8080"])
    func nonsensePorts(port: IntOrString) {
        var world = World.shipped
        world.pod(ports: [ContainerPort(name: "", containerPort: 0), ContainerPort(containerPort: 8080)])
        world.server("srv", port: port)
        world.reconcile()
        for number in [1, 80, 8080, 65535] as [UInt16] { #expect(world.inbound(number)?.metadata.kind == "default") }
    }

    @Test("names and labels in other alphabets are names and labels like others")
    func alphabets() {
        var world = World.shipped
        world.pod("織機", in: "имя", labels: ["επίπεδο": "ملف"])
        world.server("שרת", in: "имя", port: 8080, select: ["επίπεδο": "ملف"])
        #expect(world.inbound(8080, pod: "織機", in: "имя")?.metadata.name == "שרת")
    }

    private static let costly = [
        "(a*)*b", "(a|a)*b", "(.*.*.*.*.*.*)*x", String(repeating: "a?", count: 400),
        "(((a{30}){30}){30}){30}", String(repeating: "(", count: 900), "a{1000000000}", "(x+x+)+y",
    ]

    @Test("expressions that ruin others take little time, and open nothing", arguments: costly)
    func regexes(pattern: String) throws {
        var world = World.shipped
        world.pod()
        world.server("srv", port: 8080, proto: .http1, access: .allUnauthenticated)
        let match = MeshResources.HTTPRouteMatch(path: HTTPPathMatch(type: .regularExpression, value: pattern))
        world.apply(
            HTTPRoute(
                group: .gateway, metadata: world.meta("r"),
                spec: HTTPRouteSpec(parentRefs: [.server("srv")], rules: [HTTPRouteRule(matches: [match])])))
        world.reconcile()
        let policy = try #require(world.inbound(8080))
        let request = WrittenRequest(target: "/" + String(repeating: "a", count: 8000), authority: "web")
        let start = ContinuousClock.now
        let verdict = policy.decide(request, peer: .v4(0x0A01_0001), identity: .clear)
        #expect(ContinuousClock.now - start < .seconds(2))
        #expect(verdict == .noRoute, "the path begins with a slash, which none of them matches")
    }

    @Test("objects as large as a cluster stores them compile, and admit what they say")
    func large() {
        let blocks = (0..<20_000).map { CIDRBlock(cidr: "10.\($0 / 256 % 128).\($0 % 256).0/24") }
        for world in Self.guarded(by: blocks + [CIDRBlock(cidr: "10.999.0.0/16")]) {
            #expect(Self.admitted(world) == [], "one of twenty thousand is wrong")
        }
        for world in Self.guarded(by: blocks) { #expect(Self.admitted(world) == [0, 1, 2, 3]) }
        var world = World.shipped
        world.pod()
        world.server("srv", port: 8080)
        world.snapshot.apply(
            ServerAuthorization(
                metadata: world.meta("a"),
                spec: ServerAuthorizationSpec(
                    server: ServerReference(name: "srv"),
                    client: ClientRequirements(
                        meshTLS: MeshTLSRequirements(identities: (0..<20_000).map { "id-\($0)" })))),
            in: ClusterCollections.serverAuthorizations)
        #expect(Self.admitted(world) == [2, 3, 4])
    }

    @Test("what a policy needs may go in any order, and come back", arguments: 0..<UInt64(30))
    func deletions(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let world = Self.guarded(by: [CIDRBlock(cidr: "10.1.0.0/16")])[1]
        let removals: [(inout ClusterSnapshot) -> Void] = [
            { $0.delete(ObjectKey(namespace: "ns-0", name: "n"), in: ClusterCollections.networkAuthentications) },
            { $0.delete(ObjectKey(namespace: "ns-0", name: "a"), in: ClusterCollections.authorizationPolicies) },
        ]
        var less = world
        for remove in removals.shuffled(using: &random) {
            remove(&less.snapshot)
            #expect(Self.admitted(less) == [], "the Server denies by itself")
        }
        less.snapshot = world.snapshot
        #expect(Self.admitted(less) == [0, 1, 2, 3])
    }
}
