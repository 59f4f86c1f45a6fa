/// What a container needs and may use at most.
public struct ResourceRequirements: Codable, Hashable, Sendable {
    /// What it needs.
    public var requests: [String: Quantity]
    /// What it may use.
    public var limits: [String: Quantity]

    /// A value with these fields.
    public init(requests: [String: Quantity] = [:], limits: [String: Quantity] = [:]) {
        self.requests = requests
        self.limits = limits
    }
}

extension ResourceRequirements: Omissible {
    static let omitted = ResourceRequirements()
}

/// Privileges of a container.
public struct SecurityContext: Codable, Hashable, Sendable {
    /// User id of the first process.
    public var runAsUser: Int64?
    /// Group id of the first process.
    public var runAsGroup: Int64?
    /// True refuses to run as root.
    public var runAsNonRoot: Bool?
    /// True grants everything.
    public var privileged: Bool?
    /// False forbids gaining privileges.
    public var allowPrivilegeEscalation: Bool?
    /// True forbids writing outside volumes.
    public var readOnlyRootFilesystem: Bool?
    /// Linux capabilities.
    public var capabilities: Capabilities?

    /// A value with these fields.
    public init(
        runAsUser: Int64? = nil, runAsGroup: Int64? = nil, runAsNonRoot: Bool? = nil, privileged: Bool? = nil,
        allowPrivilegeEscalation: Bool? = nil, readOnlyRootFilesystem: Bool? = nil, capabilities: Capabilities? = nil
    ) {
        self.runAsUser = runAsUser
        self.runAsGroup = runAsGroup
        self.runAsNonRoot = runAsNonRoot
        self.privileged = privileged
        self.allowPrivilegeEscalation = allowPrivilegeEscalation
        self.readOnlyRootFilesystem = readOnlyRootFilesystem
        self.capabilities = capabilities
    }
}

extension SecurityContext: Omissible {
    static let omitted = SecurityContext()
}

/// Linux capabilities that are added and taken.
public struct Capabilities: Codable, Hashable, Sendable {
    /// Added.
    public var add: [String]
    /// Taken; `ALL` takes all.
    public var drop: [String]

    /// A value with these fields.
    public init(add: [String] = [], drop: [String] = []) {
        self.add = add
        self.drop = drop
    }
}

extension Capabilities: Omissible {
    static let omitted = Capabilities()
}
