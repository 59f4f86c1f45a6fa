import MeshModel
import MeshPolicy
import MeshResources

/// The smallest set of objects that lets one client in.
struct Suggestion {
    let view: ClusterView
    let settings: MeshSettings
    let question: AccessQuestion
    let policy: InboundPolicy
    let explanation: Explanation

    func objects() -> [SuggestedObject] {
        switch self.explanation.decision {
        case .allowed, .notHTTP, .unknownWorkload: return []
        case .denied: return self.governed { server in self.permission(on: self.target(server)) }
        case .noRoute: return self.governed(self.routed)
        }
    }

    // MARK: - Targets

    /// What `make` says of the governing Server; where there is none, one that changes nothing else comes first.
    private func governed(_ make: (String) -> [SuggestedObject]) -> [SuggestedObject] {
        if self.policy.metadata.kind == "server" { return make(self.policy.metadata.name) }
        guard let server = self.server() else { return [] }
        return [.server(server)] + make(server.metadata.name)
    }

    /// The route if somebody wrote it, otherwise the Server.
    private func target(_ server: String) -> LocalTargetReference {
        if case .resource(let route)? = self.explanation.route {
            return LocalTargetReference(group: route.group, kind: route.kind, name: route.name)
        }
        return LocalTargetReference(group: APIGroup.policy, kind: "Server", name: server)
    }

    /// A Server for the port of workloads like this one, which admits whom the default policy admits now.
    private func server() -> Server? {
        let name = self.question.workload
        let key = ObjectKey(namespace: name.namespace, name: name.name)
        guard let workload = GovernedWorkload(name, in: self.view) else { return nil }
        var spec = ServerSpec(
            port: .int(Int(self.question.port)), proxyProtocol: self.policy.isHTTP ? .unknown : .opaque,
            accessPolicy: AccessPolicy(rawValue: self.policy.metadata.name) ?? .deny)
        switch workload {
        case .pod(let pod): spec.podSelector = Self.selector(pod.metadata.labels)
        case .external(let external): spec.externalWorkloadSelector = Self.selector(external.metadata.labels)
        }
        return Server(metadata: self.meta("\(key.name)-\(self.question.port)"), spec: spec)
    }

    /// The labels that the author gave, without those that controllers add to each copy.
    private static func selector(_ labels: [String: String]) -> LabelSelector {
        let added: Set<String> = [
            "pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io/pod-name",
            "apps.kubernetes.io/pod-index", "pod-template-generation",
        ]
        return LabelSelector(matchLabels: labels.filter { !$0.key.hasPrefix("linkerd.io/") && !added.contains($0.key) })
    }

    // MARK: - Routes

    /// A route for the very request; it lets the client in only if the Server does not already.
    private func routed(_ server: String) -> [SuggestedObject] {
        guard let request = self.question.request else { return [] }
        let name = "\(server)-\(self.question.port)-route"
        let parent = ParentReference(group: APIGroup.policy, kind: "Server", name: server)
        let path = String(decoding: request.bytes[request.head.path.indices], as: UTF8.self)
        let method = String(decoding: request.bytes[request.head.method.indices], as: UTF8.self)
        let route: SuggestedObject
        let target: LocalTargetReference
        if case .grpc = self.policy.protocol {
            let parts = path.split(separator: "/").map(String.init)
            guard method == "POST", parts.count == 2 else { return [] }
            route = .grpcRoute(
                GRPCRoute(
                    metadata: self.meta(name),
                    spec: GRPCRouteSpec(
                        parentRefs: [parent],
                        rules: [
                            GRPCRouteRule(matches: [
                                MeshResources.GRPCRouteMatch(
                                    method: GRPCMethodMatch(service: parts[0], method: parts[1]))
                            ])
                        ])))
            target = LocalTargetReference(group: APIGroup.gateway, kind: "GRPCRoute", name: name)
        } else {
            guard path.hasPrefix("/") else { return [] }
            let match = MeshResources.HTTPRouteMatch(path: HTTPPathMatch(type: .exact, value: path), method: method)
            route = .httpRoute(
                HTTPRoute(
                    group: .policy, metadata: self.meta(name),
                    spec: HTTPRouteSpec(parentRefs: [parent], rules: [HTTPRouteRule(matches: [match])])))
            target = LocalTargetReference(group: APIGroup.policy, kind: "HTTPRoute", name: name)
        }
        let client = self.question.client
        let isAdmitted = self.policy.permit(route: [], peer: client.address, identity: client.identity) != nil
        return [route] + (isAdmitted ? [] : self.permission(on: target))
    }

    // MARK: - Permissions

    /// A policy on `target` that admits this client: by its account, by its identity, or by its address.
    private func permission(on target: LocalTargetReference) -> [SuggestedObject] {
        let name = self.freeName("allow-\(target.name)-\(self.question.port)")
        let proof = self.proof(name)
        let policy = AuthorizationPolicy(
            metadata: self.meta(name),
            spec: AuthorizationPolicySpec(targetRef: target, requiredAuthenticationRefs: [proof.reference]))
        return proof.objects + [.policy(policy)]
    }

    /// A name that no policy or authentication of the namespace has.
    private func freeName(_ base: String) -> String {
        let base = String(base.prefix(56))
        let taken = { (name: String) in
            let key = ObjectKey(namespace: self.question.workload.namespace, name: name)
            return self.view.object(key, in: ClusterCollections.authorizationPolicies) != nil
                || self.view.object(key, in: ClusterCollections.meshTLSAuthentications) != nil
                || self.view.object(key, in: ClusterCollections.networkAuthentications) != nil
        }
        return ([base] + (2...999).map { "\(base)-\($0)" }).first { !taken($0) } ?? base
    }

    private func proof(_ name: String) -> (objects: [SuggestedObject], reference: NamespacedTargetReference) {
        switch self.question.client.identity {
        case .dns(let identity), .uri(let identity):
            if let account = self.account(identity.string) {
                return (
                    [],
                    NamespacedTargetReference(
                        kind: "ServiceAccount", name: account.name, namespace: account.namespace)
                )
            }
            let object = MeshTLSAuthentication(
                metadata: self.meta(name), spec: MeshTLSAuthenticationSpec(identities: [identity.string]))
            return ([.meshTLS(object)], .init(group: APIGroup.policy, kind: "MeshTLSAuthentication", name: name))
        case .clear, .anonymous:
            let object = NetworkAuthentication(
                metadata: self.meta(name),
                spec: NetworkAuthenticationSpec(networks: [CIDRBlock(cidr: "\(self.question.client.address)")]))
            return ([.network(object)], .init(group: APIGroup.policy, kind: "NetworkAuthentication", name: name))
        }
    }

    /// The ServiceAccount that an identity of our trust domain belongs to.
    private func account(_ identity: String) -> ObjectKey? {
        let labels = identity.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard labels.count == 3, !labels[0].isEmpty, !labels[1].isEmpty else { return nil }
        let key = ObjectKey(namespace: labels[1], name: labels[0])
        return self.settings.identity(of: key) == identity ? key : nil
    }

    private func meta(_ name: String) -> ObjectMeta {
        ObjectMeta(name: String(name.prefix(63)), namespace: self.question.workload.namespace)
    }
}
