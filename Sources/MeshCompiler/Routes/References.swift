import MeshModel
import MeshResources

/// A reference's group and kind, compared as manifests may write them: without regard to case, and with `core`, the
/// empty string and no group at all meaning the core group.
protocol TypedReference {
    var referredGroup: String? { get }
    var referredKind: String { get }
}

extension TypedReference {
    func isOf(_ kind: String, in group: String = "") -> Bool {
        let written = self.referredGroup ?? ""
        let isGroup = group.isEmpty ? written.isEmpty || written.matches("core") : written.matches(group)
        return isGroup && self.referredKind.matches(kind)
    }
}

extension LocalTargetReference: TypedReference {
    var referredGroup: String? { self.group }
    var referredKind: String { self.kind }
}

extension NamespacedTargetReference: TypedReference {
    var referredGroup: String? { self.group }
    var referredKind: String { self.kind }

    /// The object named; `namespace` unless the reference says another.
    func key(default namespace: String) -> ObjectKey {
        ObjectKey(namespace: self.namespace ?? namespace, name: self.name)
    }
}

/// The API groups of our kinds.
enum APIGroup {
    static let policy = "policy.linkerd.io"
    static let gateway = "gateway.networking.k8s.io"
}
