import Glibc
import Subprocess
import SystemPackage
import Testing

/// A network namespace with one interface and routes to nowhere, as a pod has before its proxy starts.
struct PodNamespace: Sendable {
    let name: String

    /// Tests that need one run as root, on machines with the tools, and are skipped elsewhere.
    static var isPossible: Bool {
        geteuid() == 0 && access("/usr/sbin/iptables-nft", X_OK) == 0 && access("/usr/bin/python3", X_OK) == 0
    }

    var path: String { "/run/netns/\(self.name)" }

    /// Creates the namespace, calls `body` in it, and removes it.
    static func with(_ body: (PodNamespace) async throws -> Void) async throws {
        let pod = PodNamespace(name: "hr\(UInt32.random(in: 0...(.max)))")
        try await pod.host("ip", "netns", "add", pod.name)
        do {
            for line in [
                "link set lo up", "link add eth0 type veth peer name peer0", "link set peer0 up", "link set eth0 up",
                "addr add 10.9.0.2/24 dev eth0",
                "route add default via 10.9.0.1", "-6 addr add fd09::2/64 dev eth0 nodad",
                "-6 route add default via fd09::1",
            ] {
                try await pod.run(["ip"] + line.split(separator: " ").map(String.init))
            }
            try await body(pod)
        } catch {
            try await pod.host("ip", "netns", "del", pod.name)
            throw error
        }
        try await pod.host("ip", "netns", "del", pod.name)
    }

    /// Runs a command in the namespace and returns what it printed.
    @discardableResult
    func run(_ line: [String]) async throws -> String {
        try await self.host(["ip", "netns", "exec", self.name] + line)
    }

    @discardableResult
    private func host(_ line: String...) async throws -> String { try await self.host(line) }

    private func host(_ line: [String]) async throws -> String {
        let result = try await Subprocess.run(
            .name(line[0]), arguments: Arguments(Array(line.dropFirst())), output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        try #require(result.terminationStatus.isSuccess, "\(line): \(result.standardError)")
        return result.standardOutput
    }

    /// A listener of `user` on `port` accepts what an application of another user dials, and prints where the
    /// connection was meant to go; `direct` when it arrived nowhere.
    func originalDestination(of target: String, port: Int, dialedBy user: Int, proxyUser: Int = 2102) async throws
        -> String
    {
        try await self.run(["/usr/bin/python3", "-c", Self.program, target, "\(port)", "\(user)", "\(proxyUser)"])
    }

    private static let program = """
        import os, socket, struct, sys
        host, port, user, proxy = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
        six = ':' in host
        family = socket.AF_INET6 if six else socket.AF_INET
        server = socket.socket(family)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(('::' if six else '0.0.0.0', 4140))
        server.listen()
        server.settimeout(1)
        if os.fork() == 0:
            server.close()
            os.setuid(user)
            client = socket.socket(family)
            client.settimeout(1)
            try:
                client.connect((host, port))
                client.recv(1)
            except OSError:
                pass
            os._exit(0)
        os.setuid(proxy)
        try:
            peer, _ = server.accept()
        except TimeoutError:
            print('direct')
            sys.exit(0)
        if six:
            raw = peer.getsockopt(41, 80, 28)
            print('[%s]:%d' % (socket.inet_ntop(family, raw[8:24]), struct.unpack('!H', raw[2:4])[0]))
        else:
            raw = peer.getsockopt(socket.IPPROTO_IP, 80, 16)
            print('%s:%d' % (socket.inet_ntoa(raw[4:8]), struct.unpack('!H', raw[2:4])[0]))
        """
}
