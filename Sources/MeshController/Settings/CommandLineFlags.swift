public import Configuration

/// Command-line flags as a configuration provider: `--cluster-domain x` and `--cluster-domain=x`.
public enum CommandLineFlags {
    /// Reads the flags; every one takes a value.
    ///
    /// - Throws: for words that are no flag, unknown flags and missing values.
    public static func provider(_ arguments: some Sequence<String>) throws(SettingsError) -> InMemoryProvider {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        var iterator = arguments.makeIterator()
        while let argument = iterator.next() {
            guard argument.hasPrefix("--") else { throw .unknown(argument) }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts.first.map(String.init) ?? ""
            guard ControllerSettings.keys.contains(name) else { throw .unknown("--\(name)") }
            let value: String
            if parts.count == 2 {
                value = String(parts[1])
            } else if let next = iterator.next() {
                value = next
            } else {
                throw .missingValue("--\(name)")
            }
            values[AbsoluteConfigKey(["heddle", name])] = ConfigValue(.string(value), isSecret: false)
        }
        return InMemoryProvider(name: "flags", values: values)
    }
}
