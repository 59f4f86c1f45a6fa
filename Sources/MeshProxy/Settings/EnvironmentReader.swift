import MeshModel

/// Reads typed values from the variables of a process.
///
/// Every reader gives nil for a variable that is not set, or set to nothing, and throws for one that does not parse.
struct EnvironmentReader {
    static let prefix = "LINKERD2_PROXY_"
    /// Longer values are refused, except those of PEM bundles.
    static let maxBytes = 64 * 1024

    private let variables: [String: String]

    init(_ variables: [String: String]) { self.variables = variables }

    func string(_ name: String) -> String? {
        guard let value = self.variables[Self.prefix + name], !value.isEmpty else { return nil }
        return value
    }

    func required(_ name: String) throws(SettingsError) -> String {
        guard let value = self.string(name) else { throw .missing(Self.prefix + name) }
        return value
    }

    private func parse<Value>(_ name: String, _ read: (String) -> Value?) throws(SettingsError) -> Value? {
        guard let text = self.string(name) else { return nil }
        guard text.utf8.count <= Self.maxBytes, let value = read(text) else {
            throw .invalid(Self.prefix + name, value: String(text.prefix(100)))
        }
        return value
    }

    /// Exactly `true` or `false`.
    func bool(_ name: String) throws(SettingsError) -> Bool? {
        try self.parse(name) { $0 == "true" ? true : $0 == "false" ? false : nil }
    }

    func integer(_ name: String) throws(SettingsError) -> Int? {
        try self.parse(name) { Self.digits($0) }
    }

    func number(_ name: String) throws(SettingsError) -> Double? {
        try self.parse(name) { text in Double(text).flatMap { $0.isFinite ? $0 : nil } }
    }

    /// Digits and a unit `ms`, `s`, `m`, `h` or `d`; the unit may be left out of 0.
    func duration(_ name: String) throws(SettingsError) -> Duration? {
        try self.parse(name, Self.duration)
    }

    func address(_ name: String) throws(SettingsError) -> SocketAddress? {
        try self.parse(name) { SocketAddress($0) }
    }

    func addresses(_ name: String) throws(SettingsError) -> [SocketAddress]? {
        try self.parse(name) { text in Self.list(text) { SocketAddress($0) } }
    }

    func networks(_ name: String) throws(SettingsError) -> [IPNetwork]? {
        try self.parse(name) { text in Self.list(text) { IPNetwork($0) } }
    }

    func ips(_ name: String) throws(SettingsError) -> [IPAddress]? {
        try self.parse(name) { text in Self.list(text) { IPAddress($0) } }
    }

    /// Ports and ranges of ports, comma-separated.
    func ports(_ name: String) throws(SettingsError) -> Set<UInt16>? {
        try self.parse(name) { text in
            guard let ranges = Self.list(text, Self.portRange) else { return nil }
            return Set(ranges.flatMap { Array($0) })
        }
    }

    private static func portRange(_ text: Substring) -> ClosedRange<UInt16>? {
        let bounds = text.split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count <= 2, let low = bounds.first.flatMap({ Self.digits($0) }),
            let high = bounds.last.flatMap({ Self.digits($0) }), low >= 1, low <= high,
            let low = UInt16(exactly: low), let high = UInt16(exactly: high)
        else { return nil }
        return low...high
    }

    private static func list<Value>(_ text: String, _ read: (Substring) -> Value?) -> [Value]? {
        var values: [Value] = []
        for item in text.split(separator: ",") {
            let item = item.trimmed
            guard !item.isEmpty else { continue }
            guard let value = read(item) else { return nil }
            values.append(value)
        }
        return values
    }

    private static func digits(_ text: some StringProtocol) -> Int? {
        guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }

    static func duration(_ text: String) -> Duration? {
        let trimmed = text[...].trimmed
        let digits = trimmed.prefix { $0.isASCII && $0.isNumber }
        guard let value = Self.digits(digits), value <= 1_000_000_000 else { return nil }
        return switch trimmed[digits.endIndex...] {
        case "ms": .milliseconds(value)
        case "s": .seconds(value)
        case "m": .seconds(value * 60)
        case "h": .seconds(value * 3600)
        case "d": .seconds(value * 86400)
        case "": value == 0 ? .zero : nil
        default: nil
        }
    }
}

extension Substring {
    /// Without blanks at both ends.
    var trimmed: Substring {
        var rest = self
        while rest.first?.isWhitespace ?? false { rest = rest.dropFirst() }
        while rest.last?.isWhitespace ?? false { rest = rest.dropLast() }
        return rest
    }
}
