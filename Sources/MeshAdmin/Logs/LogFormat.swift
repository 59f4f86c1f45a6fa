/// How log lines look.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `2026-11-21T11:50:54Z level message key=value …`.
    case plain
    /// One JSON object on each line.
    case json
}
