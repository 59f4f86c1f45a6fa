/// Why the network of a local cluster could not be set up.
public enum NetworkError: Error, Hashable, Sendable {
    /// The program is not installed.
    case missingTool(String)
    /// The command failed; `output` is what it printed.
    case commandFailed(command: String, status: String, output: String)
    /// Every address of the pod network is in use.
    case noAddressLeft
    /// Every pair of networks that we would use is routed elsewhere on this machine.
    case noNetworkLeft
}

extension NetworkError: CustomStringConvertible {
    /// One line for a user.
    public var description: String {
        switch self {
        case .missingTool(let name): "\(name) is not installed"
        case .commandFailed(let command, let status, let output):
            "\(command) failed (\(status)): \(output.split(separator: "\n").joined(separator: "; "))"
        case .noAddressLeft: "every address of the pod network is in use"
        case .noNetworkLeft: "every network of 10.244–255.0.0/16 and 10.96–107.0.0/16 is routed elsewhere"
        }
    }
}
