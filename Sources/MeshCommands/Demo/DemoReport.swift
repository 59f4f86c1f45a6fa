import MeshCodec
import MeshModel

/// What a demo run observed, step by step.
public struct DemoReport: Hashable, Sendable {
    /// One step of the demo.
    public struct Step: Hashable, Sendable {
        /// The step's name, fixed.
        public let name: String
        /// Whether everything that the step checks was observed.
        public let isOK: Bool
        /// How long it took.
        public let seconds: Double
        /// What was observed, in one line.
        public let detail: String

        /// The outcome of a step.
        public init(name: String, isOK: Bool, seconds: Double, detail: String) {
            self.name = name
            self.isOK = isOK
            self.seconds = seconds
            self.detail = detail
        }
    }

    /// The steps that were run, in their order.
    public var steps: [Step] = []

    /// A report without steps.
    public init() {}

    /// True when all steps of `expected` were run and hold.
    public func isOK(expecting expected: [String]) -> Bool {
        self.steps.map(\.name) == expected && self.steps.allSatisfy(\.isOK)
    }

    /// The report as a document: `{"ok":…,"steps":[{"name","ok","seconds","detail"}]}`.
    public func json(expecting expected: [String]) -> String {
        let steps: [JSONValue] = self.steps.map { step in
            [
                "name": .string(step.name), "ok": .bool(step.isOK),
                "seconds": .number((step.seconds * 100).rounded() / 100), "detail": .string(step.detail),
            ]
        }
        let document: JSONValue = ["ok": .bool(self.isOK(expecting: expected)), "steps": .array(steps)]
        return String(decoding: JSONWriter.write(document, pretty: true), as: UTF8.self) + "\n"
    }
}
