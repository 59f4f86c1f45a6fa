import Foundation
import MeshLocal
import MeshModel
import Testing

/// The transcripts in the documentation are what `heddle local` and kubectl print.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(Terminal.need) { try await Terminal.isComplete() })
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
        for verb in ["get", "apply", "patch", "delete", "describe", "wait"] {
            #expect(steps.contains { $0.command.hasPrefix("kubectl \(verb) ") }, "no transcript of kubectl \(verb)")
        }
        #expect(steps.contains { $0.command.contains(" --watch") }, "no transcript of a watch")
        try await Terminal.with { terminal in
            var session = Session(terminal: terminal)
            for step in steps { try await session.check(step) }
            try await session.end()
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
}

/// A terminal in which a transcript is typed again: one command may go on in the background and print between others.
private struct Session {
    let terminal: Terminal
    private var job: Terminal.Job?
    /// How much of the background command's output has been compared.
    private var seen = 0
    /// What has been exported.
    private var exports = ""

    init(terminal: Terminal) { self.terminal = terminal }

    mutating func check(_ step: TranscriptTests.Step) async throws {
        let roots = self.terminal.stateRoots
        let command = step.command.replacing(roots.documented, with: roots.here)
        if command.hasPrefix("export ") {
            self.exports += "\(command); "
        } else if command.hasSuffix(" &") {
            self.job = try await self.terminal.start(String(command.dropLast(2)), after: self.exports)
            self.seen = 0
            try await self.compare(step, printed: "")
        } else if command == "kill %1" {
            try await self.end()
        } else {
            let printed = try await self.terminal.run(self.exports + command)
            try await self.compare(step, printed: printed.replacing(roots.here, with: roots.documented))
        }
    }

    /// Ends the command in the background.
    mutating func end() async throws {
        guard let job = self.job else { return }
        self.job = nil
        try await self.terminal.stop(job)
    }

    /// Compares what is below a command with what it printed and, if there is one, the command in the background, which
    /// has its own time: it is waited for, and the order of the two is not looked at.
    private mutating func compare(_ step: TranscriptTests.Step, printed: String) async throws {
        let wanted = Self.normal(step.output)
        guard let job = self.job else {
            #expect(Self.normal(printed) == wanted, "\(step.command)\nprinted:\n\(printed)")
            return
        }
        let deadline = ContinuousClock.now + .seconds(20)
        var found = printed
        while true {
            let background = try job.printed()
            found = printed + background.dropFirst(self.seen)
            if Self.normal(found).sorted() == wanted.sorted() {
                self.seen = background.count
                return
            }
            guard ContinuousClock.now < deadline else { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("\(step.command)\nprinted:\n\(found)")
    }

    /// The lines without what differs from run to run: ages, times, names that are made up, and the width of columns.
    private static func normal(_ text: String) -> [String] {
        text.replacing(/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+Z/, with: "TIME")
            .replacing(/\b[0-9]+[smhd]([0-9]+[smh])?\b/, with: "AGE")
            .replacing(/\bweb-[0-9a-z]+-[0-9a-z]{5}\b/, with: "POD")
            .replacing(/[ \t]+/, with: " ")
            .split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
}
