import Synchronization
import SystemPackage

/// Shows the demo's progress: one live line a step on a terminal, plain lines elsewhere.
final class DemoConsole: Sendable {
    private let isTerminal: Bool
    private let output: FileDescriptor
    private let current = Mutex((name: "", start: ContinuousClock.now, shown: ""))

    init(output: FileDescriptor = .standardOutput, isTerminal: Bool) {
        self.output = output
        self.isTerminal = isTerminal
    }

    /// Starts the line of a step.
    func begin(_ name: String) {
        self.current.withLock { $0 = (name, .now, "") }
        if self.isTerminal { self.draw("starting") }
    }

    /// Shows what the step does now.
    func progress(_ text: String) {
        let isNew = self.current.withLock { current in
            defer { current.shown = text }
            return current.shown != text
        }
        if self.isTerminal { self.draw(text) } else if isNew { self.write("    \(self.elapsed)  \(text)\n") }
    }

    /// Ends the line of a step.
    func end(_ step: DemoReport.Step) {
        let mark = step.isOK ? "ok  " : "FAIL"
        let name = step.name.padded(to: 14)
        self.write(
            "\(self.isTerminal ? "\r\u{1B}[K" : "")\(mark) \(name) \(Self.seconds(step.seconds))  \(step.detail)\n")
    }

    /// A line that belongs to no step.
    func say(_ text: String) { self.write("\(text)\n") }

    private var elapsed: String {
        Self.seconds(self.current.withLock { $0.start.duration(to: .now) } / .seconds(1))
    }

    private func draw(_ text: String) {
        let name = self.current.withLock { $0.name }
        self.write("\r\u{1B}[K…    \(name.padded(to: 14)) \(self.elapsed)  \(text)")
    }

    private static func seconds(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) s".padded(to: 8)
    }

    private func write(_ text: String) {
        do {
            try self.output.writeAll(Array(text.utf8))
        } catch {
            // Nobody reads any more (a closed pipe): the run goes on, its report is in the JSON file.
        }
    }
}

extension String {
    /// The text with spaces after it up to `width` characters.
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - self.count))
    }
}
