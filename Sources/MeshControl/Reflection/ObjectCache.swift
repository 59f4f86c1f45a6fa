public import MeshModel
public import MeshResources

/// What became different, in three verbs.
public enum ObjectChange<Object: KubernetesObject>: Sendable {
    /// The object is new or has changed.
    case apply(Object)
    /// The object is gone.
    case delete(ObjectKey)
    /// A list was compared with what was known: these objects are new or changed, those are gone.
    ///
    /// The first one, perhaps empty, says that everything there is has been told.
    case reset(applied: [Object], deleted: [ObjectKey])
}

/// The objects of one kind as they were last seen, and what each event changes about them.
///
/// A change in nothing but the resource version is kept but not told: nobody who looks at these fields could see it.
public struct ObjectCache<Object: KubernetesObject>: Sendable {
    /// The objects by name.
    public private(set) var objects: [ObjectKey: Object] = [:]
    /// True once a complete list has been read.
    public private(set) var isSynced = false

    /// An empty cache that has seen nothing.
    public init() {}

    /// An object was added or modified; nil when nothing is to be told.
    public mutating func apply(_ object: Object) -> ObjectChange<Object>? {
        self.store(object) ? .apply(object) : nil
    }

    /// An object was deleted; nil when it was not known.
    public mutating func delete(_ key: ObjectKey) -> ObjectChange<Object>? {
        self.objects.removeValue(forKey: key) == nil ? nil : .delete(key)
    }

    /// A complete list was read; `kept` are objects that exist but cannot be read, whose last state stays.
    public mutating func replace(with list: [Object], keeping kept: Set<ObjectKey> = []) -> ObjectChange<Object> {
        var present = kept
        present.reserveCapacity(list.count + kept.count)
        var applied: [Object] = []
        for object in list {
            present.insert(object.key)
            if self.store(object) { applied.append(object) }
        }
        let deleted = self.objects.keys.filter { !present.contains($0) }.sorted()
        for key in deleted { self.objects.removeValue(forKey: key) }
        self.isSynced = true
        return .reset(applied: applied, deleted: deleted)
    }

    /// True when the object differs in more than its version.
    private mutating func store(_ object: Object) -> Bool {
        guard var known = self.objects.updateValue(object, forKey: object.key) else { return true }
        known.metadata.resourceVersion = object.metadata.resourceVersion
        return known != object
    }
}
