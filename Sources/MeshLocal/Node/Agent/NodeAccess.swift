public import MeshModel
public import MeshResources

/// What the node agent asks of the API server.
public protocol NodeAccess: Sendable {
    /// The ConfigMap, or nil when there is none.
    func configMap(_ key: ObjectKey) async throws -> ConfigMap?
    /// The Secret, or nil when there is none.
    func secret(_ key: ObjectKey) async throws -> Secret?
    /// A fresh token of the account that is good as long as the pod lives, at most `expirationSeconds`.
    func token(
        of account: ObjectKey, audience: String?, expirationSeconds: Int64, for pod: Pod
    ) async throws -> String
    /// Assigns the pod to this node.
    func bind(_ pod: Pod, to node: String) async throws
    /// Replaces the pod's status; a pod that is gone is no error.
    func report(_ status: PodStatus, of pod: Pod) async throws
    /// Tells the pod's users what happened to it, or to one of its containers.
    func record(_ type: EventType, reason: String, note: String, container: String?, of pod: Pod)
    /// Removes a pod that has stopped; one that is gone is no error.
    func remove(_ pod: Pod) async throws
}

/// A change of the pods that the API server has.
public enum PodChange: Sendable {
    /// The pod is new or different.
    case set(Pod)
    /// The pod is gone.
    case removed(ObjectKey, uid: String)
}
