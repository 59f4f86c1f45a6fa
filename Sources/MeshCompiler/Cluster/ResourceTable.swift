public import MeshModel
public import MeshResources

/// Objects of one kind, by namespace and name.
public struct ResourceTable<Resource: KubernetesResource>: Sendable {
    private var namespaces: [String: [String: Resource]] = [:]

    /// No objects.
    public init() {}

    /// The object `key`.
    public subscript(key: ObjectKey) -> Resource? { self.namespaces[key.namespace]?[key.name] }

    /// All objects of `namespace`, in no order.
    public func objects(in namespace: String) -> [Resource] {
        self.namespaces[namespace].map { Array($0.values) } ?? []
    }

    /// All objects, in no order.
    public var all: [Resource] { self.namespaces.values.flatMap(\.values) }

    /// The keys of all objects, in no order.
    public var keys: [ObjectKey] {
        self.namespaces.flatMap { namespace, objects in
            objects.keys.map { ObjectKey(namespace: namespace, name: $0) }
        }
    }

    /// How many objects there are.
    public var count: Int { self.namespaces.values.reduce(0) { $0 + $1.count } }

    /// Puts an object in place of the one with its key.
    ///
    /// - Returns: the former object.
    mutating func insert(_ object: Resource) -> Resource? {
        self.namespaces[object.metadata.namespace, default: [:]].updateValue(object, forKey: object.metadata.name)
    }

    /// Takes an object out.
    mutating func remove(_ key: ObjectKey) -> Resource? {
        guard let old = self.namespaces[key.namespace]?.removeValue(forKey: key.name) else { return nil }
        if self.namespaces[key.namespace]?.isEmpty == true { self.namespaces[key.namespace] = nil }
        return old
    }
}
