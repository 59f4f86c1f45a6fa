import Glibc
public import Logging
import NIOCore
import NIOPosix
public import SystemPackage

extension LocalCluster {
    /// Brings a cluster up, runs `body`, and takes everything down again, however `body` ends.
    ///
    /// Leftovers of a dead runtime of the same name are cleared first, and only those.
    /// - Throws: ``LocalClusterError``, or what `body` throws.
    public static func run<Result: Sendable>(
        _ configuration: Configuration, logger: Logger,
        _ body: @escaping @Sendable (LocalCluster) async throws -> Result
    ) async throws -> Result {
        let names = try self.names(checking: configuration)
        let state = try ClusterState(root: configuration.stateRoot, name: configuration.name)
        try await self.clear(names, state)
        try state.write(kubeconfig: nil)
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await self.runParts(configuration, names, state, logger, body))
        } catch {
            result = .failure(error)
        }
        try await self.uncancelled { try await self.clear(names, state) }
        state.remove()
        return try result.get()
    }

    /// Ends the cluster `name` if it runs, and clears whatever it has left.
    ///
    /// - Returns: True when there was something to end or clear.
    /// - Throws: ``LocalClusterError``.
    @discardableResult
    public static func down(name: String, stateRoot: FilePath = defaultStateRoot) async throws -> Bool {
        guard getuid() == 0 else { throw LocalClusterError.notRoot }
        guard let names = NetworkNames(cluster: name) else { throw LocalClusterError.invalidName(name) }
        let wasRunning = ClusterState.isRunning(root: stateRoot, name: name)
        if wasRunning, let process = ClusterState.read(root: stateRoot, name: name)?.process {
            for (signal, attempts) in [(SIGTERM, 450), (SIGKILL, 50)] {
                kill(process, signal)
                for _ in 0..<attempts where ClusterState.isRunning(root: stateRoot, name: name) {
                    try await Task.sleep(for: .milliseconds(100))
                }
                if !ClusterState.isRunning(root: stateRoot, name: name) { break }
            }
        }
        let isClean = try await NetworkLeftovers(names: names).isEmpty()
        let hadState = Files.isDirectory(stateRoot.appending(name))
        guard wasRunning || !isClean || hadState else { return false }
        let state = try ClusterState(root: stateRoot, name: name)
        try await self.clear(names, state)
        state.remove()
        return true
    }

    /// What is to be said about the cluster `name`.
    public static func status(name: String, stateRoot: FilePath = defaultStateRoot) -> Status {
        let record = ClusterState.read(root: stateRoot, name: name)
        guard ClusterState.isRunning(root: stateRoot, name: name) else {
            return record == nil ? .absent : .dead
        }
        guard let record, let kubeconfig = record.kubeconfig else { return .starting }
        return .running(process: record.process, kubeconfig: kubeconfig)
    }

    /// Whether a cluster runs.
    public enum Status: Hashable, Sendable {
        /// There is no such cluster.
        case absent
        /// Its runtime has ended without clearing up.
        case dead
        /// It is coming up.
        case starting
        /// It runs.
        case running(process: Int32, kubeconfig: String)
    }

    /// `$HEDDLE_HOME/local`, or `/var/run/heddle/local`.
    public static var defaultStateRoot: FilePath {
        let home = getenv("HEDDLE_HOME").map { String(cString: $0) }
        return FilePath(home.flatMap { $0.isEmpty ? nil : $0 } ?? "/var/run/heddle").appending("local")
    }

    // MARK: - Before

    /// Looks whether a cluster could run here, and makes nothing.
    ///
    /// - Throws: ``LocalClusterError`` about the name, the rights, a tool or an executable that is missing.
    public static func check(_ configuration: Configuration) throws(LocalClusterError) {
        _ = try self.names(checking: configuration)
    }

    private static func names(checking configuration: Configuration) throws(LocalClusterError) -> NetworkNames {
        guard let names = NetworkNames(cluster: configuration.name) else {
            throw .invalidName(configuration.name)
        }
        guard getuid() == 0 else { throw .notRoot }
        let directories = Tool.path.split(separator: ":")
        for (tool, package) in self.tools
        where !directories.contains(where: { access("\($0)/\(tool)", X_OK) == 0 }) {
            throw .missingTool(tool, package: package)
        }
        for (image, path) in configuration.images.sorted(by: { $0.key < $1.key }) where access(path, X_OK) != 0 {
            throw .missingExecutable(image: image, path: path)
        }
        return names
    }

    private static func clear(_ names: NetworkNames, _ state: ClusterState) async throws(LocalClusterError) {
        do {
            try await NetworkLeftovers(names: names).removeAll()
        } catch {
            throw .network(error)
        }
        state.clear()
    }

    /// Does `work` even when the caller has been cancelled: what was made must be removed.
    private static func uncancelled(_ work: @escaping @Sendable () async throws -> Void) async throws {
        // A cancelled task cannot run programs, nor can its children.
        try await MultiThreadedEventLoopGroup.singleton.any().makeFutureWithTask(work).get()
    }
}
