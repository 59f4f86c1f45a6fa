import MeshModel
import MeshResources

extension RouteStatus {
    /// The name under which we write conditions.
    static let controllerName = "linkerd.io/policy-controller"

    /// True when we accepted the route for the Server `key`.
    func accepts(server key: ObjectKey, routeNamespace: String) -> Bool {
        self.parents.contains { entry in
            entry.controllerName == Self.controllerName && entry.isAccepted
                && ParentKey(entry.parentRef, of: routeNamespace) == ParentKey(kind: .server, key: key)
        }
    }

    /// True when somebody accepted the route for an outbound parent of this kind and name; an entry without a port
    /// stands for every port.
    ///
    /// Whose entry it is and the parent's namespace are not compared, as existing control planes do.
    func accepts(outbound parent: ParentKey, port: UInt16?) -> Bool {
        self.parents.contains { entry in
            let group = entry.parentRef.group ?? ""
            let isGroup =
                switch parent.kind {
                case .service: group.isEmpty || group.matches("core")
                case .egressNetwork, .server: group.matches(parent.kind.group)
                }
            return isGroup && parent.kind.rawValue.matches(entry.parentRef.kind ?? "")
                && entry.parentRef.name == parent.key.name && entry.isAccepted
                && (entry.parentRef.port == nil || port == nil || entry.parentRef.port == port.map(Int.init))
        }
    }
}

extension RouteParentStatus {
    var isAccepted: Bool { self.conditions.holds("Accepted") }
}

extension [MeshResources.Condition] {
    /// True when the condition `type` is there and true.
    func holds(_ type: String) -> Bool { self.contains { $0.type == type && $0.status == .true } }
}
