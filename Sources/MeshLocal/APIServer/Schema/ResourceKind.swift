import MeshModel

/// A resource without its version: what storage and watches are keyed by.
struct ResourceID: Hashable, Sendable, CustomStringConvertible {
    var group: String
    var plural: String

    /// `plural.group`, or `plural` alone in the core group.
    var description: String { self.group.isEmpty ? self.plural : "\(self.plural).\(self.group)" }
}

/// One served version of a resource.
struct ResourceKind: Sendable {
    var group: String
    var version: String
    var kind: String
    var plural: String
    var singular: String
    var shortNames: [String] = []
    var categories: [String] = []
    var isNamespaced = true
    /// What can be done with it; see ``Verbs``.
    var verbs: Set<String> = Self.allVerbs
    var subresources: [Subresource] = []
    var shape: Shape = .any
    /// Set for kinds that come from a CustomResourceDefinition.
    var custom: CustomVersion?
    /// Where objects are kept; another group for kinds that are two views of one thing.
    var storage: ResourceID
    /// The version in which objects are kept.
    var storageVersion: String
    /// PUT of a missing object creates it.
    var createsOnUpdate = false
    /// PUT without a resourceVersion overwrites.
    var updatesUnconditionally = true

    static let allVerbs: Set<String> = [
        "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
    ]

    /// A part of an object with a path of its own.
    struct Subresource: Sendable, Hashable {
        var name: String
        var verbs: Set<String>
        var group: String?
        var version: String?
        var kind: String?
    }

    var id: ResourceID { ResourceID(group: self.group, plural: self.plural) }
    var groupKind: GroupKind { GroupKind(group: self.group, kind: self.kind) }
    var apiVersion: String { self.group.isEmpty ? self.version : "\(self.group)/\(self.version)" }
    var listKind: String { self.custom?.listKind ?? "\(self.kind)List" }
    var hasStatus: Bool { self.subresources.contains { $0.name == "status" } }
    var isCustom: Bool { self.custom != nil }

    /// The same kind without what its definition adds.
    var withoutDefinition: ResourceKind {
        var copy = self
        copy.custom = nil
        return copy
    }

    func subresource(_ name: String) -> Subresource? { self.subresources.first { $0.name == name } }
}
