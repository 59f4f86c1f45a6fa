/// Everything that turns a fresh process into a container's process.
///
/// The node agent writes it to a file that root alone can read; the launcher, already in the pod's network namespace and
/// in a mount namespace of its own, reads it and becomes the program.
public struct ContainerLaunch: Codable, Hashable, Sendable {
    /// A directory of the node agent that appears at `target`.
    public struct Mount: Codable, Hashable, Sendable {
        /// A directory or file of the machine.
        public var source: String
        /// An absolute path in the container; made if missing.
        public var target: String
        /// Whether the container may write.
        public var readOnly: Bool

        /// A mount.
        public init(source: String, target: String, readOnly: Bool) {
            self.source = source
            self.target = target
            self.readOnly = readOnly
        }
    }

    /// An empty directory on the machine where the container's root is put together.
    public var root: String
    /// The container's host name.
    public var hostname: String
    /// Files written into the container's root: names and texts.
    public var files: [String: String] = [:]
    /// Volumes, in the order of mounting.
    public var mounts: [Mount] = []
    /// True keeps the container from writing outside of its volumes.
    public var readOnlyRoot = false
    /// The program, by path or by name in the container's `PATH`, and its arguments.
    public var command: [String]
    /// The program's whole environment.
    public var environment: [String: String] = [:]
    /// Where the program starts.
    public var workingDirectory = "/"
    /// The program's user.
    public var user: UInt32 = 0
    /// The program's group.
    public var group: UInt32 = 0
    /// The program's further groups.
    public var groups: [UInt32] = []
    /// What the program may do beyond what its user may, also as an unprivileged user: `net_admin`.
    public var capabilities: [String] = []
    /// True leaves the program everything that root can do.
    public var privileged = false
    /// True bars the program from gaining privileges by set-user-id files.
    public var noNewPrivileges = false

    /// A process with this root that runs `command`.
    public init(root: String, hostname: String, command: [String]) {
        self.root = root
        self.hostname = hostname
        self.command = command
    }
}

extension ContainerLaunch {
    /// What root in a container may do unless told otherwise, as container runtimes have it.
    static let rootCapabilities: Set<String> = [
        "chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "net_bind_service",
        "net_raw", "sys_chroot", "mknod", "audit_write", "setfcap",
    ]

    /// The command line of `setpriv` that drops privileges and runs the program.
    var privilegeCommand: [String] {
        var command = ["setpriv", "--reuid=\(self.user)", "--regid=\(self.group)"]
        if self.groups.isEmpty {
            command.append("--clear-groups")
        } else {
            command.append("--groups=\(self.groups.map(String.init).joined(separator: ","))")
        }
        if !self.privileged {
            let list = self.capabilities.sorted().map { ",+\($0)" }.joined()
            command.append("--bounding-set=-all\(list)")
            command.append("--inh-caps=-all\(list)")
            if self.user != 0, !list.isEmpty { command.append("--ambient-caps=-all\(list)") }
        }
        if self.noNewPrivileges { command.append("--no-new-privs") }
        return command + ["--"] + self.command
    }
}
