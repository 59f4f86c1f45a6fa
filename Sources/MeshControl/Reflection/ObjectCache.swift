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
    /// Behind references, so that free slots of the table cost little.
    private var table: [ObjectKey: Indirect<Object>] = [:]
    /// True once a complete list has been read.
    public private(set) var isSynced = false

    /// An empty cache that has seen nothing.
    public init() {}

    /// How many objects there are.
    public var count: Int { self.table.count }

    /// The object of that name.
    public subscript(key: ObjectKey) -> Object? { self.table[key]?.wrapped }

    /// The objects by name.
    ///
    /// - Complexity: O(n); for one object use the subscript.
    public var objects: [ObjectKey: Object] { self.table.mapValues(\.wrapped) }

    /// An object was added or modified; nil when nothing is to be told.
    public mutating func apply(_ object: Object) -> ObjectChange<Object>? {
        let known = self.table.updateValue(Indirect(object), forKey: object.key)?.wrapped
        return Self.differ(known, object) ? .apply(object) : nil
    }

    /// An object was deleted; nil when it was not known.
    public mutating func delete(_ key: ObjectKey) -> ObjectChange<Object>? {
        self.table.removeValue(forKey: key) == nil ? nil : .delete(key)
    }

    /// A complete list was read; `kept` are objects that exist but cannot be read, whose last state stays.
    public mutating func replace(with list: [Object], keeping kept: Set<ObjectKey> = []) -> ObjectChange<Object> {
        var relist = Relist()
        for object in list { self.stage(object, in: &relist) }
        return self.finish(relist, keeping: kept)
    }

    // MARK: - Relists

    /// A list that is being read: what it changes, held back until it is complete.
    public struct Relist: Sendable {
        fileprivate enum Entry: Sendable {
            case same(version: String)
            case changed(index: Int)
        }

        fileprivate var present: [ObjectKey: Entry] = [:]
        fileprivate var changed: [Object] = []

        /// Nothing was read yet.
        public init() {}

        /// How many objects were read.
        public var count: Int { self.present.count }

        /// An object that was read is gone already.
        public mutating func delete(_ key: ObjectKey) { self.present.removeValue(forKey: key) }
    }

    /// One object of a list was read.
    ///
    /// It is not kept if it is known: a relist costs little more than what it changes.
    public func stage(_ object: Object, in relist: inout Relist) {
        let key = object.key
        if let known = self.table[key]?.wrapped, !Self.differ(known, object) {
            relist.present[key] = .same(version: object.metadata.resourceVersion)
        } else if case .changed(let index) = relist.present[key] {
            relist.changed[index] = object
        } else {
            relist.present[key] = .changed(index: relist.changed.count)
            relist.changed.append(object)
        }
    }

    /// The list is complete; `kept` are objects that exist but cannot be read, whose last state stays.
    public mutating func finish(_ relist: consuming Relist, keeping kept: Set<ObjectKey> = []) -> ObjectChange<Object> {
        let present = relist.present
        let deleted = self.table.keys.filter { present[$0] == nil && !kept.contains($0) }.sorted()
        for key in deleted { self.table.removeValue(forKey: key) }
        var applied = relist.changed
        var isStale = false
        for (index, object) in applied.enumerated() {
            guard case .changed(index) = present[object.key] else {
                isStale = true  // It changed again, or went, while the list was read.
                continue
            }
            self.table[object.key] = Indirect(object)
        }
        if isStale {
            applied = applied.enumerated().filter { index, object in
                if case .changed(index) = present[object.key] { true } else { false }
            }.map(\.element)
        }
        for case (let key, .same(let version)) in present {
            guard var object = self.table[key]?.wrapped, object.metadata.resourceVersion != version else { continue }
            object.metadata.resourceVersion = version
            self.table[key] = Indirect(object)
        }
        self.isSynced = true
        return .reset(applied: applied, deleted: deleted)
    }

    /// True when the objects differ in more than their versions.
    private static func differ(_ known: Object?, _ object: Object) -> Bool {
        guard var known else { return true }
        known.metadata.resourceVersion = object.metadata.resourceVersion
        return known != object
    }
}
