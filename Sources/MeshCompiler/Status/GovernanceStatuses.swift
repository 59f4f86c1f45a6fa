import MeshModel
import MeshResources

/// Decides what the statuses of Servers, authorizations and authentications should say: whether the object is used,
/// whether what it names exists, and how much it governs.
struct GovernanceStatuses {
    private let view: ClusterView
    private let compiler: AuthorizationCompiler
    private let governed: GovernedPorts

    init(view: ClusterView, settings: MeshSettings) {
        self.view = view
        self.compiler = AuthorizationCompiler(view: view, settings: settings)
        self.governed = GovernedPorts(view)
    }

    /// The statuses that differ from what is stored.
    func writes() -> [StatusWrite] {
        let policies = self.view.all(in: ClusterCollections.authorizationPolicies).map { ($0, self.standing(of: $0)) }
        var writes = self.view.all(in: ClusterCollections.servers).compactMap { self.write($0, self.standing(of: $0)) }
        writes += self.view.all(in: ClusterCollections.serverAuthorizations)
            .compactMap { self.write($0, self.standing(of: $0)) }
        writes += policies.compactMap { self.write($0.0, $0.1) }
        let users = self.users(policies)
        writes += self.view.all(in: ClusterCollections.meshTLSAuthentications).compactMap { object in
            self.write(object, self.standing(of: object, users: users[.mesh(object.key)] ?? []))
        }
        writes += self.view.all(in: ClusterCollections.networkAuthentications).compactMap { object in
            self.write(object, self.standing(of: object, users: users[.network(object.key)] ?? []))
        }
        return writes
    }

    /// What holds of an object.
    struct Standing {
        var accepted = Verdict(true, "Accepted")
        var resolved = Verdict(true, "ResolvedRefs")
        var ports: Set<GovernedPorts.Port> = []
    }

    private func write(_ object: some GovernedResource, _ standing: Standing) -> StatusWrite? {
        let generation = object.metadata.generation
        let conditions = [
            standing.accepted.condition("Accepted", generation: generation),
            standing.resolved.condition("ResolvedRefs", generation: generation),
        ]
        let workloads = Set(standing.ports.map(\.workload)).count
        let stored = object.status
        let isCurrent =
            conditions.sayTheSame(as: stored.conditions) && stored.workloads == workloads
            && stored.ports == standing.ports.count
        guard !isCurrent else { return nil }
        return StatusWrite(
            type: type(of: object).resourceType, key: object.key, resourceVersion: object.metadata.resourceVersion,
            content: .governance(
                GovernanceStatus(
                    conditions: conditions.keepingTimes(of: stored.conditions), workloads: workloads,
                    ports: standing.ports.count)))
    }

    // MARK: - Servers

    private func standing(of server: Server) -> Standing {
        let extent = self.governed.extents[server.key] ?? GovernedPorts.Extent()
        var standing = Standing(ports: extent.ports)
        if (server.spec.podSelector == nil) == (server.spec.externalWorkloadSelector == nil) {
            standing.accepted = Verdict(false, "Invalid", "exactly one of the two selectors is needed")
        } else if let rival = extent.rival, extent.ports.isEmpty {
            standing.accepted = Verdict(false, "Conflicted", "the older Server \(rival) governs these ports")
        } else if let rival = extent.rival {
            standing.accepted = Verdict(true, "Accepted", "the older Server \(rival) governs some of these ports")
        } else if extent.matched == 0 {
            standing.accepted = Verdict(true, "Accepted", "no meshed workload matches the selector")
        }
        if case .string(let name) = server.spec.port, extent.matched > 0, extent.ports.isEmpty, extent.rival == nil {
            standing.resolved = Verdict(false, "PortNotFound", "no matching workload has a TCP port named \(name)")
        }
        return standing
    }

    // MARK: - Authorizations

    private func standing(of object: ServerAuthorization) -> Standing {
        var standing = Standing()
        let servers = self.view.objects(of: object.metadata.namespace, in: ClusterCollections.servers)
            .filter { object.selects($0) }
        if servers.isEmpty { standing.resolved = Verdict(false, "ServerNotFound", "it selects no Server") }
        do {
            _ = try self.compiler.authorization(object)
            standing.ports = self.ports(of: servers.map(\.key))
        } catch {
            standing.accepted = Verdict(false, "Invalid", error.message)
        }
        return standing
    }

    private func standing(of policy: AuthorizationPolicy) -> Standing {
        var standing = Standing()
        if let refusal = self.refusal(of: policy) { standing.accepted = refusal }
        do {
            _ = try self.compiler.authorization(policy)
            if standing.accepted.holds { standing.ports = self.ports(of: self.servers(under: policy)) }
        } catch {
            switch error {
            case .malformed(let message): standing.accepted = Verdict(false, "Invalid", message)
            case .missing(let message): standing.resolved = Verdict(false, "AuthenticationNotFound", message)
            case .unusable(let message): standing.resolved = Verdict(false, "InvalidAuthentication", message)
            case .unsupported(let message): standing.resolved = Verdict(false, "InvalidKind", message)
            }
        }
        return standing
    }

    private func refusal(of policy: AuthorizationPolicy) -> Verdict? {
        let target = policy.spec.targetRef
        if target.isOf("Namespace") {
            return target.name == policy.metadata.namespace
                ? nil : Verdict(false, "Invalid", "a policy can target its own namespace only")
        }
        let key = ObjectKey(namespace: policy.metadata.namespace, name: target.name)
        let exists: Bool
        if target.isOf("Server", in: APIGroup.policy) {
            exists = self.view.object(key, in: ClusterCollections.servers) != nil
        } else if let route = self.route(target, key) {
            exists = route.exists
        } else {
            return Verdict(false, "Invalid", "\(target.kind) is no kind of target")
        }
        return exists ? nil : Verdict(false, "NoMatchingTarget", "\(target.kind) \(key) does not exist")
    }

    /// Whether a route exists and at which Servers; nil when the target is no kind of route.
    private func route(_ target: LocalTargetReference, _ key: ObjectKey) -> (exists: Bool, servers: [ObjectKey])? {
        func servers<Route: AttachableRoute>(
            _ collection: ClusterCollection<Route>
        ) -> (exists: Bool, servers: [ObjectKey]) {
            guard let route = self.view.object(key, in: collection) else { return (false, []) }
            let parents = route.parentReferences.compactMap { ParentKey($0, of: key.namespace) }
                .filter { $0.kind == .server && $0.key.namespace == key.namespace }
            return (true, parents.map(\.key))
        }
        if target.isOf("HTTPRoute", in: APIGroup.policy) { return servers(ClusterCollections.policyHTTPRoutes) }
        if target.isOf("HTTPRoute", in: APIGroup.gateway) { return servers(ClusterCollections.gatewayHTTPRoutes) }
        if target.isOf("GRPCRoute", in: APIGroup.gateway) { return servers(ClusterCollections.grpcRoutes) }
        return nil
    }

    private func servers(under policy: AuthorizationPolicy) -> [ObjectKey] {
        let target = policy.spec.targetRef
        let key = ObjectKey(namespace: policy.metadata.namespace, name: target.name)
        if let route = self.route(target, key) { return route.servers }
        return self.view.objects(of: policy.metadata.namespace, in: ClusterCollections.servers)
            .filter { policy.targets($0) }.map(\.key)
    }

    private func ports(of servers: [ObjectKey]) -> Set<GovernedPorts.Port> {
        servers.reduce(into: []) { $0.formUnion(self.governed.extents[$1]?.ports ?? []) }
    }

    // MARK: - Authentications

    /// An authentication that policies require.
    private enum Authentication: Hashable {
        case mesh(ObjectKey)
        case network(ObjectKey)
    }

    /// What is governed through each authentication.
    private func users(_ policies: [(AuthorizationPolicy, Standing)]) -> [Authentication: Set<GovernedPorts.Port>] {
        var users: [Authentication: Set<GovernedPorts.Port>] = [:]
        for (policy, standing) in policies {
            for reference in policy.spec.requiredAuthenticationRefs {
                let key = reference.key(default: policy.metadata.namespace)
                if reference.isOf("MeshTLSAuthentication", in: APIGroup.policy) {
                    users[.mesh(key), default: []].formUnion(standing.ports)
                } else if reference.isOf("NetworkAuthentication", in: APIGroup.policy) {
                    users[.network(key), default: []].formUnion(standing.ports)
                }
            }
        }
        return users
    }

    private func standing(of object: MeshTLSAuthentication, users: Set<GovernedPorts.Port>) -> Standing {
        var standing = Standing(ports: users)
        do {
            _ = try self.compiler.identities(of: object)
        } catch {
            standing.accepted = Verdict(false, "Invalid", error.message)
        }
        return standing
    }

    private func standing(of object: NetworkAuthentication, users: Set<GovernedPorts.Port>) -> Standing {
        var standing = Standing(ports: users)
        do {
            _ = try AuthorizationCompiler.networks(of: object)
        } catch {
            standing.accepted = Verdict(false, "Invalid", error.message)
        }
        return standing
    }
}
