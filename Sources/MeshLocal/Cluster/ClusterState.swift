import Foundation
import Glibc
public import SystemPackage

/// The directory in which a cluster's runtime records itself, and the lock that says whether it lives.
///
/// The lock belongs to the process and goes with it, however it ends; the record outlives it for whoever cleans up.
final class ClusterState: Sendable {
    /// What is recorded.
    struct Record: Codable, Hashable, Sendable {
        /// The runtime's process.
        var process: Int32
        /// Where the kubeconfig is, once the cluster is up.
        var kubeconfig: String?
    }

    /// The cluster's directory.
    let directory: FilePath
    private let lock: Int32

    var pods: FilePath { self.directory.appending("pods") }
    var kubeconfig: FilePath { self.directory.appending("kubeconfig") }
    private var record: FilePath { self.directory.appending("cluster.json") }

    /// Takes the directory of cluster `name` below `root` for this process.
    ///
    /// - Throws: ``LocalClusterError/alreadyRunning(name:process:)`` while another process has it.
    init(root: FilePath, name: String) throws(LocalClusterError) {
        self.directory = root.appending(name)
        do {
            try Files.makeDirectories(self.directory, mode: 0o700)
        } catch {
            throw .state(path: self.directory.string, reason: "\(error)")
        }
        self.lock = open(self.directory.appending("lock").string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard self.lock >= 0 else {
            throw .state(path: self.directory.string, reason: "\(Errno(rawValue: errno))")
        }
        guard flock(self.lock, LOCK_EX | LOCK_NB) == 0 else {
            close(self.lock)
            throw .alreadyRunning(name: name, process: Self.read(root: root, name: name)?.process ?? 0)
        }
        _ = unlink(self.record.string)  // What a dead runtime recorded is not true of this one.
    }

    deinit {
        close(self.lock)  // And with it the lock.
    }

    /// The record of cluster `name`, of a living or a dead runtime.
    static func read(root: FilePath, name: String) -> Record? {
        guard let bytes = Files.read(root.appending(name).appending("cluster.json")) else { return nil }
        return try? JSONDecoder().decode(Record.self, from: Data(bytes))  // Half a record is none.
    }

    /// True while a process has the directory of cluster `name`.
    static func isRunning(root: FilePath, name: String) -> Bool {
        let lock = open(root.appending(name).appending("lock").string, O_RDWR | O_CLOEXEC)
        guard lock >= 0 else { return false }
        defer { close(lock) }
        return flock(lock, LOCK_EX | LOCK_NB) != 0
    }

    /// Records this process.
    func write(kubeconfig: String?) throws(LocalClusterError) {
        let record = Record(process: getpid(), kubeconfig: kubeconfig)
        do {
            try Files.write(Array(JSONEncoder().encode(record)), to: self.record, mode: 0o600)
        } catch {
            throw .state(path: self.directory.string, reason: "\(error)")
        }
    }

    /// Removes everything in the directory; the lock stays ours until the end.
    func clear() {
        for name in Files.entries(self.directory) where name != "lock" {
            Files.removeTree(self.directory.appending(name))
        }
    }

    /// Removes the directory itself.
    func remove() {
        Files.removeTree(self.directory)
    }
}

extension LocalCluster {
    /// True while the process exists.
    public static func isAlive(_ process: Int32) -> Bool { kill(process, 0) == 0 }

    /// The last line of a text file, for a message.
    public static func lastLine(of path: FilePath) -> String {
        Files.text(path)?.split(separator: "\n").last.map(String.init) ?? "no reason given"
    }
}
