import Glibc
import MeshModel
import Testing

@testable import MeshLocal

/// Needs root: makes namespaces and links, and compares what the machine has before and after.
extension MachineTests {
    @Suite(.enabled(if: getuid() == 0, "needs root"))
    struct NodeNetworkTests {
        /// A server that answers each connection with its own name.
        private static let server = """
            import socket, sys
            s = socket.create_server(("", int(sys.argv[1])))
            while True:
                c, _ = s.accept()
                c.sendall(sys.argv[2].encode()); c.close()
            """
        private static let client = """
            import socket, sys
            try:
                c = socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)
                print(c.recv(100).decode())
            except ConnectionRefusedError:
                print("refused")
            """

        private func state() async throws -> [String] {
            try await [
                Tool.run("ip", ["netns", "list"]), Tool.run("ip", ["-o", "link", "show"]), Tool.run("ip", ["route"]),
                Tool.run("nft", ["list", "ruleset"]),
            ]
        }

        private func dial(_ address: IPAddress, _ port: Int, from namespace: String? = nil) async throws -> String {
            let command = ["python3", "-c", Self.client, address.description, "\(port)"]
            let enter = namespace.map { ["--net=/run/netns/\($0)"] } ?? []
            let output =
                enter.isEmpty
                ? try await Tool.run("python3", Array(command.dropFirst()))
                : try await Tool.run("nsenter", enter + command)
            return String(output.prefix { $0 != "\n" })
        }

        /// Starts a server in `namespace` that outlives the command, and waits until it answers.
        private func serve(_ name: String, port: Int, in namespace: String, at address: IPAddress) async throws {
            try await Tool.run(
                "nsenter",
                [
                    "--net=/run/netns/\(namespace)", "sh", "-c",
                    "setsid python3 -c \"$0\" \(port) \(name) >/dev/null 2>&1 </dev/null &", Self.server,
                ])
            for _ in 0..<100 {
                if try await self.dial(address, port) == name { return }
                try await Task.sleep(for: .milliseconds(30))
            }
            Issue.record("the server in \(namespace) does not answer")
        }

        @Test func `pods reach each other, Services and the machine, and nothing is left behind`() async throws {
            let names = try #require(NetworkNames(cluster: "net-\(getpid())"))
            let before = try await self.state()
            let plan = try #require(AddressPlan.first(avoiding: try await HostRoutes.networks()))
            let network = NodeNetwork(names: names, plan: plan)
            let leftovers = NetworkLeftovers(names: names)
            do {
                try await self.exercise(network)
            } catch {
                Issue.record(error)
            }
            try await leftovers.removeAll()
            #expect(try await leftovers.isEmpty())
            #expect(try await self.state() == before)
        }

        private func exercise(_ network: NodeNetwork) async throws {
            try await network.up()
            let (a, b) = (network.plan.pod(slot: 0), network.plan.pod(slot: 1))
            let podA = try await network.addPod(a)
            let podB = try await network.addPod(b)
            try await self.serve("alpha", port: 80, in: podA, at: a)
            try await self.serve("beta", port: 81, in: podB, at: b)
            #expect(try await self.dial(a, 80, from: podB) == "alpha")

            guard case .v4(let base) = network.plan.dns else { return }
            let virtual = SocketAddress(.v4(base + 5), port: 8000)
            #expect(try await self.dial(virtual.ip, 8000, from: podB) == "refused")
            let endpoints = [SocketAddress(a, port: 80), SocketAddress(b, port: 81)]
            try await network.apply([VirtualService(address: virtual, transport: .tcp, endpoints: endpoints)])
            var answers: Set<String> = []
            for _ in 0..<24 { answers.insert(try await self.dial(virtual.ip, 8000, from: podB)) }
            #expect(answers == ["alpha", "beta"], "also itself through the Service")
            #expect(["alpha", "beta"].contains(try await self.dial(virtual.ip, 8000)), "from the machine")
            #expect(try await self.dial(virtual.ip, 8001, from: podB) == "refused", "another port of the Service")

            try await self.serve("machine", port: 8099, in: network.names.nodeNamespace, at: network.plan.node)
            #expect(try await self.dial(network.plan.node, 8099, from: podA) == "machine")

            try await network.removePod(a)
            try await network.removePod(a)
            #expect(try await network.addPod(a) == podA, "an address can be used again")
        }
    }
}
