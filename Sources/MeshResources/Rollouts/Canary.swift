/// A workload whose new versions are tried step by step.
public struct Canary: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "flagger.app", version: "v1beta1", kind: "Canary", plural: "canaries")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// What is rolled out, and how.
    public var spec: CanarySpec
    /// How far it is.
    public var status: CanaryStatus

    /// A value with these fields.
    public init(metadata: ObjectMeta, spec: CanarySpec, status: CanaryStatus = CanaryStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// What is rolled out, and how.
public struct CanarySpec: Codable, Hashable, Sendable {
    /// Who routes, such as `gatewayapi:v1`; absent means the controller's default.
    public var provider: String?
    /// Where builtin metrics come from.
    public var metricsServer: String?
    /// The workload.
    public var targetRef: CrossVersionReference
    /// What scales it.
    public var autoscalerRef: CanaryAutoscalerReference?
    /// Absent means 600.
    public var progressDeadlineSeconds: Int?
    /// True promotes without looking.
    public var skipAnalysis: Bool
    /// True undoes everything when the Canary is deleted.
    public var revertOnDeletion: Bool
    /// True skips every run.
    public var suspend: Bool
    /// The Services and routes.
    public var service: CanaryService
    /// The steps and checks.
    public var analysis: CanaryAnalysis?
    /// The same under its old name.
    public var canaryAnalysis: CanaryAnalysis?

    /// A value with these fields.
    public init(
        provider: String? = nil, metricsServer: String? = nil, targetRef: CrossVersionReference,
        autoscalerRef: CanaryAutoscalerReference? = nil, progressDeadlineSeconds: Int? = nil,
        skipAnalysis: Bool = false, revertOnDeletion: Bool = false, suspend: Bool = false, service: CanaryService,
        analysis: CanaryAnalysis? = nil, canaryAnalysis: CanaryAnalysis? = nil
    ) {
        self.provider = provider
        self.metricsServer = metricsServer
        self.targetRef = targetRef
        self.autoscalerRef = autoscalerRef
        self.progressDeadlineSeconds = progressDeadlineSeconds
        self.skipAnalysis = skipAnalysis
        self.revertOnDeletion = revertOnDeletion
        self.suspend = suspend
        self.service = service
        self.analysis = analysis
        self.canaryAnalysis = canaryAnalysis
    }
}

/// What scales the workload.
public struct CanaryAutoscalerReference: Codable, Hashable, Sendable {
    /// Group and version.
    public var apiVersion: String?
    /// `HorizontalPodAutoscaler` or `ScaledObject`.
    public var kind: String
    /// Its name.
    public var name: String
    /// Queries of the primary's scaler.
    public var primaryScalerQueries: [String: String]
    /// Bounds of the primary's scaler.
    public var primaryScalerReplicas: ScalerReplicas?

    /// A value with these fields.
    public init(
        apiVersion: String? = nil, kind: String, name: String, primaryScalerQueries: [String: String] = [:],
        primaryScalerReplicas: ScalerReplicas? = nil
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.primaryScalerQueries = primaryScalerQueries
        self.primaryScalerReplicas = primaryScalerReplicas
    }
}

/// Bounds of a scaler.
public struct ScalerReplicas: Codable, Hashable, Sendable {
    /// Never fewer.
    public var minReplicas: Int?
    /// Never more.
    public var maxReplicas: Int?

    /// A value with these fields.
    public init(minReplicas: Int? = nil, maxReplicas: Int? = nil) {
        self.minReplicas = minReplicas
        self.maxReplicas = maxReplicas
    }
}

extension ScalerReplicas: Omissible {
    static let omitted = ScalerReplicas()
}

/// How far a rollout is.
public struct CanaryStatus: Codable, Hashable, Sendable {
    /// `Initializing`, `Initialized`, `Waiting`, `Progressing`, `WaitingPromotion`, `Promoting`, `Finalising`, `Succeeded`, `Failed`, `Terminating` or `Terminated`.
    public var phase: String?
    /// Checks that failed in this rollout.
    public var failedChecks: Int?
    /// The canary's share of traffic, in percent.
    public var canaryWeight: Int?
    /// Rounds done.
    public var iterations: Int?
    /// The cookie of this rollout.
    public var sessionAffinityCookie: String?
    /// The cookie of the one before.
    public var previousSessionAffinityCookie: String?
    /// The primary's cookie.
    public var primarySessionAffinityCookie: String?
    /// Checksums of ConfigMaps and Secrets, by `kind/name`.
    public var trackedConfigs: [String: String]
    /// Hash of the template that was rolled out last.
    public var lastAppliedSpec: String?
    /// Hash of the template that was promoted last.
    public var lastPromotedSpec: String?
    /// When the phase last changed.
    public var lastTransitionTime: Timestamp?
    /// `Promoted`.
    public var conditions: [CanaryCondition]

    /// A value with these fields.
    public init(
        phase: String? = nil, failedChecks: Int? = nil, canaryWeight: Int? = nil, iterations: Int? = nil,
        sessionAffinityCookie: String? = nil, previousSessionAffinityCookie: String? = nil,
        primarySessionAffinityCookie: String? = nil, trackedConfigs: [String: String] = [:],
        lastAppliedSpec: String? = nil, lastPromotedSpec: String? = nil, lastTransitionTime: Timestamp? = nil,
        conditions: [CanaryCondition] = []
    ) {
        self.phase = phase
        self.failedChecks = failedChecks
        self.canaryWeight = canaryWeight
        self.iterations = iterations
        self.sessionAffinityCookie = sessionAffinityCookie
        self.previousSessionAffinityCookie = previousSessionAffinityCookie
        self.primarySessionAffinityCookie = primarySessionAffinityCookie
        self.trackedConfigs = trackedConfigs
        self.lastAppliedSpec = lastAppliedSpec
        self.lastPromotedSpec = lastPromotedSpec
        self.lastTransitionTime = lastTransitionTime
        self.conditions = conditions
    }
}

extension CanaryStatus: Omissible {
    static let omitted = CanaryStatus()
}

/// One aspect of a rollout.
public struct CanaryCondition: Codable, Hashable, Sendable {
    /// The aspect.
    public var type: String
    /// Whether it holds.
    public var status: ConditionStatus
    /// When anything last changed.
    public var lastUpdateTime: Timestamp?
    /// When `status` last changed.
    public var lastTransitionTime: Timestamp?
    /// The phase.
    public var reason: String?
    /// A sentence for people.
    public var message: String?

    /// A value with these fields.
    public init(
        type: String, status: ConditionStatus, lastUpdateTime: Timestamp? = nil, lastTransitionTime: Timestamp? = nil,
        reason: String? = nil, message: String? = nil
    ) {
        self.type = type
        self.status = status
        self.lastUpdateTime = lastUpdateTime
        self.lastTransitionTime = lastTransitionTime
        self.reason = reason
        self.message = message
    }
}
