import MeshModel
import MeshResources

/// What routes of all kinds share.
protocol AttachableRoute: KubernetesResource {
    var parentReferences: [ParentReference] { get }
    var status: RouteStatus { get set }
    /// Every backend of every rule, in order.
    var backendNames: [BackendName] { get }
}

extension HTTPRoute: AttachableRoute {
    var parentReferences: [ParentReference] { self.spec.parentRefs }
    var backendNames: [BackendName] {
        self.spec.rules.flatMap(\.backendRefs).map { BackendName($0, default: self.metadata.namespace) }
    }
}

extension GRPCRoute: AttachableRoute {
    var parentReferences: [ParentReference] { self.spec.parentRefs }
    var backendNames: [BackendName] {
        self.spec.rules.flatMap(\.backendRefs).map { BackendName($0, default: self.metadata.namespace) }
    }
}

extension TLSRoute: AttachableRoute {
    var parentReferences: [ParentReference] { self.spec.parentRefs }
    var backendNames: [BackendName] {
        self.spec.rules.flatMap(\.backendRefs).map { BackendName($0, default: self.metadata.namespace) }
    }
}

extension TCPRoute: AttachableRoute {
    var parentReferences: [ParentReference] { self.spec.parentRefs }
    var backendNames: [BackendName] {
        self.spec.rules.flatMap(\.backendRefs).map { BackendName($0, default: self.metadata.namespace) }
    }
}

extension ParentKey {
    /// The parent that `reference` of a route in `namespace` names; nil for kinds that are not ours.
    ///
    /// The kind must be written. The core group may be written as the empty string or `core`; stored objects never
    /// leave the group out, since the API server fills in another default.
    init?(_ reference: ParentReference, of namespace: String) {
        guard let text = reference.kind, let kind = Kind.allCases.first(where: { $0.rawValue.matches(text) }) else {
            return nil
        }
        let group = reference.group ?? ""
        switch kind {
        case .service: guard group.isEmpty || group.matches("core") else { return nil }
        case .server, .egressNetwork: guard group.matches(kind.group) else { return nil }
        }
        self.init(kind: kind, key: ObjectKey(namespace: reference.namespace ?? namespace, name: reference.name))
    }
}

extension StringProtocol {
    /// Equal but for the case of ASCII letters.
    func matches(_ other: some StringProtocol) -> Bool {
        self.utf8.count == other.utf8.count
            && zip(self.utf8, other.utf8).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
    }
}
