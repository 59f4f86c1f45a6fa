import Foundation
import MeshLocal
import MeshModel
import Testing

/// What a recorded server of release 1.36 answered, ours answers too.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: Recording.absence == nil, "\(Recording.absence ?? "")"))
struct ReplayTests {
    /// The namespace that was there before the first exchange, by file.
    static let files: [(file: String, namespace: String?)] = [
        ("01-discovery", nil), ("02-crud-and-errors", nil), ("03-lists", "lists"), ("04-watch", "watch"),
        ("05-patches", "patches"), ("06-crds", "crds"), ("08-auth", "auth"), ("09-leases-and-events", "leases"),
        ("11-namespace-deletion", "held"),
    ]

    @Test("recorded exchanges are answered as recorded", arguments: files)
    func replay(file: String, namespace: String?) async throws {
        let recording = try Recording(file)
        var claims = try Claims()
        let unclaimed = claims.unclaimed[file] ?? []
        let verdicts = try await withEmbeddedServer({ $0.firstRevision = 1_000 }) { peer, _ in
            if let namespace {
                let body = #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"\#(namespace)"}}"#
                _ = try await peer.send(
                    "POST", "/api/v1/namespaces", headers: [("content-type", "application/json")],
                    body: Array(body.utf8))
            }
            var replay = Replay(
                peer: peer, comparesOwnership: file.hasPrefix("05"), comparesGeneration: file.hasPrefix("06"),
                claims: { !unclaimed.contains($0) })
            try await replay.run(recording)
            return replay.verdicts
        }
        let different = verdicts.filter { $0.kind == .different }
        let same = verdicts.count { $0.kind == .same }
        let skipped = verdicts.count { $0.kind == .skipped }
        print("\(file): \(same) of \(verdicts.count) as recorded, \(different.count) differ, \(skipped) skipped")
        if Claims.isUpdating {
            try claims.set(different.map(\.name), for: file)
        } else {
            for verdict in different where !unclaimed.contains(verdict.name) {
                Issue.record("\(verdict.name): \(verdict.details.joined(separator: "; "))")
            }
        }
        if let path = ProcessInfo.processInfo.environment["HEDDLE_REPLAY_REPORT"] {
            let text = different.map { "## \($0.name)\n" + $0.details.map { "   \($0)" }.joined(separator: "\n") }
            try text.joined(separator: "\n").write(toFile: "\(path)/\(file).txt", atomically: true, encoding: .utf8)
        }
    }
}
