/// Why the settings cannot be used; the message names the setting and what would be valid.
public enum SettingsError: Error, Hashable, Sendable {
    /// A setting that does not exist.
    case unknown(String)
    /// A flag without its value.
    case missingValue(String)
    /// A value that cannot be read.
    case invalid(key: String, value: String, expected: String)
    /// A component needs an API server and none was given.
    case noCluster
}

extension SettingsError: CustomStringConvertible {
    /// One line for the user.
    public var description: String {
        switch self {
        case .unknown(let flag): "unknown setting \(flag)"
        case .missingValue(let flag): "\(flag) needs a value"
        case .invalid(let key, let value, let expected): "--\(key) \(value): expected \(expected)"
        case .noCluster: "no cluster to work with: give --kubeconfig, or run in a pod"
        }
    }
}
