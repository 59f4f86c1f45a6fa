import MeshModel
import MeshResources

/// One change that a controller wants, as a value.
enum ControllerWrite: Hashable, Sendable {
    /// Make an object.
    case create(ResourceType, namespace: String, JSONValue)
    /// Change fields by a merge patch.
    case patch(ResourceType, ObjectKey, JSONValue)
    /// Change the status by a merge patch.
    case patchStatus(ResourceType, ObjectKey, JSONValue)
    /// Delete the object, if it is still the one with this uid.
    case delete(ResourceType, ObjectKey, uid: String)
}

/// What a controller found to do.
struct ControllerPlan: Hashable, Sendable {
    /// Changes, in their order.
    var writes: [ControllerWrite] = []
    /// Ask again after this time, even if nothing changes.
    var again: Duration?

    /// Adds a status change unless `current` says all of it already.
    mutating func status(_ type: ResourceType, _ key: ObjectKey, _ status: JSONValue, current: JSONValue?) {
        guard !(current ?? [:]).contains(status) else { return }
        self.writes.append(.patchStatus(type, key, ["status": status]))
    }

    /// Asks again after `duration` at the latest.
    mutating func ask(after duration: Duration) {
        self.again = min(self.again ?? duration, duration)
    }
}

/// The kinds that our controllers read and write.
enum Workload {
    static let deployment = ResourceType(group: "apps", version: "v1", kind: "Deployment", plural: "deployments")
    static let replicaSet = ResourceType(group: "apps", version: "v1", kind: "ReplicaSet", plural: "replicasets")
    static let daemonSet = ResourceType(group: "apps", version: "v1", kind: "DaemonSet", plural: "daemonsets")
    static let statefulSet = ResourceType(group: "apps", version: "v1", kind: "StatefulSet", plural: "statefulsets")
    static let pod = ResourceType(version: "v1", kind: "Pod", plural: "pods")
    static let service = ResourceType(version: "v1", kind: "Service", plural: "services")
    static let endpointSlice = ResourceType(
        group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice", plural: "endpointslices")
}

extension JSONValue {
    /// True when a merge patch with `other` would change nothing.
    func contains(_ other: JSONValue) -> Bool {
        guard case .object(let mine) = self, case .object(let wanted) = other else { return self == other }
        return wanted.allSatisfy { name, value in
            value.isNull ? mine[name]?.isNull != false : mine[name]?.contains(value) == true
        }
    }
}
