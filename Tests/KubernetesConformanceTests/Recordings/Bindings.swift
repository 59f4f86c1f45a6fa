import MeshModel

/// The values that stand behind the placeholders of a recording, learned while it is replayed.
struct Bindings {
    private(set) var values: [String: String] = [:]
    /// Makes every time that is sent a new one.
    private var ticks = 0

    /// The text with what is known in place of placeholders; nil when something is not known.
    mutating func filled(_ text: String) -> String? {
        guard text.contains("<") else { return text }
        var output = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
            output += rest[..<open]
            let placeholder = String(rest[open...close])
            if let value = self.values[placeholder] {
                output += value
            } else if placeholder == "<time>" {
                output += "2026-11-21T00:00:00Z"
            } else if placeholder == "<microtime>" {
                self.ticks += 1
                output += "2026-11-21T00:00:00.\(100_000 + self.ticks)Z"
            } else if Self.isPlaceholder(placeholder) {
                return nil
            } else {
                output += placeholder
            }
            rest = rest[rest.index(after: close)...]
        }
        return output + rest
    }

    /// The document with what is known in place of placeholders; nil when something is not known.
    mutating func filled(_ value: JSONValue) -> JSONValue? {
        switch value {
        case .string(let text):
            return self.filled(text).map(JSONValue.string)
        case .array(let elements):
            var result: [JSONValue] = []
            for element in elements {
                guard let filled = self.filled(element) else { return nil }
                result.append(filled)
            }
            return .array(result)
        case .object(let members):
            var result: [String: JSONValue] = [:]
            for (name, member) in members {
                guard let filled = self.filled(member) else { return nil }
                result[name] = filled
            }
            return .object(result)
        default: return value
        }
    }

    static func isPlaceholder(_ text: String) -> Bool {
        let names = [
            "uid", "rv", "continue", "time", "microtime", "age", "unix", "hash", "rand", "eventhash", "clusterip",
            "nodeport", "podip", "containerid", "digest", "token", "pem", "ca-bundle", "kid", "hostname", "etag",
            "port",
            "id",
        ]
        let name = text.dropFirst().dropLast().prefix { $0 != ":" }
        return names.contains(String(name))
    }

    /// Whether `found` is what `expected` stands for; learns what is new.
    mutating func matches(_ expected: String, _ found: String) -> Bool {
        if expected == found { return true }
        guard expected.contains("<") else { return false }
        var rest = found[...]
        var pattern = expected[...]
        var learned: [String: String] = [:]
        while let open = pattern.firstIndex(of: "<"), let close = pattern[open...].firstIndex(of: ">") {
            let literal = pattern[..<open]
            let placeholder = String(pattern[open...close])
            guard rest.hasPrefix(literal) else { return false }
            rest = rest.dropFirst(literal.count)
            pattern = pattern[pattern.index(after: close)...]
            guard Self.isPlaceholder(placeholder) else {
                guard rest.hasPrefix(placeholder) else { return false }
                rest = rest.dropFirst(placeholder.count)
                continue
            }
            // Up to the text that follows the placeholder.
            let next = pattern.prefix { $0 != "<" }
            let value: Substring
            if next.isEmpty {
                value = pattern.isEmpty ? rest : rest.prefix(1)
            } else {
                guard let range = rest.firstRange(of: next) else { return false }
                value = rest[..<range.lowerBound]
            }
            rest = rest[value.endIndex...]
            guard placeholder.contains(":") else { continue }
            if let known = self.values[placeholder] ?? learned[placeholder] {
                guard known == value else { return false }
            } else {
                learned[placeholder] = String(value)
            }
        }
        guard rest == pattern else { return false }
        self.values.merge(learned) { $1 }
        return true
    }
}
