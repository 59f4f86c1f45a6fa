import Foundation
import MeshLocal
import MeshModel
import Testing

/// The transcripts in the documentation are what kubectl prints.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: Kubectl.absence == nil, "\(Kubectl.absence ?? "")"))
struct TranscriptTests {
    /// A command of a transcript and what is printed below it.
    struct Step: Sendable {
        var command: String
        var output: String
    }

    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/local-cluster.md")

    @Test("docs/local-cluster.md shows what kubectl prints")
    func transcripts() async throws {
        let steps = Self.steps(of: try String(contentsOf: Self.page, encoding: .utf8))
        #expect(steps.count >= 10)
        try await withEmbeddedServer { peer, server in
            let address = try #require(try await server.bound().first)
            try await Kubectl.with(kubeconfig: server.kubeconfig(server: address)) { kubectl in
                for step in steps {
                    let output = try await kubectl.run(step.command)
                    #expect(
                        Self.normal(output.text) == Self.normal(step.output),
                        "\(step.command)\nprinted:\n\(output.text)")
                }
            }
        }
    }

    /// The steps in the blocks marked `console`; a command goes on while a here-document is open.
    static func steps(of text: String) -> [Step] {
        var steps: [Step] = []
        var isInBlock = false
        var isInDocument = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isInBlock = line == "```console"
            } else if isInBlock, line.hasPrefix("$ ") {
                steps.append(Step(command: String(line.dropFirst(2)), output: ""))
                isInDocument = line.contains("<<'EOF'")
            } else if isInBlock, isInDocument, let last = steps.indices.last {
                steps[last].command += "\n\(line)"
                isInDocument = line != "EOF"
            } else if isInBlock, let last = steps.indices.last {
                steps[last].output += "\(line)\n"
            }
        }
        return steps
    }

    /// The text without what differs from run to run: ages, times, and the width of columns.
    private static func normal(_ text: String) -> String {
        text.replacing(/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+Z/, with: "TIME")
            .replacing(/\b[0-9]+[smhd]([0-9]+[smh])?\b/, with: "AGE")
            .replacing(/[ \t]+/, with: " ")
            .split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
            .joined(separator: "\n")
    }
}
