import MeshModel
import MeshResources

/// Asks which statuses say something else than they should.
///
/// The answer is empty once all of them were written: the writer needs no memory of its own.
public struct StatusQuery: ClusterQuery {
    /// Asks about all kinds.
    public init() {}

    /// Compares every status with what it should be.
    public func answer(in view: ClusterView, settings: MeshSettings) -> [StatusWrite] {
        let routes = RouteStatuses(view: view, settings: settings)
        return routes.writes(ClusterCollections.policyHTTPRoutes) + routes.writes(ClusterCollections.gatewayHTTPRoutes)
            + routes.writes(ClusterCollections.grpcRoutes) + routes.writes(ClusterCollections.tlsRoutes)
            + routes.writes(ClusterCollections.tcpRoutes)
            + view.all(in: ClusterCollections.egressNetworks).compactMap { Self.write($0, settings) }
            + view.all(in: ClusterCollections.rateLimitPolicies).compactMap { Self.write($0, view) }
            + GovernanceStatuses(view: view, settings: settings).writes()
    }

    private static func write(_ network: EgressNetwork, _ settings: MeshSettings) -> StatusWrite? {
        let verdict =
            network.overlapsCluster(settings: settings)
            ? Verdict(false, "EgressReasonNetworkOverlap", "networks overlap with the cluster's networks")
            : Verdict(true, "Accepted")
        let condition = verdict.condition("Accepted", generation: network.metadata.generation)
        guard ![condition].sayTheSame(as: network.status.conditions) else { return nil }
        return StatusWrite(
            type: EgressNetwork.resourceType, key: network.key, resourceVersion: network.metadata.resourceVersion,
            content: .conditions([condition].keepingTimes(of: network.status.conditions), target: nil))
    }

    private static func write(_ policy: HTTPLocalRateLimitPolicy, _ view: ClusterView) -> StatusWrite? {
        let condition = self.verdict(on: policy, view).condition("Accepted", generation: policy.metadata.generation)
        let target = LocalTargetReference(
            group: APIGroup.policy, kind: policy.spec.targetRef.kind, name: policy.spec.targetRef.name)
        guard ![condition].sayTheSame(as: policy.status.conditions) || policy.status.targetRef != target else {
            return nil
        }
        return StatusWrite(
            type: HTTPLocalRateLimitPolicy.resourceType, key: policy.key,
            resourceVersion: policy.metadata.resourceVersion,
            content: .conditions([condition].keepingTimes(of: policy.status.conditions), target: target))
    }

    /// A Server takes one rate limit: the oldest.
    private static func verdict(on policy: HTTPLocalRateLimitPolicy, _ view: ClusterView) -> Verdict {
        let server = ObjectKey(namespace: policy.metadata.namespace, name: policy.spec.targetRef.name)
        guard policy.spec.targetRef.isOf("Server", in: APIGroup.policy),
            view.object(server, in: ClusterCollections.servers) != nil
        else { return Verdict(false, "NoMatchingTarget") }
        let rivals = view.objects(of: server.namespace, in: ClusterCollections.rateLimitPolicies).filter { other in
            other.spec.targetRef.isOf("Server", in: APIGroup.policy) && other.spec.targetRef.name == server.name
                && Precedence.claims(other, before: policy)
        }
        return rivals.isEmpty ? Verdict(true, "Accepted") : Verdict(false, "RateLimitReasonAlreadyExists")
    }
}

/// The statuses of the routes of one kind after the other.
private struct RouteStatuses {
    let view: ClusterView
    let settings: MeshSettings

    func writes<Route: AttachableRoute>(_ collection: ClusterCollection<Route>) -> [StatusWrite] {
        let compiler = RouteStatusCompiler(view: self.view, settings: self.settings)
        return self.view.all(in: collection).compactMap { route in
            let parents = compiler.parents(of: route, kind: collection.kind, backends: route.backendNames)
            guard !parents.sayTheSame(as: route.status.parents) else { return nil }
            return StatusWrite(
                type: collection.resourceType, key: route.key, resourceVersion: route.metadata.resourceVersion,
                content: .parents(parents.keepingTimes(of: route.status.parents)))
        }
    }
}

extension [RouteParentStatus] {
    /// The same entries, with the time of each condition whose status stays.
    fileprivate func keepingTimes(of stored: [RouteParentStatus]) -> [RouteParentStatus] {
        self.map { entry in
            var entry = entry
            let old = stored.first {
                $0.parentRef == entry.parentRef && $0.controllerName == entry.controllerName
            }
            entry.conditions = entry.conditions.keepingTimes(of: old?.conditions ?? [])
            return entry
        }
    }
}

extension [Condition] {
    /// The same conditions, each with the time of the stored one if that has the same status.
    func keepingTimes(of stored: [Condition]) -> [Condition] {
        self.map { condition in
            var condition = condition
            let former = stored.first { $0.type == condition.type && $0.status == condition.status }
            condition.lastTransitionTime = condition.lastTransitionTime ?? former?.lastTransitionTime
            return condition
        }
    }
}
