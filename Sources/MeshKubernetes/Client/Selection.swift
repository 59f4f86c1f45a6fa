public import MeshResources

/// Which objects of a collection.
public struct Selection: Hashable, Sendable {
    /// A label selector as query text; empty for all.
    public var labels: String
    /// A field selector as query text; empty for all.
    public var fields: String

    /// Everything that matches both selectors.
    public init(labels: String = "", fields: String = "") {
        self.labels = labels
        self.fields = fields
    }

    /// Everything that matches `selector`.
    public init(_ selector: LabelSelector) { self.init(labels: selector.queryText) }

    /// Everything.
    public static let all = Selection()

    var query: [(name: String, value: String)] {
        var query: [(name: String, value: String)] = []
        if !self.labels.isEmpty { query.append(("labelSelector", self.labels)) }
        if !self.fields.isEmpty { query.append(("fieldSelector", self.fields)) }
        return query
    }
}

/// Where a list starts and how much of it one answer holds.
public struct Page: Hashable, Sendable {
    /// At most this many objects; nil leaves it to the server.
    public var limit: Int?
    /// The `continue` of the page before.
    public var token: String?
    /// Which version of the collection; nil is the newest.
    public var resourceVersion: String?

    /// The first page, or the one after `token`.
    public init(limit: Int? = nil, token: String? = nil, resourceVersion: String? = nil) {
        self.limit = limit
        self.token = token
        self.resourceVersion = resourceVersion
    }

    var query: [(name: String, value: String)] {
        var query: [(name: String, value: String)] = []
        if let limit = self.limit { query.append(("limit", String(limit))) }
        if let token = self.token { query.append(("continue", token)) }
        if let version = self.resourceVersion, self.token == nil { query.append(("resourceVersion", version)) }
        return query
    }
}

/// A change to an object, in one of the forms that the API server takes.
public enum Patch<Body: Sendable>: Sendable {
    /// Members replace those of the object; null removes (RFC 7386).
    case merge(Body)
    /// A list of operations (RFC 6902).
    case json(Body)
    /// As `merge`, with lists of built-in kinds merged by key.
    case strategicMerge(Body)
    /// The fields that `manager` wants, the others left alone; `force` takes fields from other managers.
    case apply(Body, manager: String, force: Bool)
}

/// Conditions and consequences of a deletion.
public struct DeleteOptions: Hashable, Sendable {
    /// What becomes of the objects that the deleted one owns.
    public enum Propagation: String, Hashable, Sendable {
        /// They go afterwards.
        case background = "Background"
        /// They go first.
        case foreground = "Foreground"
        /// They stay.
        case orphan = "Orphan"
    }

    /// Delete only this very object, not a later one of the same name.
    public var uid: String?
    /// Delete only if it has not changed since.
    public var resourceVersion: String?
    /// What becomes of owned objects; nil leaves it to the kind.
    public var propagation: Propagation?
    /// How long the object may take to end; 0 is at once.
    public var gracePeriodSeconds: Int?

    /// Deletes under these conditions.
    public init(
        uid: String? = nil, resourceVersion: String? = nil, propagation: Propagation? = nil,
        gracePeriodSeconds: Int? = nil
    ) {
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.propagation = propagation
        self.gracePeriodSeconds = gracePeriodSeconds
    }
}
