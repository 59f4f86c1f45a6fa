import MeshModel
import MeshResources

/// Ages as `kubectl get` shows them.
enum HumanDuration {
    /// The span in at most two units.
    static func text(seconds: Int64) -> String {
        if seconds < -1 { return "<invalid>" }
        if seconds < 0 { return "0s" }
        if seconds < 120 { return "\(seconds)s" }
        let minutes = seconds / 60
        if minutes < 10 { return seconds % 60 == 0 ? "\(minutes)m" : "\(minutes)m\(seconds % 60)s" }
        if minutes < 180 { return "\(minutes)m" }
        let hours = minutes / 60
        if hours < 8 { return minutes % 60 == 0 ? "\(hours)h" : "\(hours)h\(minutes % 60)m" }
        if hours < 48 { return "\(hours)h" }
        let days = hours / 24
        if hours < 24 * 8 { return hours % 24 == 0 ? "\(days)d" : "\(days)d\(hours % 24)h" }
        if hours < 24 * 365 * 2 { return "\(days)d" }
        let years = days / 365
        if hours < 24 * 365 * 8 { return days % 365 == 0 ? "\(years)y" : "\(years)y\(days % 365)d" }
        return "\(years)y"
    }

    /// The age of an object.
    static func age(_ object: JSONValue, now: Timestamp) -> String {
        Self.since(object["metadata"]?["creationTimestamp"], now: now)
    }

    /// The time since a moment in a document.
    static func since(_ value: JSONValue?, now: Timestamp) -> String {
        guard let text = value?.string, let time = Timestamp(text) else { return "<unknown>" }
        return Self.text(seconds: now.seconds - time.seconds)
    }
}
