import Glibc
import Logging
import MeshCodec
import MeshKubernetes
import MeshModel
import MeshResources
import Subprocess
import SystemPackage
import Testing

@testable import MeshLocal

extension MachineTests {
    /// Needs root and the program `heddle` beside the tests: whole clusters, compared before and after.
    @Suite(.enabled(if: TestLauncher.command != nil, "needs root and heddle"))
    struct LocalClusterTests {
        private static let root = FilePath("/tmp/heddle-cluster-tests-\(getpid())")

        private func configuration(_ name: String) throws -> LocalCluster.Configuration {
            var configuration = LocalCluster.Configuration(name: name)
            let programs = try #require(TestLauncher.programs)
            configuration.programs = programs
            configuration.launcher = programs.appending("heddle")
            configuration.stateRoot = Self.root
            configuration.apiPort = 0
            configuration.images = ["python": "/usr/bin/python3", "sh": "/bin/sh"]
            return configuration
        }

        /// What a cluster could leave behind on this machine.
        private func machine() async throws -> Set<String> {
            let processes = Files.entries("/proc").filter { Int($0) != nil }.compactMap { process in
                Files.text(FilePath("/proc/\(process)/cmdline")).map { $0.replacing("\u{0}", with: " ") }
            }.filter { $0.contains("heddle-mark") || $0.contains("run-container") || $0.contains("local up") }
            let listings = try await [
                "namespaces": Tool.run("ip", ["netns", "list"]), "links": Tool.run("ip", ["-o", "link", "show"]),
                "routes": Tool.run("ip", ["route"]), "addresses": Tool.run("ip", ["-o", "addr"]),
                "nftables": Tool.run("nft", ["list", "ruleset"]), "iptables": self.rules(),
                // `ip netns` itself mounts its folder once, and it stays.
                "mounts": (Files.text("/proc/mounts") ?? "").split(separator: "\n")
                    .filter { !$0.contains(" /run/netns ") }.joined(separator: "\n"),
                "forwarding": Files.text("/proc/sys/net/ipv4/ip_forward") ?? "",
                "state": Files.entries(Self.root).sorted().joined(separator: " "),
            ]
            return Set(
                processes.map { "process: \($0)" }
                    + listings.flatMap { name, text in text.split(separator: "\n").map { "\(name): \($0)" } })
        }

        /// The rules of iptables, without the time of the listing and the packets counted so far.
        private func rules() async throws -> String {
            try await Tool.run("iptables-save", []).split(separator: "\n").filter { !$0.hasPrefix("#") }
                .map { $0.prefix { $0 != "[" } }.joined(separator: "\n")
        }

        private func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
            for _ in 0..<600 {
                if try await condition() { return }
                try await Task.sleep(for: .milliseconds(50))
            }
            Issue.record("not in time: \(what)")
            throw CancellationError()
        }

        private func deployment(_ replicas: Int64) -> JSONValue {
            let script = "cp /etc/hostname index.html; exec python3 -m http.server 8000 --directory /srv/heddle-mark"
            let container: JSONValue = [
                "name": "web", "image": "sh",
                "args": ["-ec", .string("mkdir /srv/heddle-mark; cd /srv/heddle-mark; \(script)")],
                "ports": [["name": "http", "containerPort": 8000]],
                "readinessProbe": ["httpGet": ["path": "/", "port": "http"]],
            ]
            return [
                "metadata": ["name": "web"],
                "spec": [
                    "replicas": .integer(replicas), "selector": ["matchLabels": ["app": "web"]],
                    "template": [
                        "metadata": ["labels": ["app": "web"]],
                        "spec": ["containers": [container], "terminationGracePeriodSeconds": 1],
                    ],
                ],
            ]
        }

        private func startWeb(in cluster: LocalCluster) async throws {
            let service: JSONValue = [
                "metadata": ["name": "web"],
                "spec": ["selector": ["app": "web"], "ports": [["port": 80, "targetPort": "http"]]],
            ]
            _ = try await cluster.client.create(service, as: Service.resourceType, in: "default")
            _ = try await cluster.client.create(self.deployment(2), as: Workload.deployment, in: "default")
            try await self.eventually("available") {
                let key = ObjectKey(namespace: "default", name: "web")
                let web = try await cluster.client.get(Workload.deployment, key)
                return web[path: "status", "availableReplicas"]?.integer == 2
            }
        }

        @Test func `pods reach a Service by its name and the API server with their own token`() async throws {
            let before = try await self.machine()
            try await LocalCluster.run(try self.configuration("whole"), logger: Logger(label: "test")) { cluster in
                try await self.startWeb(in: cluster)
                let script = """
                    import ssl, time, urllib.request as u
                    for name in ["web", "web.default.svc.cluster.local."] * 8:
                        for _ in range(20):
                            try:
                                print(u.urlopen("http://" + name, timeout=2).read().decode().strip(), flush=True); break
                            except Exception: time.sleep(0.1)
                    d = "/var/run/secrets/kubernetes.io/serviceaccount/"
                    c = ssl.create_default_context(cafile=d + "ca.crt")
                    r = u.Request("https://kubernetes.default.svc/version")
                    r.add_header("Authorization", "Bearer " + open(d + "token").read())
                    print(u.urlopen(r, context=c).status, flush=True)
                    """
                let pod: JSONValue = [
                    "metadata": ["name": "client"],
                    "spec": [
                        "restartPolicy": "Never",
                        "containers": [["name": "c", "image": "python", "args": ["-c", .string(script)]]],
                    ],
                ]
                _ = try await cluster.client.create(pod, as: Workload.pod, in: "default")
                let key = ObjectKey(namespace: "default", name: "client")
                try await self.eventually("client done") {
                    try await cluster.client.get(Workload.pod, key)[path: "status", "phase"] == "Succeeded"
                }
                let log = try await cluster.client.text(
                    at: Workload.pod.path(namespace: "default", name: "client", subresource: "log"))
                let lines = log.split(separator: "\n").map(String.init)
                #expect(lines.count == 17 && lines.last == "200", "\(log)")
                #expect(Set(lines.dropLast()).count == 2, "both pods answer")
                try await self.eventually("events of pods and ReplicaSets") {
                    let events = try await cluster.client.listAll(Event.resourceType, in: "default")
                    return Set(events.compactMap { $0["reason"]?.string }).isSuperset(of: [
                        "Started", "SuccessfulCreate",
                    ])
                }
            }
            #expect(try await self.machine().symmetricDifference(before) == [])
        }

        @Test func `a cluster that is cancelled or fails leaves nothing behind`() async throws {
            let before = try await self.machine()
            let configuration = try self.configuration("cancelled")
            await withThrowingTaskGroup(of: Void.self) { group in
                let (ups, up) = AsyncStream.makeStream(of: Void.self)
                group.addTask {
                    try await LocalCluster.run(configuration, logger: Logger(label: "test")) { cluster in
                        try await self.startWeb(in: cluster)
                        up.finish()
                        try await Task.sleep(for: .seconds(3600))
                    }
                }
                for await _ in ups {}
                group.cancelAll()
                let result = await group.nextResult()
                #expect(throws: CancellationError.self) { try result?.get() }
            }
            #expect(try await self.machine().symmetricDifference(before) == [])
            struct Failure: Error {}
            await #expect(throws: Failure.self) {
                try await LocalCluster.run(configuration, logger: Logger(label: "test")) { _ in throw Failure() }
            }
            #expect(try await self.machine().symmetricDifference(before) == [])
        }

        @Test func `what a killed runtime left is removed by down, and by the next up`() async throws {
            let before = try await self.machine()
            let program = try #require(TestLauncher.programs).appending("heddle")
            let environment = Environment.inherit.updating(["HEDDLE_HOME": Self.root.string])
            let stateRoot = Self.root.appending("local")
            func heddle(_ arguments: String...) async throws -> (code: TerminationStatus, output: String) {
                let result = try await Subprocess.run(
                    .path(program), arguments: Arguments(["local"] + arguments), environment: environment,
                    output: .string(limit: 10_000), error: .string(limit: 10_000))
                return (result.terminationStatus, result.standardOutput + result.standardError)
            }
            func killRuntime() throws {
                guard case .running(let process, _) = LocalCluster.status(name: "crash", stateRoot: stateRoot) else {
                    Issue.record("not running")
                    return
                }
                kill(process, SIGKILL)
            }
            for round in 0..<2 {
                let first = try await heddle(
                    "up", "--name", "crash", "--api-port", "0", "--image", "sh=/bin/sh", "--detach")
                #expect(first.code == .exited(0), "\(first.output)")
                #expect(try await heddle("status", "--name", "crash").code == .exited(0))
                #expect(try await heddle("up", "--name", "crash", "--detach").code == .exited(2))
                let kubeconfig = stateRoot.appending("crash").appending("kubeconfig").string
                let client = try KubernetesClient(
                    access: .discover(path: kubeconfig, environment: [:]), configuration: .init(component: "test"),
                    logger: Logger(label: "test"))
                let created = try? await client.create(self.deployment(1), as: Workload.deployment, in: "default")
                try await client.shutdown()
                #expect(created != nil)
                try await self.eventually("running") {
                    try await self.machine().contains { $0.contains("heddle-mark") }
                }
                try killRuntime()
                try await self.eventually("dead") {
                    LocalCluster.status(name: "crash", stateRoot: stateRoot) == .dead
                }
                #expect(try await self.machine().contains { $0.contains("heddle-mark") }, "its pods live on")
                if round == 0 { continue }  // The next round's `up` clears it.
                #expect(try await heddle("down", "--name", "crash").output == "cluster \"crash\" is down\n")
            }
            #expect(try await heddle("down", "--name", "crash").output == "cluster \"crash\" was not up\n")
            Files.removeTree(Self.root)
            #expect(try await self.machine().symmetricDifference(before) == [])
        }
    }
}
