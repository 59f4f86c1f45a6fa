/// The steps and checks of a rollout.
public struct CanaryAnalysis: Codable, Hashable, Sendable {
    /// Time between steps; absent means 60s.
    public var interval: String?
    /// Failed checks before it is rolled back.
    public var threshold: Int?
    /// Where promotion starts; absent means 100.
    public var maxWeight: Int?
    /// What each step adds.
    public var stepWeight: Int?
    /// The weights of the steps, one by one.
    public var stepWeights: [Int]
    /// What each step of the promotion adds; 0 is all at once.
    public var stepWeightPromotion: Int?
    /// Rounds of blue/green or A/B.
    public var iterations: Int?
    /// True copies traffic before it is moved.
    public var mirror: Bool
    /// Share that is copied.
    public var mirrorWeight: Int?
    /// Percent of the primary that must be available.
    public var primaryReadyThreshold: Int?
    /// Percent of the canary that must be available.
    public var canaryReadyThreshold: Int?
    /// Which requests go to the canary in an A/B test.
    public var match: [CanaryMatch]
    /// What is measured.
    public var metrics: [CanaryMetric]
    /// What is called.
    public var webhooks: [CanaryWebhook]
    /// Who is told.
    public var alerts: [CanaryAlert]
    /// Keeps clients where they are.
    public var sessionAffinity: SessionAffinity?

    /// A value with these fields.
    public init(
        interval: String? = nil, threshold: Int? = nil, maxWeight: Int? = nil, stepWeight: Int? = nil,
        stepWeights: [Int] = [], stepWeightPromotion: Int? = nil, iterations: Int? = nil, mirror: Bool = false,
        mirrorWeight: Int? = nil, primaryReadyThreshold: Int? = nil, canaryReadyThreshold: Int? = nil,
        match: [CanaryMatch] = [], metrics: [CanaryMetric] = [], webhooks: [CanaryWebhook] = [],
        alerts: [CanaryAlert] = [], sessionAffinity: SessionAffinity? = nil
    ) {
        self.interval = interval
        self.threshold = threshold
        self.maxWeight = maxWeight
        self.stepWeight = stepWeight
        self.stepWeights = stepWeights
        self.stepWeightPromotion = stepWeightPromotion
        self.iterations = iterations
        self.mirror = mirror
        self.mirrorWeight = mirrorWeight
        self.primaryReadyThreshold = primaryReadyThreshold
        self.canaryReadyThreshold = canaryReadyThreshold
        self.match = match
        self.metrics = metrics
        self.webhooks = webhooks
        self.alerts = alerts
        self.sessionAffinity = sessionAffinity
    }
}

extension CanaryAnalysis: Omissible {
    static let omitted = CanaryAnalysis()
}

/// A measurement and its limits.
public struct CanaryMetric: Codable, Hashable, Sendable {
    /// Its name; builtin ones are `request-success-rate` and `request-duration`.
    public var name: String
    /// What is looked at; absent means 1m.
    public var interval: String?
    /// The limit, in the old way.
    public var threshold: Double?
    /// The limits.
    public var thresholdRange: ThresholdRange?
    /// What is asked of Prometheus.
    public var query: String?
    /// The template that is asked instead.
    public var templateRef: CanaryReference?
    /// Values of the template.
    public var templateVariables: [String: String]

    /// A value with these fields.
    public init(
        name: String, interval: String? = nil, threshold: Double? = nil, thresholdRange: ThresholdRange? = nil,
        query: String? = nil, templateRef: CanaryReference? = nil, templateVariables: [String: String] = [:]
    ) {
        self.name = name
        self.interval = interval
        self.threshold = threshold
        self.thresholdRange = thresholdRange
        self.query = query
        self.templateRef = templateRef
        self.templateVariables = templateVariables
    }
}

/// Limits of a measurement.
public struct ThresholdRange: Codable, Hashable, Sendable {
    /// Not below.
    public var min: Double?
    /// Not above.
    public var max: Double?

    /// A value with these fields.
    public init(min: Double? = nil, max: Double? = nil) {
        self.min = min
        self.max = max
    }
}

extension ThresholdRange: Omissible {
    static let omitted = ThresholdRange()
}

/// Names a template or provider.
public struct CanaryReference: Codable, Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Absent means that of the Canary.
    public var namespace: String?

    /// A value with these fields.
    public init(name: String, namespace: String? = nil) {
        self.name = name
        self.namespace = namespace
    }
}

/// Something that is called.
public struct CanaryWebhook: Codable, Hashable, Sendable {
    /// Its name.
    public var name: String
    /// When it is called; absent means `rollout`.
    public var type: String?
    /// Where.
    public var url: String
    /// True keeps failures quiet.
    public var muteAlert: Bool
    /// Absent means 10s.
    public var timeout: String?
    /// Sent along.
    public var metadata: [String: String]
    /// Further tries.
    public var retries: Int?
    /// True trusts any certificate.
    public var disableTLS: Bool

    /// A value with these fields.
    public init(
        name: String, type: String? = nil, url: String, muteAlert: Bool = false, timeout: String? = nil,
        metadata: [String: String] = [:], retries: Int? = nil, disableTLS: Bool = false
    ) {
        self.name = name
        self.type = type
        self.url = url
        self.muteAlert = muteAlert
        self.timeout = timeout
        self.metadata = metadata
        self.retries = retries
        self.disableTLS = disableTLS
    }
}

/// Somebody who is told.
public struct CanaryAlert: Codable, Hashable, Sendable {
    /// Its name.
    public var name: String
    /// `info`, `warn` or `error`.
    public var severity: String?
    /// How.
    public var providerRef: CanaryReference

    /// A value with these fields.
    public init(name: String, severity: String? = nil, providerRef: CanaryReference) {
        self.name = name
        self.severity = severity
        self.providerRef = providerRef
    }
}

/// Keeps clients where they are, by cookie.
public struct SessionAffinity: Codable, Hashable, Sendable {
    /// The canary's cookie.
    public var cookieName: String
    /// The primary's cookie.
    public var primaryCookieName: String?
    /// Seconds; absent means 86400.
    public var maxAge: Int?
    /// Attribute of the cookie.
    public var domain: String?
    /// Attribute of the cookie.
    public var path: String?
    /// Attribute of the cookie.
    public var sameSite: String?
    /// Attribute of the cookie.
    public var httpOnly: Bool
    /// Attribute of the cookie.
    public var secure: Bool
    /// Attribute of the cookie.
    public var partitioned: Bool

    /// A value with these fields.
    public init(
        cookieName: String, primaryCookieName: String? = nil, maxAge: Int? = nil, domain: String? = nil,
        path: String? = nil, sameSite: String? = nil, httpOnly: Bool = false, secure: Bool = false,
        partitioned: Bool = false
    ) {
        self.cookieName = cookieName
        self.primaryCookieName = primaryCookieName
        self.maxAge = maxAge
        self.domain = domain
        self.path = path
        self.sameSite = sameSite
        self.httpOnly = httpOnly
        self.secure = secure
        self.partitioned = partitioned
    }
}
