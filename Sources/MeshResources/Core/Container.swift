/// A process of a pod.
public struct Container: Codable, Hashable, Sendable {
    /// Unique in the pod.
    public var name: String
    /// What to run.
    public var image: String?
    /// `Always`, `IfNotPresent` or `Never`.
    public var imagePullPolicy: String?
    /// Replaces the image's entry point.
    public var command: [String]
    /// Arguments of the command.
    public var args: [String]
    /// Where the command starts.
    public var workingDir: String?
    /// What it listens on, for information and by name.
    public var ports: [ContainerPort]
    /// Its environment, in order.
    public var env: [EnvVar]
    /// Whole ConfigMaps and Secrets as environment.
    public var envFrom: [EnvFromSource]
    /// Where volumes appear.
    public var volumeMounts: [VolumeMount]
    /// What it needs and may use at most.
    public var resources: ResourceRequirements
    /// Restarts the container when it fails.
    @Boxed public var livenessProbe: Probe?
    /// Takes the pod out of its Services when it fails.
    @Boxed public var readinessProbe: Probe?
    /// Holds the other probes back until it passes.
    @Boxed public var startupProbe: Probe?
    /// What runs after the start and before the end.
    @Boxed public var lifecycle: Lifecycle?
    /// Privileges.
    @Boxed public var securityContext: SecurityContext?
    /// `Always` makes an init container a sidecar.
    public var restartPolicy: String?
    /// Where the final message comes from.
    public var terminationMessagePolicy: String?

    /// A value with these fields.
    public init(
        name: String, image: String? = nil, imagePullPolicy: String? = nil, command: [String] = [],
        args: [String] = [], workingDir: String? = nil, ports: [ContainerPort] = [], env: [EnvVar] = [],
        envFrom: [EnvFromSource] = [], volumeMounts: [VolumeMount] = [],
        resources: ResourceRequirements = ResourceRequirements(), livenessProbe: Probe? = nil,
        readinessProbe: Probe? = nil, startupProbe: Probe? = nil, lifecycle: Lifecycle? = nil,
        securityContext: SecurityContext? = nil, restartPolicy: String? = nil,
        terminationMessagePolicy: String? = nil
    ) {
        self.name = name
        self.image = image
        self.imagePullPolicy = imagePullPolicy
        self.command = command
        self.args = args
        self.workingDir = workingDir
        self.ports = ports
        self.env = env
        self.envFrom = envFrom
        self.volumeMounts = volumeMounts
        self.resources = resources
        self.livenessProbe = livenessProbe
        self.readinessProbe = readinessProbe
        self.startupProbe = startupProbe
        self.lifecycle = lifecycle
        self.securityContext = securityContext
        self.restartPolicy = restartPolicy
        self.terminationMessagePolicy = terminationMessagePolicy
    }
}

/// A port of a container.
public struct ContainerPort: Codable, Hashable, Sendable {
    /// Unique in the pod.
    public var name: String?
    /// 1…65535.
    public var containerPort: Int
    /// The same port on the node.
    public var hostPort: Int?
    /// The node's address that the port is bound to.
    public var hostIP: String?
    /// The transport.
    public var `protocol`: TransportProtocol

    /// A value with these fields.
    public init(
        name: String? = nil, containerPort: Int, hostPort: Int? = nil, hostIP: String? = nil,
        protocol: TransportProtocol = .tcp
    ) {
        self.name = name
        self.containerPort = containerPort
        self.hostPort = hostPort
        self.hostIP = hostIP
        self.protocol = `protocol`
    }
}

/// A transport; absent means TCP.
public enum TransportProtocol: String, Hashable, Sendable, Codable, CaseIterable {
    /// TCP.
    case tcp = "TCP"
    /// UDP.
    case udp = "UDP"
    /// SCTP.
    case sctp = "SCTP"
}

extension TransportProtocol: Omissible {
    static var omitted: Self { .tcp }
}

/// One environment variable.
public struct EnvVar: Codable, Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Its value, with `$(NAME)` replaced.
    public var value: String?
    /// Where the value is taken from instead.
    public var valueFrom: EnvVarSource?

    /// A value with these fields.
    public init(name: String, value: String? = nil, valueFrom: EnvVarSource? = nil) {
        self.name = name
        self.value = value
        self.valueFrom = valueFrom
    }
}

/// Where a variable's value is taken from; exactly one.
public struct EnvVarSource: Codable, Hashable, Sendable {
    /// A field of the pod.
    public var fieldRef: ObjectFieldSelector?
    /// A resource of a container.
    public var resourceFieldRef: ResourceFieldSelector?
    /// A key of a ConfigMap.
    public var configMapKeyRef: KeySelector?
    /// A key of a Secret.
    public var secretKeyRef: KeySelector?

    /// A value with these fields.
    public init(
        fieldRef: ObjectFieldSelector? = nil, resourceFieldRef: ResourceFieldSelector? = nil,
        configMapKeyRef: KeySelector? = nil, secretKeyRef: KeySelector? = nil
    ) {
        self.fieldRef = fieldRef
        self.resourceFieldRef = resourceFieldRef
        self.configMapKeyRef = configMapKeyRef
        self.secretKeyRef = secretKeyRef
    }
}

extension EnvVarSource: Omissible {
    static let omitted = EnvVarSource()
}

/// A field of the pod.
public struct ObjectFieldSelector: Codable, Hashable, Sendable {
    /// Absent means v1.
    public var apiVersion: String?
    /// Such as `metadata.name` or `status.podIP`.
    public var fieldPath: String

    /// A value with these fields.
    public init(apiVersion: String? = nil, fieldPath: String) {
        self.apiVersion = apiVersion
        self.fieldPath = fieldPath
    }
}

/// A resource of a container.
public struct ResourceFieldSelector: Codable, Hashable, Sendable {
    /// The container; absent means this one.
    public var containerName: String?
    /// Such as `limits.cpu`.
    public var resource: String
    /// What the amount is divided by.
    public var divisor: Quantity?

    /// A value with these fields.
    public init(containerName: String? = nil, resource: String, divisor: Quantity? = nil) {
        self.containerName = containerName
        self.resource = resource
        self.divisor = divisor
    }
}

/// A key of a ConfigMap or Secret in the pod's namespace.
public struct KeySelector: Codable, Hashable, Sendable {
    /// The object.
    public var name: String?
    /// The key.
    public var key: String
    /// True when the object or key may be missing.
    public var optional: Bool?

    /// A value with these fields.
    public init(name: String? = nil, key: String, optional: Bool? = nil) {
        self.name = name
        self.key = key
        self.optional = optional
    }
}

/// A whole ConfigMap or Secret as environment.
public struct EnvFromSource: Codable, Hashable, Sendable {
    /// Put in front of each name.
    public var prefix: String?
    /// The ConfigMap.
    public var configMapRef: OptionalReference?
    /// The Secret.
    public var secretRef: OptionalReference?

    /// A value with these fields.
    public init(prefix: String? = nil, configMapRef: OptionalReference? = nil, secretRef: OptionalReference? = nil) {
        self.prefix = prefix
        self.configMapRef = configMapRef
        self.secretRef = secretRef
    }
}

extension EnvFromSource: Omissible {
    static let omitted = EnvFromSource()
}

/// An object that may be allowed to be missing.
public struct OptionalReference: Codable, Hashable, Sendable {
    /// The object.
    public var name: String?
    /// True when it may be missing.
    public var optional: Bool?

    /// A value with these fields.
    public init(name: String? = nil, optional: Bool? = nil) {
        self.name = name
        self.optional = optional
    }
}

extension OptionalReference: Omissible {
    static let omitted = OptionalReference()
}

/// Where a volume appears in a container.
public struct VolumeMount: Codable, Hashable, Sendable {
    /// The volume.
    public var name: String
    /// The directory or file.
    public var mountPath: String
    /// The part of the volume.
    public var subPath: String?
    /// True forbids writing.
    public var readOnly: Bool?

    /// A value with these fields.
    public init(name: String, mountPath: String, subPath: String? = nil, readOnly: Bool? = nil) {
        self.name = name
        self.mountPath = mountPath
        self.subPath = subPath
        self.readOnly = readOnly
    }
}
