/// Why there is no local cluster.
public enum LocalClusterError: Error, Hashable, Sendable {
    /// Namespaces and links need root.
    case notRoot
    /// A program that we run is not installed.
    case missingTool(String, package: String)
    /// A name that cannot be a cluster's.
    case invalidName(String)
    /// Another process runs this cluster.
    case alreadyRunning(name: String, process: Int32)
    /// The port is taken.
    case portInUse(UInt16)
    /// An executable for an image that does not exist.
    case missingExecutable(image: String, path: String)
    /// The state directory cannot be used.
    case state(path: String, reason: String)
    /// The network could not be set up.
    case network(NetworkError)
    /// A part of the cluster did not start or ended.
    case failed(part: String, reason: String)
}

extension LocalClusterError: CustomStringConvertible {
    /// One line for a user.
    public var description: String {
        switch self {
        case .notRoot: "a local cluster needs root: network namespaces and mounts (run it with sudo)"
        case .missingTool(let name, let package): "\(name) is not installed (apt-get install \(package))"
        case .invalidName(let name):
            "\"\(name)\" cannot be a cluster's name: 1 to 32 lower-case letters, digits and inner hyphens"
        case .alreadyRunning(let name, let process): "cluster \"\(name)\" is already running (process \(process))"
        case .portInUse(let port): "port \(port) is in use (choose another one with --api-port)"
        case .missingExecutable(let image, let path): "the executable for image \(image) does not exist: \(path)"
        case .state(let path, let reason): "cannot use \(path): \(reason)"
        case .network(let error): "cannot set up the network: \(error)"
        case .failed(let part, let reason): "\(part) failed: \(reason)"
        }
    }
}
