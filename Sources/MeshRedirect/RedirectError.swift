/// Why redirection could not be set up or is not in force.
public enum RedirectError: Error, Hashable, Sendable {
    /// Text that is no port and no `first-last` range of ports.
    case invalidPorts(String)
    /// Text that is no network in CIDR form.
    case invalidSubnet(String)
    /// A setting whose value makes no sense, and why.
    case invalidSetting(name: String, reason: String)
    /// A command ended otherwise than with success.
    case commandFailed(command: String, status: String, output: String)
    /// None of the ways to write rules works here; one message for each.
    case noBackend([String])
    /// The rules were written but do not read back.
    case notInForce(missing: String)
    /// Traffic was not redirected although the rules are in place.
    case probeFailed(String)
}

extension RedirectError: CustomStringConvertible {
    /// A message for the log of an init container: what is wrong and with what.
    public var description: String {
        switch self {
        case .invalidPorts(let text): "not a port or a range of ports: \(text)"
        case .invalidSubnet(let text): "not a network in CIDR form: \(text)"
        case .invalidSetting(let name, let reason): "\(name): \(reason)"
        case .commandFailed(let command, let status, let output): "\(command) ended with \(status): \(output)"
        case .noBackend(let reasons): "no way to write rules works here: \(reasons.joined(separator: "; "))"
        case .notInForce(let missing): "rules are missing after they were written: \(missing)"
        case .probeFailed(let reason): "traffic is not redirected: \(reason)"
        }
    }
}
