/// Keeps a number of like pods running, through ReplicaSets.
public struct Deployment: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "apps", version: "v1", kind: "Deployment", plural: "deployments")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// What should run.
    public var spec: DeploymentSpec
    /// What runs.
    public var status: DeploymentStatus

    /// A value with these fields.
    public init(
        metadata: ObjectMeta, spec: DeploymentSpec = DeploymentSpec(), status: DeploymentStatus = DeploymentStatus()
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// What a Deployment should run.
public struct DeploymentSpec: Codable, Hashable, Sendable {
    /// How many pods; absent means 1.
    public var replicas: Int?
    /// Its pods.
    public var selector: LabelSelector
    /// What they look like.
    public var template: PodTemplate
    /// How they are replaced.
    public var strategy: DeploymentStrategy
    /// How long a pod must be ready to be available.
    public var minReadySeconds: Int?
    /// How many old ReplicaSets stay; absent means 10.
    public var revisionHistoryLimit: Int?
    /// How long a step may take; absent means 600.
    public var progressDeadlineSeconds: Int?
    /// True stops changes.
    public var paused: Bool

    /// A value with these fields.
    public init(
        replicas: Int? = nil, selector: LabelSelector = LabelSelector(), template: PodTemplate = PodTemplate(),
        strategy: DeploymentStrategy = DeploymentStrategy(), minReadySeconds: Int? = nil,
        revisionHistoryLimit: Int? = nil, progressDeadlineSeconds: Int? = nil, paused: Bool = false
    ) {
        self.replicas = replicas
        self.selector = selector
        self.template = template
        self.strategy = strategy
        self.minReadySeconds = minReadySeconds
        self.revisionHistoryLimit = revisionHistoryLimit
        self.progressDeadlineSeconds = progressDeadlineSeconds
        self.paused = paused
    }
}

extension DeploymentSpec: Omissible {
    static let omitted = DeploymentSpec()
}

/// How pods are replaced.
public struct DeploymentStrategy: Codable, Hashable, Sendable {
    /// `RollingUpdate` (meant when absent) or `Recreate`.
    public var type: String?
    /// Limits of the rolling update.
    public var rollingUpdate: RollingUpdate?

    /// A value with these fields.
    public init(type: String? = nil, rollingUpdate: RollingUpdate? = nil) {
        self.type = type
        self.rollingUpdate = rollingUpdate
    }
}

extension DeploymentStrategy: Omissible {
    static let omitted = DeploymentStrategy()
}

/// Limits of a rolling update.
public struct RollingUpdate: Codable, Hashable, Sendable {
    /// How many pods may be missing; absent means 25%.
    public var maxUnavailable: IntOrString?
    /// How many pods may be too many; absent means 25%.
    public var maxSurge: IntOrString?

    /// A value with these fields.
    public init(maxUnavailable: IntOrString? = nil, maxSurge: IntOrString? = nil) {
        self.maxUnavailable = maxUnavailable
        self.maxSurge = maxSurge
    }
}

extension RollingUpdate: Omissible {
    static let omitted = RollingUpdate()
}

/// What runs of a Deployment.
public struct DeploymentStatus: Codable, Hashable, Sendable {
    /// The generation that the controller has seen.
    public var observedGeneration: Int64?
    /// Pods in all.
    public var replicas: Int?
    /// Pods of the newest template.
    public var updatedReplicas: Int?
    /// Ready pods.
    public var readyReplicas: Int?
    /// Pods that have been ready long enough.
    public var availableReplicas: Int?
    /// Pods that are missing.
    public var unavailableReplicas: Int?
    /// `Available`, `Progressing`.
    public var conditions: [DeploymentCondition]

    /// A value with these fields.
    public init(
        observedGeneration: Int64? = nil, replicas: Int? = nil, updatedReplicas: Int? = nil,
        readyReplicas: Int? = nil, availableReplicas: Int? = nil, unavailableReplicas: Int? = nil,
        conditions: [DeploymentCondition] = []
    ) {
        self.observedGeneration = observedGeneration
        self.replicas = replicas
        self.updatedReplicas = updatedReplicas
        self.readyReplicas = readyReplicas
        self.availableReplicas = availableReplicas
        self.unavailableReplicas = unavailableReplicas
        self.conditions = conditions
    }
}

extension DeploymentStatus: Omissible {
    static let omitted = DeploymentStatus()
}

/// One aspect of a Deployment's state.
public struct DeploymentCondition: Codable, Hashable, Sendable {
    /// The aspect.
    public var type: String
    /// Whether it holds.
    public var status: ConditionStatus
    /// When `status` last changed.
    public var lastTransitionTime: Timestamp?
    /// When anything last changed.
    public var lastUpdateTime: Timestamp?
    /// One word for programs.
    public var reason: String?
    /// A sentence for people.
    public var message: String?

    /// A value with these fields.
    public init(
        type: String, status: ConditionStatus, lastTransitionTime: Timestamp? = nil, lastUpdateTime: Timestamp? = nil,
        reason: String? = nil, message: String? = nil
    ) {
        self.type = type
        self.status = status
        self.lastTransitionTime = lastTransitionTime
        self.lastUpdateTime = lastUpdateTime
        self.reason = reason
        self.message = message
    }
}

/// What the pods of a workload look like.
public struct PodTemplate: Codable, Hashable, Sendable {
    /// Their labels and annotations.
    public var metadata: TemplateMeta
    /// What runs in them.
    public var spec: PodSpec

    /// A value with these fields.
    public init(metadata: TemplateMeta = TemplateMeta(), spec: PodSpec = PodSpec()) {
        self.metadata = metadata
        self.spec = spec
    }
}

extension PodTemplate: Omissible {
    static let omitted = PodTemplate()
}

/// Labels and annotations of a workload's pods.
public struct TemplateMeta: Codable, Hashable, Sendable {
    /// What selectors look at.
    public var labels: [String: String]
    /// Free text by name.
    public var annotations: [String: String]

    /// A value with these fields.
    public init(labels: [String: String] = [:], annotations: [String: String] = [:]) {
        self.labels = labels
        self.annotations = annotations
    }
}

extension TemplateMeta: Omissible {
    static let omitted = TemplateMeta()
}

/// Keeps a number of equal pods running.
public struct ReplicaSet: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "apps", version: "v1", kind: "ReplicaSet", plural: "replicasets")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// What should run.
    public var spec: ReplicaSetSpec
    /// What runs.
    public var status: ReplicaSetStatus

    /// A value with these fields.
    public init(
        metadata: ObjectMeta, spec: ReplicaSetSpec = ReplicaSetSpec(), status: ReplicaSetStatus = ReplicaSetStatus()
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// What a ReplicaSet should run.
public struct ReplicaSetSpec: Codable, Hashable, Sendable {
    /// How many pods; absent means 1.
    public var replicas: Int?
    /// Its pods.
    public var selector: LabelSelector
    /// What they look like.
    public var template: PodTemplate
    /// How long a pod must be ready to be available.
    public var minReadySeconds: Int?

    /// A value with these fields.
    public init(
        replicas: Int? = nil, selector: LabelSelector = LabelSelector(), template: PodTemplate = PodTemplate(),
        minReadySeconds: Int? = nil
    ) {
        self.replicas = replicas
        self.selector = selector
        self.template = template
        self.minReadySeconds = minReadySeconds
    }
}

extension ReplicaSetSpec: Omissible {
    static let omitted = ReplicaSetSpec()
}

/// What runs of a ReplicaSet.
public struct ReplicaSetStatus: Codable, Hashable, Sendable {
    /// The generation that the controller has seen.
    public var observedGeneration: Int64?
    /// Pods in all.
    public var replicas: Int?
    /// Pods with all labels of the template.
    public var fullyLabeledReplicas: Int?
    /// Ready pods.
    public var readyReplicas: Int?
    /// Pods that have been ready long enough.
    public var availableReplicas: Int?

    /// A value with these fields.
    public init(
        observedGeneration: Int64? = nil, replicas: Int? = nil, fullyLabeledReplicas: Int? = nil,
        readyReplicas: Int? = nil, availableReplicas: Int? = nil
    ) {
        self.observedGeneration = observedGeneration
        self.replicas = replicas
        self.fullyLabeledReplicas = fullyLabeledReplicas
        self.readyReplicas = readyReplicas
        self.availableReplicas = availableReplicas
    }
}

extension ReplicaSetStatus: Omissible {
    static let omitted = ReplicaSetStatus()
}
