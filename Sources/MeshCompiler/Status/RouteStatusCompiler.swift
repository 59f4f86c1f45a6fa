import MeshModel
import MeshResources

/// Decides what the status of a route should say.
struct RouteStatusCompiler {
    let view: ClusterView
    let settings: MeshSettings

    /// The entries of all parents of ours, in the order of the references; other controllers' entries stay behind them.
    func parents(
        of route: some AttachableRoute, kind: ClusterKind, backends: [BackendName]
    ) -> [RouteParentStatus] {
        var entries: [RouteParentStatus] = []
        for reference in route.parentReferences {
            guard let parent = ParentKey(reference, of: route.metadata.namespace) else { continue }
            let generation = route.metadata.generation
            var conditions = [
                self.accepted(kind: kind, at: parent, port: reference.port)
                    .condition("Accepted", generation: generation)
            ]
            if parent.kind != .server {
                conditions.append(
                    self.resolved(backends, at: parent).condition("ResolvedRefs", generation: generation))
            }
            entries.append(
                RouteParentStatus(
                    parentRef: ParentReference(
                        group: parent.kind.group, kind: parent.kind.rawValue, name: parent.key.name,
                        namespace: parent.key.namespace, port: reference.port, sectionName: reference.sectionName),
                    controllerName: RouteStatus.controllerName, conditions: conditions))
        }
        return entries + route.status.parents.filter { $0.controllerName != RouteStatus.controllerName }
    }

    // MARK: - Accepted

    /// Whether a parent exists is asked before whether another kind of route goes first.
    private func accepted(kind: ClusterKind, at parent: ParentKey, port: Int?) -> Verdict {
        if let refusal = self.refusal(of: parent) { return refusal }
        let isConflicted = RouteKinds.above(kind).contains { self.hasRoute(of: $0, at: parent, port: port) }
        return isConflicted ? Verdict(false, "RouteReasonConflicted") : Verdict(true, "Accepted")
    }

    private func refusal(of parent: ParentKey) -> Verdict? {
        let missing = Verdict(false, "NoMatchingParent")
        switch parent.kind {
        case .server:
            return self.view.object(parent.key, in: ClusterCollections.servers) == nil ? missing : nil
        case .service:
            guard let service = self.view.object(parent.key, in: ClusterCollections.services) else { return missing }
            guard service.spec.type != .externalName, let ip = service.spec.clusterIP, !ip.isEmpty, ip != "None" else {
                return Verdict(false, "NoMatchingParent", "the parent Service needs a ClusterIP")
            }
            return nil
        case .egressNetwork:
            guard let network = self.view.object(parent.key, in: ClusterCollections.egressNetworks) else {
                return missing
            }
            return network.overlapsCluster(settings: self.settings)
                ? Verdict(false, "NoMatchingParent", "the parent EgressNetwork is not accepted") : nil
        }
    }

    /// Looks at references only: the other route need not be accepted itself.
    private func hasRoute(of kind: ClusterKind, at parent: ParentKey, port: Int?) -> Bool {
        func any<Route: AttachableRoute>(_ collection: ClusterCollection<Route>) -> Bool {
            self.view.objects(at: .routes(kind, parent: parent), in: collection).contains { route in
                route.parentReferences.contains { reference in
                    reference.port == port && ParentKey(reference, of: route.metadata.namespace) == parent
                }
            }
        }
        switch kind {
        case .policyHTTPRoute: return any(ClusterCollections.policyHTTPRoutes)
        case .gatewayHTTPRoute: return any(ClusterCollections.gatewayHTTPRoutes)
        case .grpcRoute: return any(ClusterCollections.grpcRoutes)
        case .tlsRoute: return any(ClusterCollections.tlsRoutes)
        default: return false
        }
    }

    // MARK: - ResolvedRefs

    /// The first backend that leads nowhere decides.
    private func resolved(_ backends: [BackendName], at parent: ParentKey) -> Verdict {
        for backend in backends {
            if backend.isOf("Service") {
                guard self.view.object(backend.key, in: ClusterCollections.services) != nil else {
                    return Verdict(false, "BackendNotFound")
                }
            } else if backend.isOf("EgressNetwork", in: APIGroup.policy) {
                guard self.view.object(backend.key, in: ClusterCollections.egressNetworks) != nil else {
                    return Verdict(false, "BackendNotFound")
                }
                guard parent == ParentKey(kind: .egressNetwork, key: backend.key) else {
                    return Verdict(
                        false, "InvalidKind", "an EgressNetwork backend needs a route with an EgressNetwork parent")
                }
            } else {
                return Verdict(false, "InvalidKind")
            }
        }
        return Verdict(true, "ResolvedRefs")
    }
}

/// What a condition says.
struct Verdict {
    let holds: Bool
    let reason: String
    let message: String

    init(_ holds: Bool, _ reason: String, _ message: String = "") {
        self.holds = holds
        self.reason = reason
        self.message = message
    }

    func condition(_ type: String, generation: Int64?) -> Condition {
        Condition(
            type: type, status: self.holds ? .true : .false, observedGeneration: generation, reason: self.reason,
            message: self.message)
    }
}

/// Which kinds of routes go before which at the same parent; those of one kind never stand in each other's way.
enum RouteKinds {
    static func above(_ kind: ClusterKind) -> [ClusterKind] {
        switch kind {
        case .policyHTTPRoute, .gatewayHTTPRoute: [.grpcRoute]
        case .tlsRoute: [.grpcRoute, .policyHTTPRoute, .gatewayHTTPRoute]
        case .tcpRoute: [.grpcRoute, .policyHTTPRoute, .gatewayHTTPRoute, .tlsRoute]
        default: []
        }
    }
}
