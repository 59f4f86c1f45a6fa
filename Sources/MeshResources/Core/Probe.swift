/// A question that the node asks a container.
public struct Probe: Codable, Hashable, Sendable {
    /// Passes when the answer is 200…399.
    public var httpGet: HTTPGetAction?
    /// Passes when the connection opens.
    public var tcpSocket: TCPSocketAction?
    /// Passes when the command exits with 0.
    public var exec: ExecAction?
    /// Passes when the health service says SERVING.
    public var grpc: GRPCAction?
    /// Before the first question; absent means 0.
    public var initialDelaySeconds: Int?
    /// Between questions; absent means 10.
    public var periodSeconds: Int?
    /// For an answer; absent means 1.
    public var timeoutSeconds: Int?
    /// Answers in a row until it passes; absent means 1.
    public var successThreshold: Int?
    /// Failures in a row until it fails; absent means 3.
    public var failureThreshold: Int?
    /// Replaces the pod's when this probe ends the container.
    public var terminationGracePeriodSeconds: Int?

    /// A value with these fields.
    public init(
        httpGet: HTTPGetAction? = nil, tcpSocket: TCPSocketAction? = nil, exec: ExecAction? = nil,
        grpc: GRPCAction? = nil, initialDelaySeconds: Int? = nil, periodSeconds: Int? = nil,
        timeoutSeconds: Int? = nil, successThreshold: Int? = nil, failureThreshold: Int? = nil,
        terminationGracePeriodSeconds: Int? = nil
    ) {
        self.httpGet = httpGet
        self.tcpSocket = tcpSocket
        self.exec = exec
        self.grpc = grpc
        self.initialDelaySeconds = initialDelaySeconds
        self.periodSeconds = periodSeconds
        self.timeoutSeconds = timeoutSeconds
        self.successThreshold = successThreshold
        self.failureThreshold = failureThreshold
        self.terminationGracePeriodSeconds = terminationGracePeriodSeconds
    }
}

extension Probe: Omissible {
    static let omitted = Probe()
}

/// An HTTP request of a probe or hook.
public struct HTTPGetAction: Codable, Hashable, Sendable {
    /// Absent means `/`.
    public var path: String?
    /// A number or a container port's name.
    public var port: IntOrString
    /// Absent means the pod's address.
    public var host: String?
    /// `HTTP` (meant when absent) or `HTTPS`.
    public var scheme: String?
    /// Further headers.
    public var httpHeaders: [HTTPHeader]

    /// A value with these fields.
    public init(
        path: String? = nil, port: IntOrString, host: String? = nil, scheme: String? = nil,
        httpHeaders: [HTTPHeader] = []
    ) {
        self.path = path
        self.port = port
        self.host = host
        self.scheme = scheme
        self.httpHeaders = httpHeaders
    }
}

/// A header of a probe.
public struct HTTPHeader: Codable, Hashable, Sendable {
    /// The name.
    public var name: String
    /// The value.
    public var value: String

    /// A value with these fields.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// A connection of a probe or hook.
public struct TCPSocketAction: Codable, Hashable, Sendable {
    /// A number or a container port's name.
    public var port: IntOrString
    /// Absent means the pod's address.
    public var host: String?

    /// A value with these fields.
    public init(port: IntOrString, host: String? = nil) {
        self.port = port
        self.host = host
    }
}

/// A command in a container.
public struct ExecAction: Codable, Hashable, Sendable {
    /// The program and its arguments.
    public var command: [String]

    /// A value with these fields.
    public init(command: [String] = []) {
        self.command = command
    }
}

extension ExecAction: Omissible {
    static let omitted = ExecAction()
}

/// A call of the gRPC health service.
public struct GRPCAction: Codable, Hashable, Sendable {
    /// The port.
    public var port: Int
    /// The service that is asked about.
    public var service: String?

    /// A value with these fields.
    public init(port: Int, service: String? = nil) {
        self.port = port
        self.service = service
    }
}

/// What runs after the start and before the end of a container.
public struct Lifecycle: Codable, Hashable, Sendable {
    /// Right after the start.
    public var postStart: LifecycleHandler?
    /// Before the end.
    public var preStop: LifecycleHandler?

    /// A value with these fields.
    public init(postStart: LifecycleHandler? = nil, preStop: LifecycleHandler? = nil) {
        self.postStart = postStart
        self.preStop = preStop
    }
}

extension Lifecycle: Omissible {
    static let omitted = Lifecycle()
}

/// One action of a container's life; exactly one.
public struct LifecycleHandler: Codable, Hashable, Sendable {
    /// A command.
    public var exec: ExecAction?
    /// An HTTP request.
    public var httpGet: HTTPGetAction?
    /// A pause.
    public var sleep: SleepAction?

    /// A value with these fields.
    public init(exec: ExecAction? = nil, httpGet: HTTPGetAction? = nil, sleep: SleepAction? = nil) {
        self.exec = exec
        self.httpGet = httpGet
        self.sleep = sleep
    }
}

extension LifecycleHandler: Omissible {
    static let omitted = LifecycleHandler()
}

/// A pause.
public struct SleepAction: Codable, Hashable, Sendable {
    /// How long.
    public var seconds: Int64

    /// A value with these fields.
    public init(seconds: Int64) {
        self.seconds = seconds
    }
}
