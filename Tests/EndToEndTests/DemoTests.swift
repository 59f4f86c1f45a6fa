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

    /// Steps that hold on every run.
    ///
    /// The later ones measure shares (a 3σ bound) and roll versions out against the clock
    /// of the machine; all ten are required at night.
    private static let required = Set(steps.prefix(6))
    private static let isNightly = ProcessInfo.processInfo.environment["HEDDLE_NIGHTLY"] != nil

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

    @Test("the demo's steps hold, and nothing of it remains", .timeLimit(.minutes(8)))
    func demo() async throws {
        let programs = try #require(EndToEnd.programs)
        let before = try await EndToEnd.traces()
        let json = FileManager.default.temporaryDirectory.appending(path: "heddle-demo-\(UUID()).json")
        defer { EndToEnd.remove(json) }
        let result = try await Subprocess.run(
            .path(FilePath(programs).appending("heddle")), arguments: ["demo", "--fast", "--json", json.path],
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        let output = result.standardOutput + result.standardError
        let report = try JSONDecoder().decode(Report.self, from: try Data(contentsOf: json))
        for step in report.steps {
            print("demo \(step.ok ? "ok  " : "FAIL") \(step.name): \(step.detail)")
            if Self.isNightly || Self.required.contains(step.name) { #expect(step.ok, "\(step.name): \(step.detail)") }
        }
        let names = report.steps.map(\.name)
        #expect(names == Array(Self.steps.prefix(names.count)) && names.count >= Self.required.count, "\(output)")
        #expect(report.ok == (names == Self.steps && report.steps.allSatisfy(\.ok)))
        #expect(result.terminationStatus == .exited(report.ok ? 0 : 1), "\(output)")
        #expect(try await EndToEnd.traces() == before)
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
