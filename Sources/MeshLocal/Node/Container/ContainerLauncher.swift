import Foundation
import Glibc
import SystemPackage

/// Becomes a container's process: puts its root together, drops privileges, runs its program.
///
/// The root is the machine's own file system under an overlay, so that every program of the machine is an "image" and
/// whatever a container writes stays its own; `/run` is fresh, and volumes are bound where the pod wants them. Needs a
/// mount namespace of its own without propagation, since all of this ends with it.
public enum ContainerLauncher {
    /// Why a container could not become its program.
    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// The description of the container cannot be read.
        case unreadable(String)
        /// A system call failed.
        case system(String, path: String, code: Int32)

        /// One line for the container's log.
        public var description: String {
            switch self {
            case .unreadable(let reason): "cannot read the container's description: \(reason)"
            case .system(let call, let path, let code): "\(call) \(path): \(String(cString: strerror(code)))"
            }
        }
    }

    /// Where a program is looked for that is given by name alone.
    public static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The most that a container may write outside of its volumes.
    private static let overlayOptions = "size=64m,mode=755"

    /// Runs the container described in the file at `path`; returns only by throwing ``Failure``.
    public static func run(_ path: String) throws -> Never {
        let launch: ContainerLaunch
        do {
            launch = try JSONDecoder().decode(ContainerLaunch.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw Failure.unreadable("\(path): \(error)")
        }
        umask(0o022)  // Not what our caller keeps from others.
        _ = sethostname(launch.hostname, launch.hostname.utf8.count)  // Cosmetic.
        let root = try self.makeRoot(launch)
        try self.write(launch.files, below: root)
        let sources = try launch.mounts.map { try self.open($0.source) }
        try self.check(chroot(root), "chroot", root)
        for (mount, source) in zip(launch.mounts, sources) {
            try self.bind(source, mount)
        }
        if launch.readOnlyRoot { try self.mount("none", "/", nil, MS_REMOUNT | MS_BIND | MS_RDONLY) }
        try self.makeDirectories(launch.workingDirectory)
        try self.check(chdir(launch.workingDirectory), "chdir", launch.workingDirectory)
        throw self.execute(launch)
    }

    /// The machine's root under an overlay, with the machine's other mounts in their places.
    private static func makeRoot(_ launch: ContainerLaunch) throws(Failure) -> String {
        let table = MountTable((try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? "")
        try self.mount("tmpfs", launch.root, "tmpfs", 0, self.overlayOptions)
        let (upper, work, root) = ("\(launch.root)/upper", "\(launch.root)/work", "\(launch.root)/root")
        for directory in [upper, work, root] { try self.check(mkdir(directory, 0o755), "mkdir", directory) }
        try self.mount("overlay", root, "overlay", 0, "lowerdir=/,upperdir=\(upper),workdir=\(work)")
        for branch in table.branches(hiding: ["/run", launch.root]) {
            // A mount point that root itself cannot see any more is of no use to the container either.
            guard access(branch, F_OK) == 0 else { continue }
            try self.mount(branch, root + branch, nil, MS_BIND | MS_REC)
        }
        try self.mount("tmpfs", "\(root)/run", "tmpfs", 0, "size=64m,mode=1777")
        return root
    }

    /// Replaces `files` in the new root; none of their directories is a link.
    private static func write(_ files: [String: String], below root: String) throws(Failure) {
        for (name, text) in files {
            let path = root + name
            _ = unlink(path)  // It may be a link to somewhere else, or missing.
            let file = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
            try self.check(file, "open", path)
            let bytes = Array(text.utf8)
            try self.check(Glibc.write(file, bytes, bytes.count) == bytes.count ? 0 : -1, "write", path)
            close(file)
        }
    }

    /// Holds a volume open across the change of root.
    private static func open(_ path: String) throws(Failure) -> Int32 {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        try self.check(file, "open", path)
        return file
    }

    private static func isDirectory(_ file: Int32) -> Bool {
        let inside = openat(file, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard inside >= 0 else { return false }
        close(inside)
        return true
    }

    private static func bind(_ source: Int32, _ mount: ContainerLaunch.Mount) throws(Failure) {
        if self.isDirectory(source) {
            try self.makeDirectories(mount.target)
        } else {
            try self.makeDirectories(FilePath(mount.target).removingLastComponent().string)
            let file = Glibc.open(mount.target, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
            try self.check(file, "open", mount.target)
            close(file)
        }
        try self.mount("/proc/self/fd/\(source)", mount.target, nil, MS_BIND)
        if mount.readOnly { try self.mount("none", mount.target, nil, MS_REMOUNT | MS_BIND | MS_RDONLY) }
    }

    private static func makeDirectories(_ path: String) throws(Failure) {
        var made = FilePath("/")
        for component in FilePath(path).components {
            made.append(component)
            guard access(made.string, F_OK) != 0 else { continue }
            try self.check(mkdir(made.string, 0o755), "mkdir", made.string)
        }
    }

    private static func execute(_ launch: ContainerLaunch) -> Failure {
        let arguments = launch.privilegeCommand.map { strdup($0) } + [nil]
        let environment = launch.environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        // A program starts with no signal blocked or ignored, whatever the thread that we happen to run on has.
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
        _ = signal(SIGPIPE, SIG_DFL)
        for directory in self.searchPath.split(separator: ":") {
            execve("\(directory)/setpriv", arguments, environment)
        }
        return .system("execve", path: "setpriv", code: errno)
    }

    private static func mount(
        _ source: String, _ target: String, _ type: String?, _ flags: Int, _ options: String? = nil
    ) throws(Failure) {
        try self.check(Glibc.mount(source, target, type, UInt(flags), options), "mount", target)
    }

    private static func check(_ result: Int32, _ call: String, _ path: String) throws(Failure) {
        guard result < 0 else { return }
        throw .system(call, path: path, code: errno)
    }
}
