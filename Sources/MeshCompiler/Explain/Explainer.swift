import MeshModel
import MeshPolicy
import MeshResources

/// Explains decisions: compiles the port's policy as the controller does, and asks it as the proxy does.
public struct Explainer {
    private let view: ClusterView
    private let settings: MeshSettings

    /// Explains what holds in the cluster that `view` shows.
    public init(view: ClusterView, settings: MeshSettings) {
        self.view = view
        self.settings = settings
    }

    /// The answer to a question, with its reasons.
    public func explain(_ question: AccessQuestion) -> Explanation {
        let query = InboundQuery(workload: question.workload, port: question.port)
        guard let policy = query.answer(in: self.view, settings: self.settings) else {
            return Explanation(decision: .unknownWorkload)
        }
        var explanation = self.decide(question, policy)
        explanation.governor = policy.metadata
        explanation.ignored = self.ignored(policy.metadata, namespace: question.workload.namespace)
        if !explanation.isAllowed {
            explanation.suggestion = Suggestion(
                view: self.view, settings: self.settings, question: question, policy: policy,
                explanation: explanation
            ).objects()
            if case .server? = explanation.suggestion.first {
                let namespace = question.workload.namespace
                explanation.alsoHolding = self.view.objects(of: namespace, in: ClusterCollections.authorizationPolicies)
                    .filter { $0.spec.targetRef.isOf("Namespace") && $0.spec.targetRef.name == namespace }
                    .map(\.metadata.name)
            }
        }
        return explanation
    }

    // MARK: - The decision

    private func decide(_ question: AccessQuestion, _ policy: InboundPolicy) -> Explanation {
        let client = question.client
        guard let request = question.request, policy.isHTTP else {
            var explanation = Explanation(decision: policy.isHTTPOnly ? .notHTTP : .denied)
            if let permit = policy.authorizeConnection(peer: client.address, identity: client.identity) {
                explanation.decision = .allowed(by: policy.metadata(of: permit, route: []))
            }
            explanation.candidates = self.candidates(policy.authorizations, of: nil, client)
            return explanation
        }
        switch policy.decide(request, peer: client.address, identity: client.identity) {
        case .noRoute: return Explanation(decision: .noRoute)
        case .allow(let choice, let permit):
            let route = policy.route(choice)
            return self.explanation(
                .allowed(by: policy.metadata(of: permit, route: route.authorizations)), policy, route, client)
        case .deny(let choice): return self.explanation(.denied, policy, policy.route(choice), client)
        }
    }

    private func explanation(
        _ decision: Explanation.Decision, _ policy: InboundPolicy,
        _ route: (metadata: PolicyMetadata, authorizations: [Authorization]), _ client: AccessClient
    ) -> Explanation {
        var explanation = Explanation(decision: decision, route: route.metadata)
        explanation.candidates =
            self.candidates(route.authorizations, of: route.metadata, client)
            + self.candidates(policy.authorizations, of: nil, client)
        return explanation
    }

    private func candidates(
        _ authorizations: [Authorization], of route: PolicyMetadata?, _ client: AccessClient
    ) -> [Explanation.Candidate] {
        authorizations.map { authorization in
            Explanation.Candidate(
                metadata: authorization.metadata, route: route,
                refusal: authorization.refusal(peer: client.address, identity: client.identity))
        }
    }

    // MARK: - What does not count

    /// Authorizations that name the Server, or its whole namespace, and admit nobody because of a mistake.
    private func ignored(_ governor: PolicyMetadata, namespace: String) -> [Explanation.Ignored] {
        let key = ObjectKey(namespace: namespace, name: governor.name)
        guard governor.kind == "server", let server = self.view.object(key, in: ClusterCollections.servers) else {
            return []
        }
        let compiler = AuthorizationCompiler(view: self.view, settings: self.settings)
        var ignored: [Explanation.Ignored] = []
        for object in self.view.objects(of: namespace, in: ClusterCollections.serverAuthorizations)
        where object.selects(server) {
            do {
                _ = try compiler.authorization(object)
            } catch {
                ignored.append(
                    .init(kind: "ServerAuthorization", name: object.metadata.name, reason: error.message))
            }
        }
        for policy in self.view.objects(of: namespace, in: ClusterCollections.authorizationPolicies)
        where policy.targets(server) {
            do {
                _ = try compiler.authorization(policy)
            } catch {
                ignored.append(
                    .init(kind: "AuthorizationPolicy", name: policy.metadata.name, reason: error.message))
            }
        }
        return ignored
    }
}

extension InboundPolicy {
    /// True when requests are looked at.
    var isHTTP: Bool {
        switch self.protocol {
        case .detect, .http1, .http2, .grpc: true
        case .opaque, .tls: false
        }
    }

    /// True when nothing but HTTP is taken.
    fileprivate var isHTTPOnly: Bool {
        switch self.protocol {
        case .http1, .http2, .grpc: true
        case .detect, .opaque, .tls: false
        }
    }

    /// The route that was chosen.
    fileprivate func route(_ choice: RouteChoice) -> (metadata: PolicyMetadata, authorizations: [Authorization]) {
        switch self.protocol {
        case .detect(_, let http), .http1(let http), .http2(let http):
            (http.routes[choice.route].metadata, http.routes[choice.route].authorizations)
        case .grpc(let routes): (routes[choice.route].metadata, routes[choice.route].authorizations)
        case .opaque, .tls: (self.metadata, [])
        }
    }
}
