/// Why the environment does not make a proxy; the program then exits with 64.
public enum SettingsError: Error, Hashable, Sendable {
    /// A required variable is not set.
    case missing(String)
    /// A variable does not have the form that it should.
    case invalid(String, value: String)
    /// Variables contradict each other; the text says how.
    case inconsistent(String)
}

extension SettingsError: CustomStringConvertible {
    /// Names the variable.
    public var description: String {
        switch self {
        case .missing(let name): "\(name) is not set"
        case .invalid(let name, let value): "\(name) is invalid: \(value)"
        case .inconsistent(let text): text
        }
    }
}
