/// What every object has.
public struct ObjectMeta: Codable, Hashable, Sendable {
    /// Unique in its namespace and kind.
    public var name: String
    /// Empty for cluster-scoped objects.
    public var namespace: String
    /// Unique in time and space; empty before creation.
    public var uid: String
    /// Changes with every write; opaque, and empty before creation.
    public var resourceVersion: String
    /// Raised by every change of the spec.
    public var generation: Int64?
    /// When the object was created.
    public var creationTimestamp: Timestamp?
    /// Set once deletion was asked for.
    public var deletionTimestamp: Timestamp?
    /// How long the object may take to end, in seconds.
    public var deletionGracePeriodSeconds: Int?
    /// The prefix of a name that the server completes.
    public var generateName: String?
    /// What selectors look at.
    public var labels: [String: String]
    /// Free text by name.
    public var annotations: [String: String]
    /// The objects that this one belongs to.
    public var ownerReferences: [OwnerReference]
    /// What must happen before the object goes away.
    public var finalizers: [String]

    /// A value with these fields.
    public init(
        name: String, namespace: String = "", uid: String = "", resourceVersion: String = "", generation: Int64? = nil,
        creationTimestamp: Timestamp? = nil, deletionTimestamp: Timestamp? = nil,
        deletionGracePeriodSeconds: Int? = nil, generateName: String? = nil, labels: [String: String] = [:],
        annotations: [String: String] = [:], ownerReferences: [OwnerReference] = [], finalizers: [String] = []
    ) {
        self.name = name
        self.namespace = namespace
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.generation = generation
        self.creationTimestamp = creationTimestamp
        self.deletionTimestamp = deletionTimestamp
        self.deletionGracePeriodSeconds = deletionGracePeriodSeconds
        self.generateName = generateName
        self.labels = labels
        self.annotations = annotations
        self.ownerReferences = ownerReferences
        self.finalizers = finalizers
    }
}

/// The object that another belongs to.
public struct OwnerReference: Codable, Hashable, Sendable {
    /// Group and version of the owner.
    public var apiVersion: String
    /// Kind of the owner.
    public var kind: String
    /// Name of the owner, in the same namespace.
    public var name: String
    /// The owner's uid.
    public var uid: String
    /// True for the one owner that manages the object.
    public var controller: Bool?
    /// True when foreground deletion of the owner waits for the object.
    public var blockOwnerDeletion: Bool?

    /// A value with these fields.
    public init(
        apiVersion: String, kind: String, name: String, uid: String, controller: Bool? = nil,
        blockOwnerDeletion: Bool? = nil
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
        self.controller = controller
        self.blockOwnerDeletion = blockOwnerDeletion
    }
}

/// Names an object of any kind.
public struct ObjectReference: Codable, Hashable, Sendable {
    /// Group and version.
    public var apiVersion: String?
    /// As in manifests.
    public var kind: String?
    /// Absent for cluster-scoped objects.
    public var namespace: String?
    /// Name of the object.
    public var name: String?
    /// The object's uid.
    public var uid: String?
    /// The version that was looked at.
    public var resourceVersion: String?
    /// A part of the object.
    public var fieldPath: String?

    /// A value with these fields.
    public init(
        apiVersion: String? = nil, kind: String? = nil, namespace: String? = nil, name: String? = nil,
        uid: String? = nil, resourceVersion: String? = nil, fieldPath: String? = nil
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.fieldPath = fieldPath
    }
}

extension ObjectReference: Omissible {
    static let omitted = ObjectReference()
}

/// Names an object of a known kind in the same namespace.
public struct LocalObjectReference: Codable, Hashable, Sendable {
    /// Name of the object.
    public var name: String?

    /// A value with these fields.
    public init(name: String? = nil) {
        self.name = name
    }
}

extension LocalObjectReference: Omissible {
    static let omitted = LocalObjectReference()
}

/// What every list has.
public struct ListMeta: Codable, Hashable, Sendable {
    /// The version of the whole list, from which a watch may start.
    public var resourceVersion: String?
    /// Where the next page starts; empty or absent on the last one.
    public var `continue`: String?
    /// How many objects follow, when the server knows.
    public var remainingItemCount: Int64?

    /// A value with these fields.
    public init(resourceVersion: String? = nil, continue: String? = nil, remainingItemCount: Int64? = nil) {
        self.resourceVersion = resourceVersion
        self.continue = `continue`
        self.remainingItemCount = remainingItemCount
    }
}

extension ListMeta: Omissible {
    static let omitted = ListMeta()
}
