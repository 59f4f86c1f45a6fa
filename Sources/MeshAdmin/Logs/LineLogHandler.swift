public import Logging

/// Writes each log entry as one line to standard error, as text or as JSON.
public struct LineLogHandler: LogHandler {
    /// Where finished lines go.
    public typealias Sink = @Sendable (_ line: String) -> Void

    /// Metadata of every line of this logger.
    public var metadata: Logger.Metadata = [:]
    /// Lines below are not written.
    public var logLevel: Logger.Level
    /// Adds metadata that depends on the task.
    public var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let format: LogFormat
    private let clock: @Sendable () -> String
    private let sink: Sink

    /// A handler that stamps lines with `clock` and hands them to `sink`.
    public init(
        label: String, level: Logger.Level, format: LogFormat, clock: @escaping @Sendable () -> String,
        sink: @escaping Sink
    ) {
        self.label = label
        self.logLevel = level
        self.format = format
        self.clock = clock
        self.sink = sink
    }

    /// One key of the metadata.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    /// Writes one line.
    public func log(event: LogEvent) {
        var all = self.metadata
        if let provided = self.metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        let pairs = all.sorted { $0.key < $1.key }
        switch self.format {
        case .plain:
            let suffix = pairs.map { " \($0.key)=\(Self.plain("\($0.value)"))" }.joined()
            self.sink("\(self.clock()) \(event.level.rawValue) \(Self.singleLine("\(event.message)"))\(suffix)")
        case .json:
            var members = [
                ("timestamp", self.clock()), ("level", event.level.rawValue), ("logger", self.label),
                ("message", "\(event.message)"),
            ]
            members += pairs.map { ($0.key, "\($0.value)") }
            self.sink("{\(members.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }.joined(separator: ","))}")
        }
    }

    private static func singleLine(_ text: String) -> String {
        // Control characters could forge a line or steer a terminal.
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    }

    private static func plain(_ value: String) -> String {
        value.unicodeScalars.contains { $0.value <= 0x20 || $0 == "\"" || $0.value == 0x7F }
            ? self.quoted(value) : value
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
