import MeshReactor
import Synchronization

/// How much a log line matters.
public enum LogLevel: UInt8, Hashable, Sendable, Comparable {
    /// Everything.
    case trace
    /// What helps to find an error.
    case debug
    /// Changes of state.
    case info
    /// Something is degraded.
    case warn
    /// Somebody must act.
    case error
    /// Nothing at all.
    case off

    /// The less important level is smaller.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    init?(_ text: some StringProtocol) {
        switch text.lowercased() {
        case "trace": self = .trace
        case "debug": self = .debug
        case "info": self = .info
        case "warn", "warning": self = .warn
        case "error": self = .error
        case "off": self = .off
        default: return nil
        }
    }

    var name: String {
        switch self {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info: "INFO"
        case .warn: "WARN"
        case .error: "ERROR"
        case .off: "OFF"
        }
    }
}

/// Which lines are written: a level, perhaps others for some targets.
public struct LogFilter: Hashable, Sendable {
    /// As it was given.
    public let text: String
    private var level = LogLevel.off

    /// Reads `warn,linkerd=info`: comma-separated levels, each for a target or, without one, for all.
    ///
    /// Targets named `linkerd…` or `heddle…` mean this proxy; others are libraries that it does not have.
    public init?(_ text: String) {
        self.text = text
        var own: LogLevel?
        for item in text.split(separator: ",") {
            let parts = item.split(separator: "=", maxSplits: 1)
            if parts.count == 2 {
                guard let level = LogLevel(parts[1].trimmed) else { return nil }
                let target = parts[0].trimmed
                if target.hasPrefix("linkerd") || target.hasPrefix("heddle") { own = level }
            } else {
                guard let level = LogLevel(item.trimmed) else { return nil }
                self.level = level
            }
        }
        if let own { self.level = own }
    }

    /// True when lines of `level` are written.
    public func admits(_ level: LogLevel) -> Bool { level >= self.level }
}

/// Writes log lines to standard error.
///
/// One object per process; lines are written whole, so that threads do not mix.
public final class Log: Sendable {
    private struct State {
        var filter: LogFilter
        let isJSON: Bool
    }

    private let state: Mutex<State>
    private let start: Int64

    /// Writes the lines that `filter` admits.
    public init(_ filter: LogFilter, isJSON: Bool) {
        self.state = Mutex(State(filter: filter, isJSON: isJSON))
        self.start = Clock.wallNanoseconds()
    }

    /// What is written now.
    public var filter: LogFilter { self.state.withLock { $0.filter } }

    /// Changes what is written.
    public func setFilter(_ filter: LogFilter) { self.state.withLock { $0.filter = filter } }

    /// Writes a line: a constant message, and what varies as fields.
    public func write(_ level: LogLevel, _ message: StaticString, _ fields: (StaticString, String)...) {
        let isJSON: Bool? = self.state.withLock { $0.filter.admits(level) ? $0.isJSON : nil }
        guard let isJSON else { return }
        let elapsed = (Clock.wallNanoseconds() - self.start) / 1_000_000
        var line = ""
        if isJSON {
            line = #"{"timestamp":"\#(elapsed)ms","level":"\#(level.name)","message":"\#(message)""#
            for (name, value) in fields { line += #","\#(name)":"\#(Self.escaped(value))""# }
            line += "}\n"
        } else {
            line = "[\(elapsed)ms] \(level.name) \(message)"
            for (name, value) in fields { line += " \(name)=\(Self.plain(value))" }
            line += "\n"
        }
        writeStandardError(line)
    }

    /// Keeps one value on one line.
    private static func plain(_ value: String) -> String {
        String(value.map { $0.isNewline ? " " : $0 })
    }

    private static func escaped(_ value: String) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..<"\u{20}": result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
