public import MeshModel
public import MeshResources

/// The names of what a rollout owns, derived from its Canary.
public struct RolloutNames: Hashable, Sendable {
    /// Where all of it lives.
    public let namespace: String
    /// The workload that is edited by its owner; the new version while a rollout runs.
    public let target: String
    /// The Service that clients name.
    public let apex: String

    /// The names for `canary`.
    public init(_ canary: Canary) {
        self.namespace = canary.metadata.namespace
        self.target = canary.spec.targetRef.name
        self.apex = canary.spec.service.name ?? canary.spec.targetRef.name
    }

    /// The workload that serves between rollouts.
    public var primary: ObjectKey { ObjectKey(namespace: self.namespace, name: "\(self.target)-primary") }
    /// The Service of the primary alone.
    public var primaryService: String { "\(self.apex)-primary" }
    /// The Service of the new version alone.
    public var canaryService: String { "\(self.apex)-canary" }
}
