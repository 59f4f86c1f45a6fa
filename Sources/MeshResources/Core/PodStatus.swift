/// What runs in a pod.
public struct PodStatus: Codable, Hashable, Sendable {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    public var phase: String?
    /// The pod's first address.
    public var podIP: String?
    /// All addresses, at most one of each family.
    public var podIPs: [PodIP]
    /// The node's first address.
    public var hostIP: String?
    /// All addresses of the node.
    public var hostIPs: [PodIP]
    /// `Ready`, `Initialized`, `ContainersReady`, `PodScheduled`.
    public var conditions: [Condition]
    /// One for each container.
    public var containerStatuses: [ContainerStatus]
    /// One for each init container.
    public var initContainerStatuses: [ContainerStatus]
    /// When the node took the pod.
    public var startTime: Timestamp?
    /// One word about the phase.
    public var reason: String?
    /// A sentence about the phase.
    public var message: String?

    /// A value with these fields.
    public init(
        phase: String? = nil, podIP: String? = nil, podIPs: [PodIP] = [], hostIP: String? = nil,
        hostIPs: [PodIP] = [], conditions: [Condition] = [], containerStatuses: [ContainerStatus] = [],
        initContainerStatuses: [ContainerStatus] = [], startTime: Timestamp? = nil, reason: String? = nil,
        message: String? = nil
    ) {
        self.phase = phase
        self.podIP = podIP
        self.podIPs = podIPs
        self.hostIP = hostIP
        self.hostIPs = hostIPs
        self.conditions = conditions
        self.containerStatuses = containerStatuses
        self.initContainerStatuses = initContainerStatuses
        self.startTime = startTime
        self.reason = reason
        self.message = message
    }
}

extension PodStatus: Omissible {
    static let omitted = PodStatus()
}

/// An address of a pod.
public struct PodIP: Codable, Hashable, Sendable {
    /// The address.
    public var ip: String?

    /// A value with these fields.
    public init(ip: String? = nil) {
        self.ip = ip
    }
}

extension PodIP: Omissible {
    static let omitted = PodIP()
}

/// What became of a container.
public struct ContainerStatus: Codable, Hashable, Sendable {
    /// The container.
    public var name: String
    /// True when its readiness probe passes.
    public var ready: Bool
    /// True once its startup probe has passed.
    public var started: Bool?
    /// How often it was started again.
    public var restartCount: Int?
    /// The image that runs.
    public var image: String?
    /// The image's digest.
    public var imageID: String?
    /// The runtime's name for it.
    public var containerID: String?
    /// What it does now.
    public var state: ContainerState
    /// How it ended the last time.
    public var lastState: ContainerState

    /// A value with these fields.
    public init(
        name: String, ready: Bool = false, started: Bool? = nil, restartCount: Int? = nil, image: String? = nil,
        imageID: String? = nil, containerID: String? = nil, state: ContainerState = ContainerState(),
        lastState: ContainerState = ContainerState()
    ) {
        self.name = name
        self.ready = ready
        self.started = started
        self.restartCount = restartCount
        self.image = image
        self.imageID = imageID
        self.containerID = containerID
        self.state = state
        self.lastState = lastState
    }
}

/// Exactly one of three; none means waiting.
public struct ContainerState: Codable, Hashable, Sendable {
    /// Not started yet.
    public var waiting: ContainerStateWaiting?
    /// Running.
    public var running: ContainerStateRunning?
    /// Ended.
    public var terminated: ContainerStateTerminated?

    /// A value with these fields.
    public init(
        waiting: ContainerStateWaiting? = nil, running: ContainerStateRunning? = nil,
        terminated: ContainerStateTerminated? = nil
    ) {
        self.waiting = waiting
        self.running = running
        self.terminated = terminated
    }
}

extension ContainerState: Omissible {
    static let omitted = ContainerState()
}

/// Why a container does not run yet.
public struct ContainerStateWaiting: Codable, Hashable, Sendable {
    /// One word.
    public var reason: String?
    /// A sentence.
    public var message: String?

    /// A value with these fields.
    public init(reason: String? = nil, message: String? = nil) {
        self.reason = reason
        self.message = message
    }
}

extension ContainerStateWaiting: Omissible {
    static let omitted = ContainerStateWaiting()
}

/// Since when a container runs.
public struct ContainerStateRunning: Codable, Hashable, Sendable {
    /// When it was started.
    public var startedAt: Timestamp?

    /// A value with these fields.
    public init(startedAt: Timestamp? = nil) {
        self.startedAt = startedAt
    }
}

extension ContainerStateRunning: Omissible {
    static let omitted = ContainerStateRunning()
}

/// How a container ended.
public struct ContainerStateTerminated: Codable, Hashable, Sendable {
    /// 0 is success.
    public var exitCode: Int?
    /// The signal that ended it.
    public var signal: Int?
    /// `Completed`, `Error`, `OOMKilled`.
    public var reason: String?
    /// A sentence.
    public var message: String?
    /// When it was started.
    public var startedAt: Timestamp?
    /// When it ended.
    public var finishedAt: Timestamp?

    /// A value with these fields.
    public init(
        exitCode: Int? = nil, signal: Int? = nil, reason: String? = nil, message: String? = nil,
        startedAt: Timestamp? = nil, finishedAt: Timestamp? = nil
    ) {
        self.exitCode = exitCode
        self.signal = signal
        self.reason = reason
        self.message = message
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}

extension ContainerStateTerminated: Omissible {
    static let omitted = ContainerStateTerminated()
}
