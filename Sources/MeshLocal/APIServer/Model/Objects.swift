import MeshModel
import MeshResources

/// Reading and writing what every Kubernetes object has.
extension JSONValue {
    var metadata: JSONValue {
        get { self["metadata"] ?? [:] }
        set { self["metadata"] = newValue }
    }
    var objectName: String {
        get { self["metadata"]?["name"]?.string ?? "" }
        set { self.set(["metadata", "name"], .string(newValue)) }
    }
    var objectNamespace: String { self["metadata"]?["namespace"]?.string ?? "" }
    var objectKey: ObjectKey { ObjectKey(namespace: self.objectNamespace, name: self.objectName) }
    var objectUID: String { self["metadata"]?["uid"]?.string ?? "" }
    var resourceVersion: String { self["metadata"]?["resourceVersion"]?.string ?? "" }
    var isDeleting: Bool { self["metadata"]?["deletionTimestamp"] != nil }
    var finalizers: [String] { self["metadata"]?["finalizers"]?.array?.compactMap(\.string) ?? [] }
    var labels: [String: String] {
        (self["metadata"]?["labels"]?.object ?? [:]).compactMapValues(\.string)
    }

    /// The value at a path of member names; nil as soon as one is missing.
    func at(_ path: [String]) -> JSONValue? {
        var value = self
        for name in path {
            guard let next = value[name] else { return nil }
            value = next
        }
        return value
    }

    /// Sets or removes the member at a path, making the objects on the way.
    mutating func set(_ path: [String], _ value: JSONValue?) {
        self.set(path[...], value)
    }

    private mutating func set(_ path: ArraySlice<String>, _ value: JSONValue?) {
        guard let first = path.first else { return }
        if path.count == 1 {
            if value == nil, self.object == nil { return }
            self[first] = value
            return
        }
        if value == nil, self[first] == nil { return }
        var child = self[first] ?? [:]
        child.set(path.dropFirst(), value)
        self[first] = child
    }

    /// Sets a member that is missing.
    mutating func setDefault(_ name: String, _ value: JSONValue) {
        if self[name] == nil { self[name] = value }
    }

    /// Changes each element of a list member in place.
    mutating func updateEach(_ name: String, _ change: (inout JSONValue) -> Void) {
        guard var elements = self[name]?.array else { return }
        for index in elements.indices { change(&elements[index]) }
        self[name] = .array(elements)
    }

    /// Changes an object member in place when it is there.
    mutating func update(_ name: String, _ change: (inout JSONValue) -> Void) {
        guard var member = self[name] else { return }
        change(&member)
        self[name] = member
    }

    /// True for an empty string, list, object, false, zero or null: what Go's `omitempty` leaves out.
    var isEmptyValue: Bool {
        switch self {
        case .null: true
        case .bool(let flag): !flag
        case .integer(let value): value == 0
        case .number(let value): value == 0
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        }
    }
}
