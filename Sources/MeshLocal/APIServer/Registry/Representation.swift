import MeshModel
import MeshResources

/// Objects between the form in which they are stored and the version in which a client sees them.
enum Representation {
    /// The stored object in the version of `kind`.
    static func view(_ stored: JSONValue, as kind: ResourceKind) -> JSONValue {
        var object = stored
        if kind.group == "events.k8s.io" { Self.rename(&object, Self.eventFields) }
        object["apiVersion"] = .string(kind.apiVersion)
        object["kind"] = .string(kind.kind)
        if let custom = kind.custom { object = custom.schema.defaulted(object) }
        return object
    }

    /// The object of the version of `kind` in the form in which it is stored.
    static func storage(_ view: JSONValue, of kind: ResourceKind) -> JSONValue {
        var object = view
        if kind.group == "events.k8s.io" { Self.rename(&object, Self.eventFields.map { ($0.1, $0.0) }) }
        let group = kind.storage.group
        object["apiVersion"] = .string(group.isEmpty ? kind.storageVersion : "\(group)/\(kind.storageVersion)")
        object["kind"] = .string(kind.kind)
        return object
    }

    /// The object as the storage version keeps it: what that version does not know is dropped, its defaults are filled in.
    static func storage(_ view: JSONValue, of kind: ResourceKind, in catalog: Catalog.Snapshot) -> JSONValue {
        let object = Self.storage(view, of: kind)
        guard kind.isCustom, kind.version != kind.storageVersion,
            let storage = catalog.kind(group: kind.group, version: kind.storageVersion, plural: kind.plural)?.custom
        else { return object }
        var dropped: [String] = []
        return storage.schema.defaulted(storage.schema.pruned(object, isRoot: true, dropped: &dropped))
    }

    /// The members of an Event in the core group and in events.k8s.io.
    private static let eventFields = [
        ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"), ("lastTimestamp", "deprecatedLastTimestamp"),
        ("count", "deprecatedCount"), ("reportingComponent", "reportingController"),
    ]

    private static func rename(_ object: inout JSONValue, _ names: [(String, String)]) {
        for (from, to) in names {
            guard let value = object[from] else { continue }
            object[from] = nil
            object[to] = value
        }
    }
}
