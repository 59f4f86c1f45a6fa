import AsyncHTTPClient
import Foundation
import Glibc
import Logging
import MeshModel
import MeshResources
import SystemPackage
import Testing

@testable import MeshLocal

/// Needs root and the program `heddle` beside the tests: runs pods as processes.
extension MachineTests {
    @Suite(.enabled(if: TestLauncher.command != nil, "needs root and heddle"))
    struct NodeAgentTests {
        private let access = FakeNodeAccess()

        private struct Setup {
            let network: NodeNetwork
            let directory: FilePath
            let pods: AsyncStream<PodChange>.Continuation
            let agent: NodeAgent
        }

        /// Runs `body` with an agent on a network of its own, and checks that nothing is left afterwards.
        private func withAgent(_ name: String, _ body: (Setup) async throws -> Void) async throws {
            let names = try #require(NetworkNames(cluster: "\(name)-\(getpid())"))
            let plan = try #require(AddressPlan.first(avoiding: try await HostRoutes.networks()))
            let network = NodeNetwork(names: names, plan: plan)
            let directory = FilePath("/tmp/heddle-test-\(names.cluster)")
            var configuration = NodeAgent.Configuration(
                launcher: try #require(TestLauncher.command), directory: directory)
            configuration.images = ImageTable(["python": "/usr/bin/python3", "sh": "/bin/sh"])
            let client = HTTPClient(eventLoopGroupProvider: .singleton)
            let (stream, input) = AsyncStream.makeStream(of: PodChange.self)
            let agent = NodeAgent(
                configuration: configuration, network: network, access: self.access, client: client,
                logger: Logger(label: "test"))
            do {
                try await network.up()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await agent.run(stream) }
                    try await body(Setup(network: network, directory: directory, pods: input, agent: agent))
                    group.cancelAll()
                }
            } catch {
                Issue.record(error)
            }
            try await client.shutdown()
            try await NetworkLeftovers(names: names).removeAll()
            Files.removeTree(directory)
        }

        private func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
            for _ in 0..<400 {
                if try await condition() { return }
                try await Task.sleep(for: .milliseconds(25))
            }
            Issue.record("not in time: \(what)")
        }

        private func pod(
            _ name: String, _ containers: [Container], initial: [Container] = [], volumes: [Volume] = []
        ) -> Pod {
            Pod(
                metadata: ObjectMeta(name: name, namespace: "test", uid: "uid-\(name)"),
                spec: PodSpec(
                    containers: containers, initContainers: initial, nodeName: "heddle-local",
                    serviceAccountName: "account", terminationGracePeriodSeconds: 5, volumes: volumes))
        }

        private func isReady(_ uid: String) -> Bool {
            self.access.status(uid)?.conditions.contains { $0.type == "Ready" && $0.status == .true } == true
        }

        private func deleted(_ pod: Pod) -> Pod {
            var copy = pod
            copy.metadata.deletionTimestamp = Timestamp(seconds: 1)
            copy.metadata.deletionGracePeriodSeconds = 5
            return copy
        }

        @Test func `a pod runs with its volumes, is probed, served and removed`() async throws {
            self.access.set(
                ConfigMap(metadata: ObjectMeta(name: "page", namespace: "test"), data: ["index.html": "hello"]))
            let token = VolumeProjection(serviceAccountToken: .init(audience: "mesh", path: "token"))
            let script = """
                grep SigBlk /proc/self/status; id -u; cat /var/run/secrets/mesh/token; echo; echo $GREETING; cat /etc/resolv.conf; hostname
                echo done > /shared/file; echo mine > /etc/heddle-test
                """
            let shared = VolumeMount(name: "shared", mountPath: "/shared")
            let pod = self.pod(
                "web",
                [
                    Container(
                        name: "web", image: "python:3", args: ["-m", "http.server", "80", "--directory", "/srv/page"],
                        ports: [ContainerPort(name: "http", containerPort: 80)],
                        volumeMounts: [VolumeMount(name: "page", mountPath: "/srv/page"), shared],
                        livenessProbe: Probe(exec: ExecAction(command: ["test", "-f", "/shared/file"])),
                        readinessProbe: Probe(httpGet: HTTPGetAction(path: "/index.html", port: "http")),
                        securityContext: SecurityContext(runAsUser: 65534))
                ],
                initial: [
                    Container(
                        name: "init", image: "sh", args: ["-ec", script],
                        env: [
                            EnvVar(name: "IP", valueFrom: .init(fieldRef: .init(fieldPath: "status.podIP"))),
                            EnvVar(name: "GREETING", value: "I am $(IP)"),
                        ],
                        volumeMounts: [shared, VolumeMount(name: "token", mountPath: "/var/run/secrets/mesh")])
                ],
                volumes: [
                    Volume(name: "page", configMap: ConfigMapSource(name: "page")),
                    Volume(name: "shared", emptyDir: EmptyDirSource()),
                    Volume(name: "token", projected: ProjectedSource(sources: [token])),
                ])
            try await self.withAgent("agent") { setup in
                setup.pods.yield(.set(pod))
                try await self.eventually("ready") { self.isReady("uid-web") }
                let path = await setup.agent.log(of: pod.key, uid: "uid-web", container: "init", previous: false)
                let log = Files.text(try #require(path)) ?? ""
                let address = setup.network.plan.pod(slot: 0)
                #expect(
                    log.contains("token-1-of-account-for-mesh\nI am \(address)\nsearch test.svc.cluster.local"),
                    "\(log)")
                #expect(log.hasPrefix("SigBlk:\t0000000000000000\n0\n") && log.hasSuffix("web\n"))
                #expect(Files.read("/etc/heddle-test") == nil, "what a container writes stays its own")
                let page = try await Tool.run(
                    "python3",
                    ["-c", "import urllib.request as u; print(u.urlopen('http://\(address)/').read().decode())"])
                #expect(page == "hello\n")
                let status = try #require(self.access.status("uid-web"))
                #expect(status.podIP == address.description && status.phase == "Running")
                #expect(status.initContainerStatuses[0].state.terminated?.exitCode == 0)

                let process = try #require(
                    status.containerStatuses[0].containerID.flatMap { Int32($0.dropFirst("process://".count)) })
                kill(process, SIGKILL)
                try await self.eventually("restarted") {
                    self.access.status("uid-web")?.containerStatuses[0].restartCount == 1 && self.isReady("uid-web")
                }
                setup.pods.yield(.set(self.deleted(pod)))
                try await self.eventually("removed") { self.access.isRemoved("uid-web") }
                #expect(self.access.events == ["Started", "Started", "BackOff", "Started", "Killing"])
                #expect(try await Tool.run("ip", ["netns", "list"]).contains("pod.") == false)
                #expect(Files.entries(setup.directory).isEmpty)
            }
        }

        @Test func `a pod without a node is bound, one without an image waits`() async throws {
            try await self.withAgent("bind") { setup in
                var pod = self.pod("free", [Container(name: "a", image: "sh")])
                pod.spec.nodeName = nil
                setup.pods.yield(.set(pod))
                try await self.eventually("bound") { self.access.node(of: "uid-free") == "heddle-local" }
                let unknown = self.pod("unknown", [Container(name: "a", image: "nginx:1")])
                setup.pods.yield(.set(unknown))
                try await self.eventually("waiting") {
                    let state = self.access.status("uid-unknown")?.containerStatuses.first?.state
                    return state?.waiting?.reason == "ErrImagePull"
                }
                setup.pods.yield(.removed(unknown.key, uid: "uid-unknown"))
                try await self.eventually("gone") { Files.entries(setup.directory).isEmpty }
            }
        }

        @Test func `ending the agent ends every process`() async throws {
            try await self.withAgent("end") { setup in
                let script = "trap '' TERM; sh -c 'setsid sleep 987654 & sleep 987654'"
                setup.pods.yield(.set(self.pod("deaf", [Container(name: "a", image: "sh", args: ["-c", script])])))
                try await self.eventually("running") { self.isReady("uid-deaf") }
                try await self.eventually("sleeping") { Self.sleepers() == 2 }
            }
            #expect(Self.sleepers() == 0)
        }

        private static func sleepers() -> Int {
            let wanted = Array("sleep\u{0}987654\u{0}".utf8)
            return Files.entries("/proc").count { Files.read(FilePath("/proc/\($0)/cmdline")) == wanted }
        }
    }
}
