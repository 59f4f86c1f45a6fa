import Foundation
import Subprocess
import SystemPackage
import Testing

/// What stands in the way of a cluster is told in one line, before anything is made.
@Suite(
    .serialized,
    .enabled(if: EndToEnd.programs != nil, "HEDDLE_PROGRAMS names no folder with the programs; hack/test sets it"),
    .enabled(if: getuid() == 0, "pods are network namespaces, which takes root"))
struct BadInputTests {
    /// A way to start the program in bad circumstances.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// A shell script; `$heddle` is the program, `$work` a folder that anybody may read.
        let script: String
        /// The whole of what it says.
        let says: String

        var testDescription: String { self.name }
    }

    /// Runs the rest of a script where a tool cannot be executed.
    private static func without(_ tool: String, _ command: String) -> String {
        "unshare -m sh -c 'mount --bind /dev/null \"$(readlink -f \"$(command -v \(tool))\")\" && exec \(command)'"
    }

    private static let asNobody = "exec setpriv --reuid=65534 --regid=65534 --clear-groups"

    static let cases = [
        Case(
            name: "no manifests", script: "exec $heddle demo --manifests /nonexistent",
            says:
                "heddle demo: /nonexistent has no folder crds; name the one that holds crds and config with --manifests"
        ),
        Case(
            name: "a report that cannot be written", script: "exec $heddle demo --json /nonexistent/demo.json",
            says: "heddle demo: /nonexistent/demo.json cannot be written"),
        Case(
            name: "a demo that is not root's", script: "\(asNobody) $heddle demo --manifests $checkout",
            says: "heddle demo: a local cluster needs root: network namespaces and mounts (run it with sudo)"),
        Case(
            name: "a cluster that is not root's", script: "\(asNobody) $heddle local up",
            says: "heddle local: a local cluster needs root: network namespaces and mounts (run it with sudo)"),
        Case(
            name: "no iptables", script: without("iptables", "$heddle demo"),
            says: "heddle demo: iptables is not installed (apt-get install iptables)"),
        Case(
            name: "no tcpdump", script: without("tcpdump", "$heddle demo"),
            says: "heddle demo: tcpdump is not installed (apt-get install tcpdump)"),
        Case(
            name: "no nft", script: without("nft", "$heddle local up"),
            says: "heddle local: nft is not installed (apt-get install nftables)"),
        Case(
            name: "a name that cannot be a cluster's", script: "exec $heddle local up --name Not_A_Name",
            says: "heddle local: \"Not_A_Name\" cannot be a cluster's name: "
                + "1 to 32 lower-case letters, digits and inner hyphens"),
        Case(
            name: "an image without an executable",
            script: "exec $heddle local up --image app=/nonexistent/app",
            says: "heddle local: the executable for image app does not exist: /nonexistent/app"),
    ]

    @Test("is one line, exit code 2, and leaves nothing behind", .timeLimit(.minutes(1)), arguments: cases)
    func badCircumstances(_ bad: Case) async throws {
        try await self.expect(bad.script, toSay: bad.says)
    }

    @Test("a port in use is one line, exit code 2, and leaves nothing behind", .timeLimit(.minutes(1)))
    func portInUse() async throws {
        let taken = try ListeningSocket()
        defer { taken.release() }
        try await self.expect(
            "exec $heddle local up --api-port \(taken.port)",
            toSay: "heddle local: port \(taken.port) is in use (choose another one with --api-port)")
    }

    private func expect(_ script: String, toSay text: String) async throws {
        let programs = try #require(EndToEnd.programs)
        let before = try await EndToEnd.traces()
        let work = FileManager.default.temporaryDirectory.appending(path: "heddle-bad-input-\(UUID())")
        let open: [FileAttributeKey: Any] = [.posixPermissions: 0o755]
        try FileManager.default.createDirectory(at: work, withIntermediateDirectories: false, attributes: open)
        defer { EndToEnd.remove(work) }
        let setup = """
            cp \(programs)/heddle $work/ && mkdir -p $work/crds $work/config/samples/voting || exit 99
            export heddle=$work/heddle checkout=$work
            """
        let result = try await Subprocess.run(
            .path("/bin/sh"), arguments: ["-c", "export work=\(work.path)\n\(setup)\n\(script)"],
            output: .string(limit: 1 << 16), error: .string(limit: 1 << 16))
        #expect(result.standardError == text + "\n")
        #expect(result.standardOutput.isEmpty)
        #expect(result.terminationStatus == .exited(2))
        #expect(try await EndToEnd.traces() == before)
    }
}

/// A port of the kernel's choice that is taken on every address.
private struct ListeningSocket {
    let port: UInt16
    private let descriptor: CInt

    init() throws {
        self.descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = self.descriptor
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(descriptor, raw, length) | listen(descriptor, 1) | getsockname(descriptor, raw, &length)
            }
        }
        try #require(status == 0)
        self.port = UInt16(bigEndian: address.sin_port)
    }

    func release() { close(self.descriptor) }
}
