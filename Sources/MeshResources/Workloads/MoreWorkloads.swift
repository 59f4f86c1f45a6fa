public import MeshModel

/// Runs one pod on each node.
public struct DaemonSet: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(group: "apps", version: "v1", kind: "DaemonSet", plural: "daemonsets")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// What should run.
    public var spec: WorkloadSpec
    /// What runs.
    public var status: DaemonSetStatus

    /// A value with these fields.
    public init(
        metadata: ObjectMeta, spec: WorkloadSpec = WorkloadSpec(), status: DaemonSetStatus = DaemonSetStatus()
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// What runs of a DaemonSet.
public struct DaemonSetStatus: Codable, Hashable, Sendable {
    /// The generation that the controller has seen.
    public var observedGeneration: Int64?
    /// Nodes that should run a pod.
    public var desiredNumberScheduled: Int?
    /// Nodes that run one.
    public var currentNumberScheduled: Int?
    /// Nodes that run one of the newest template.
    public var updatedNumberScheduled: Int?
    /// Nodes whose pod is available.
    public var numberAvailable: Int?
    /// Nodes whose pod is ready.
    public var numberReady: Int?

    /// A value with these fields.
    public init(
        observedGeneration: Int64? = nil, desiredNumberScheduled: Int? = nil, currentNumberScheduled: Int? = nil,
        updatedNumberScheduled: Int? = nil, numberAvailable: Int? = nil, numberReady: Int? = nil
    ) {
        self.observedGeneration = observedGeneration
        self.desiredNumberScheduled = desiredNumberScheduled
        self.currentNumberScheduled = currentNumberScheduled
        self.updatedNumberScheduled = updatedNumberScheduled
        self.numberAvailable = numberAvailable
        self.numberReady = numberReady
    }
}

extension DaemonSetStatus: Omissible {
    static let omitted = DaemonSetStatus()
}

/// Keeps pods with stable names running.
public struct StatefulSet: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "apps", version: "v1", kind: "StatefulSet", plural: "statefulsets")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// What should run.
    public var spec: WorkloadSpec
    /// What runs.
    public var status: ReplicaSetStatus

    /// A value with these fields.
    public init(
        metadata: ObjectMeta, spec: WorkloadSpec = WorkloadSpec(), status: ReplicaSetStatus = ReplicaSetStatus()
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// Runs pods until they succeed.
public struct Job: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(group: "batch", version: "v1", kind: "Job", plural: "jobs")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// What should run.
    public var spec: WorkloadSpec

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: WorkloadSpec = WorkloadSpec()) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// What a workload of another kind should run.
public struct WorkloadSpec: Codable, Hashable, Sendable {
    /// How many pods, where the kind has a number.
    public var replicas: Int?
    /// Its pods.
    public var selector: LabelSelector
    /// What they look like.
    public var template: PodTemplate

    /// A value with these fields.
    public init(
        replicas: Int? = nil, selector: LabelSelector = LabelSelector(), template: PodTemplate = PodTemplate()
    ) {
        self.replicas = replicas
        self.selector = selector
        self.template = template
    }
}

extension WorkloadSpec: Omissible {
    static let omitted = WorkloadSpec()
}

/// Chooses the number of a workload's pods.
public struct HorizontalPodAutoscaler: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "autoscaling", version: "v2", kind: "HorizontalPodAutoscaler", plural: "horizontalpodautoscalers")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// What is scaled, and how far.
    public var spec: HorizontalPodAutoscalerSpec
    /// What it decided.
    public var status: HorizontalPodAutoscalerStatus

    /// A value with these fields.
    public init(
        metadata: ObjectMeta, spec: HorizontalPodAutoscalerSpec,
        status: HorizontalPodAutoscalerStatus = HorizontalPodAutoscalerStatus()
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// What is scaled, and how far.
public struct HorizontalPodAutoscalerSpec: Codable, Hashable, Sendable {
    /// The workload.
    public var scaleTargetRef: CrossVersionReference
    /// Never fewer; absent means 1.
    public var minReplicas: Int?
    /// Never more.
    public var maxReplicas: Int
    /// What it looks at, kept as written.
    public var metrics: [JSONValue]
    /// How fast it moves, kept as written.
    public var behavior: JSONValue?

    /// A value with these fields.
    public init(
        scaleTargetRef: CrossVersionReference, minReplicas: Int? = nil, maxReplicas: Int, metrics: [JSONValue] = [],
        behavior: JSONValue? = nil
    ) {
        self.scaleTargetRef = scaleTargetRef
        self.minReplicas = minReplicas
        self.maxReplicas = maxReplicas
        self.metrics = metrics
        self.behavior = behavior
    }
}

/// What an autoscaler decided.
public struct HorizontalPodAutoscalerStatus: Codable, Hashable, Sendable {
    /// Pods now.
    public var currentReplicas: Int?
    /// Pods wanted.
    public var desiredReplicas: Int?

    /// A value with these fields.
    public init(currentReplicas: Int? = nil, desiredReplicas: Int? = nil) {
        self.currentReplicas = currentReplicas
        self.desiredReplicas = desiredReplicas
    }
}

extension HorizontalPodAutoscalerStatus: Omissible {
    static let omitted = HorizontalPodAutoscalerStatus()
}

/// Names a workload in the same namespace.
public struct CrossVersionReference: Codable, Hashable, Sendable {
    /// Group and version.
    public var apiVersion: String?
    /// As in manifests.
    public var kind: String
    /// Name of the workload.
    public var name: String

    /// A value with these fields.
    public init(apiVersion: String? = nil, kind: String, name: String) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
    }
}
