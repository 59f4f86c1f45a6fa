/// Something that happened to an object, for people to read.
public struct Event: KubernetesResource {
    /// Where objects of this type are read and written.
    public static let resourceType = ResourceType(
        group: "events.k8s.io", version: "v1", kind: "Event", plural: "events")

    /// Name, labels and the rest of what every object has.
    public var metadata: ObjectMeta
    /// When it first happened.
    public var eventTime: MicroTime?
    /// That it happened again, and how often.
    public var series: EventSeries?
    /// Who says so, such as `heddle.dev/controller`.
    public var reportingController: String?
    /// Which of its replicas.
    public var reportingInstance: String?
    /// What was done.
    public var action: String?
    /// Why, in one word.
    public var reason: String?
    /// The object.
    public var regarding: ObjectReference
    /// Another object that had a part in it.
    public var related: ObjectReference?
    /// A sentence of at most 1024 bytes.
    public var note: String?
    /// Whether somebody should worry.
    public var type: EventType

    /// A value with these fields.
    public init(
        metadata: ObjectMeta, eventTime: MicroTime? = nil, series: EventSeries? = nil,
        reportingController: String? = nil, reportingInstance: String? = nil, action: String? = nil,
        reason: String? = nil, regarding: ObjectReference = ObjectReference(), related: ObjectReference? = nil,
        note: String? = nil, type: EventType = .normal
    ) {
        self.metadata = metadata
        self.eventTime = eventTime
        self.series = series
        self.reportingController = reportingController
        self.reportingInstance = reportingInstance
        self.action = action
        self.reason = reason
        self.regarding = regarding
        self.related = related
        self.note = note
        self.type = type
    }
}

/// How often something happened again.
public struct EventSeries: Codable, Hashable, Sendable {
    /// How often in all.
    public var count: Int
    /// The last time.
    public var lastObservedTime: MicroTime

    /// A value with these fields.
    public init(count: Int, lastObservedTime: MicroTime) {
        self.count = count
        self.lastObservedTime = lastObservedTime
    }
}

/// Whether somebody should worry.
public enum EventType: String, Hashable, Sendable, Codable, CaseIterable {
    /// Nobody should.
    case normal = "Normal"
    /// Somebody should look.
    case warning = "Warning"
}

extension EventType: Omissible {
    static var omitted: Self { .normal }
}

extension KeyedEncodingContainer {
    /// Written even when it is the default: the API server takes no event without a type.
    mutating func encode(_ value: EventType, forKey key: Key) throws {
        try self.encode(value.rawValue, forKey: key)
    }
}
