import Foundation
import Subprocess
import SystemPackage
import Testing

/// The whole mesh on this machine: `heddle demo` with release programs, as root.
@Suite(
    .serialized,
    .enabled(if: EndToEnd.programs != nil, "HEDDLE_PROGRAMS names no folder with the programs; hack/test sets it"),
    .enabled(if: getuid() == 0, "pods are network namespaces, which takes root"))
struct DemoTests {
    private static let steps = [
        "cluster", "control-plane", "app", "traffic", "mtls", "policy", "split", "canary", "rollback", "resilience",
    ]

    private struct Report: Decodable {
        struct Step: Decodable {
            let name: String
            let ok: Bool
            let seconds: Double
            let detail: String
        }
        let ok: Bool
        let steps: [Step]
    }

    @Test(
        "the demo's steps hold; it stays on request, until a signal, and nothing of it remains", .timeLimit(.minutes(8))
    )
    func demo() async throws {
        let before = try await EndToEnd.traces()
        let json = FileManager.default.temporaryDirectory.appending(path: "heddle-demo-\(UUID()).json")
        defer { EndToEnd.remove(json) }
        let run = try await DemoRun.start(["--fast", "--keep", "--json", json.path], until: "kept: export KUBECONFIG=")
        {
            line in
            let kubeconfig = line.prefix { $0 != " " }
            let nodes = try await Subprocess.run(
                .path("/bin/sh"), arguments: ["-c", "${HEDDLE_KUBECTL:-kubectl} get nodes -o name"],
                environment: .inherit.updating(["KUBECONFIG": String(kubeconfig)]),
                output: .string(limit: 1 << 16), error: .string(limit: 1 << 16))
            #expect(nodes.terminationStatus.isSuccess, "\(nodes.standardError)")
        }
        let report = try JSONDecoder().decode(Report.self, from: try Data(contentsOf: json))
        for step in report.steps {
            print("demo \(step.ok ? "ok  " : "FAIL") \(step.name): \(step.detail)")
            #expect(step.ok, "\(step.name): \(step.detail)")
        }
        #expect(report.ok && report.steps.map(\.name) == Self.steps, "\(run.output)")
        #expect(run.status == .exited(0), "\(run.output)")
        #expect(try await EndToEnd.traces() == before)
    }

    @Test("a demo that is interrupted takes everything down", .timeLimit(.minutes(2)))
    func interrupted() async throws {
        let before = try await EndToEnd.traces()
        let run = try await DemoRun.start(["--fast"], until: "ok   control-plane") { _ in }
        #expect(run.status == .exited(130), "\(run.output)")
        #expect(run.output.hasSuffix("interrupted; everything is taken down\n"), "\(run.output)")
        #expect(try await EndToEnd.traces() == before)
    }
}

/// A demo that was interrupted once it had said something.
private struct DemoRun {
    let status: TerminationStatus
    let output: String

    /// Runs the demo until it says `text`, hands the rest of that line to `then`, and sends SIGINT.
    static func start(
        _ options: [String], until text: String, then: (Substring) async throws -> Void
    ) async throws -> DemoRun {
        let programs = try #require(EndToEnd.programs)
        let log = FileManager.default.temporaryDirectory.appending(path: "heddle-demo-\(UUID()).log")
        defer { EndToEnd.remove(log) }
        let file = try FileDescriptor.open(
            FilePath(log.path), .readWrite, options: [.create, .truncate], permissions: .ownerReadWrite)
        let result = try await Subprocess.run(
            .path(FilePath(programs).appending("heddle")), arguments: Arguments(["demo"] + options), input: .none,
            output: .fileDescriptor(file, closeAfterSpawningProcess: false),
            error: .fileDescriptor(file, closeAfterSpawningProcess: true)
        ) { execution in
            try await then(try await self.line(with: text, in: log))
            try execution.send(signal: .interrupt)
        }
        return DemoRun(status: result.terminationStatus, output: try String(contentsOf: log, encoding: .utf8))
    }

    /// The rest of the first line that has `text`; the test's time limit bounds the wait.
    private static func line(with text: String, in log: URL) async throws -> Substring {
        while true {
            let output = try String(contentsOf: log, encoding: .utf8)
            if let line = output.split(separator: "\n").first(where: { $0.contains(text) }), output.hasSuffix("\n") {
                return line.split(separator: text, maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}

/// What end-to-end tests share.
enum EndToEnd {
    /// The folder with the release programs.
    static var programs: String? { ProcessInfo.processInfo.environment["HEDDLE_PROGRAMS"] }

    /// Everything that a run could leave behind: namespaces, links, addresses, routes, rules, mounts, processes.
    static func traces() async throws -> [String: String] {
        var traces: [String: String] = [:]
        let commands = [
            "namespaces": "ip netns list | sort", "links": "ip -o link | cut -d: -f2 | sort",
            "routes": "ip route; ip -6 route", "rules": "iptables-save 2>/dev/null | grep -v '^#' | sed 's/\\[.*//'",
            "tables": "nft list tables", "mounts": "grep -c heddle /proc/mounts || true",
            "processes": "pgrep -fa 'heddle-(controller|proxy|init|voting)' | sort || true",
        ]
        for (name, command) in commands {
            let result = try await Subprocess.run(
                .path("/bin/sh"), arguments: ["-c", command], output: .string(limit: 1 << 20), error: .discarded)
            traces[name] = result.standardOutput
        }
        return traces
    }

    static func remove(_ file: URL) {
        do {
            try FileManager.default.removeItem(at: file)
        } catch {
            // It was never written: the test has failed on that already.
        }
    }
}
