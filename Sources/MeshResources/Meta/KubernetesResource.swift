public import MeshModel

/// Something that the API server keeps under a name.
public protocol KubernetesObject: Decodable, Hashable, Sendable {
    /// Name, labels and the rest of what every object has.
    var metadata: ObjectMeta { get set }
}

extension KubernetesObject {
    /// Namespace and name.
    public var key: ObjectKey { ObjectKey(namespace: self.metadata.namespace, name: self.metadata.name) }
}

/// An object of the API server, with the fields that Heddle uses.
///
/// Fields that are not declared are ignored when read; therefore a value is never written back as a whole: writes are
/// patches, server-side applies of owned fields, or creations.
public protocol KubernetesResource: KubernetesObject, Codable {
    /// Where objects of this type are read and written.
    static var resourceType: ResourceType { get }
}

extension KubernetesResource {
    /// A reference that makes this object the owner of another.
    public func ownerReference(isController: Bool = true, blockOwnerDeletion: Bool? = nil) -> OwnerReference {
        OwnerReference(
            apiVersion: Self.resourceType.apiVersion, kind: Self.resourceType.kind, name: self.metadata.name,
            uid: self.metadata.uid, controller: isController, blockOwnerDeletion: blockOwnerDeletion)
    }
}

/// An object of any kind with all its fields, for what no Swift type describes.
public struct ResourceDocument: KubernetesObject {
    /// The object as it was read.
    public var json: JSONValue
    /// Name, labels and the rest of what every object has, as read; not written back into `json`.
    public var metadata: ObjectMeta

    /// Pairs a document with its metadata.
    public init(json: JSONValue, metadata: ObjectMeta) {
        self.json = json
        self.metadata = metadata
    }

    /// Reads the whole object.
    public init(from decoder: any Decoder) throws {
        self.metadata = try decoder.container(keyedBy: CodingKeys.self).decode(ObjectMeta.self, forKey: .metadata)
        self.json = try JSONValue(from: decoder)
    }

    private enum CodingKeys: String, CodingKey {
        case metadata
    }
}
