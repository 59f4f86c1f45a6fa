public import MeshModel

/// An object of the API server, with the fields that Heddle uses.
///
/// Fields that are not declared are ignored when read; therefore a value is never written back as a whole: writes are
/// patches, server-side applies of owned fields, or creations.
public protocol KubernetesResource: Codable, Hashable, Sendable {
    /// Where objects of this type are read and written.
    static var resourceType: ResourceType { get }
    /// Name, labels and the rest of what every object has.
    var metadata: ObjectMeta { get set }
}

extension KubernetesResource {
    /// Namespace and name.
    public var key: ObjectKey { ObjectKey(namespace: self.metadata.namespace, name: self.metadata.name) }

    /// A reference that makes this object the owner of another.
    public func ownerReference(isController: Bool = true) -> OwnerReference {
        OwnerReference(
            apiVersion: Self.resourceType.apiVersion, kind: Self.resourceType.kind, name: self.metadata.name,
            uid: self.metadata.uid, controller: isController)
    }
}
