public import MeshModel
public import MeshPolicy
import MeshResources

/// Asks what holds for connections from a namespace to a target.
public struct OutboundQuery: ClusterQuery {
    /// Where connections go.
    public enum Target: Hashable, Sendable {
        /// A Service by name, whether it exists or not.
        case service(ObjectKey, port: UInt16)
        /// The address that an application dialled.
        case address(SocketAddress)
    }

    /// What a policy was made for; when it changes, a client has to ask anew.
    public enum Origin: Hashable, Sendable {
        /// A Service.
        case service(ObjectKey)
        /// An EgressNetwork.
        case egressNetwork(ObjectKey)
        /// Nothing in particular, outside the cluster.
        case fallback
    }

    /// What is known.
    public enum Answer: Hashable, Sendable {
        /// The policy and what it was made for.
        case found(OutboundPolicy, Origin)
        /// An address inside the cluster that no Service has.
        case unknown
    }

    /// Where connections go.
    public let target: Target
    /// Where they come from: it chooses routes and EgressNetworks.
    public let sourceNamespace: String

    /// Asks for the policy of `target`, seen from `sourceNamespace`.
    public init(target: Target, sourceNamespace: String) {
        self.target = target
        self.sourceNamespace = sourceNamespace
    }

    /// Finds out what the target is, and compiles its policy.
    public func answer(in view: ClusterView, settings: MeshSettings) -> Answer {
        switch self.target {
        case .service(let key, let port):
            return .found(self.policy(ofService: key, port: port, original: nil, view, settings), .service(key))
        case .address(let address):
            let services = view.objects(at: .clusterIP(address.ip), in: ClusterCollections.services)
            if let service = services.first {
                let isDefined = service.spec.ports.contains { $0.port == Int(address.port) }
                let policy =
                    isDefined
                    ? self.policy(ofService: service.key, port: address.port, original: address, view, settings)
                    : ImplicitPolicies.undefinedPort(of: service.key, port: address.port)
                return .found(policy, .service(service.key))
            }
            let egress = EgressResolution(view: view, settings: settings)
            if let network = egress.network(for: address.ip, from: self.sourceNamespace) {
                let parent = OutboundParent(network: network, address: address, settings: settings)
                return .found(self.policy(of: parent, view, settings), .egressNetwork(network.key))
            }
            guard settings.clusterNetworks.contains(where: { $0.contains(address.ip) }) else {
                return .found(ImplicitPolicies.egressFallback(to: address, settings: settings), .fallback)
            }
            return .unknown
        }
    }

    private func policy(
        ofService key: ObjectKey, port: UInt16, original: SocketAddress?, _ view: ClusterView, _ settings: MeshSettings
    ) -> OutboundPolicy {
        let service = view.object(key, in: ClusterCollections.services)
        let parent = OutboundParent(
            service: service, key: key, port: port, original: original, settings: settings)
        return self.policy(of: parent, view, settings)
    }

    private func policy(of parent: OutboundParent, _ view: ClusterView, _ settings: MeshSettings) -> OutboundPolicy {
        OutboundCompiler(
            view: view, settings: settings, parent: parent, sourceNamespace: self.sourceNamespace
        ).policy()
    }
}

/// Asks as ``OutboundQuery`` does, and answers with an object that all who asked share.
public struct SharedOutboundQuery: ClusterQuery {
    private let query: OutboundQuery

    /// Asks for the policy of `target`, seen from `sourceNamespace`.
    public init(target: OutboundQuery.Target, sourceNamespace: String) {
        self.query = OutboundQuery(target: target, sourceNamespace: sourceNamespace)
    }

    /// Compiles the policy.
    public func answer(in view: ClusterView, settings: MeshSettings) -> Shared<OutboundQuery.Answer> {
        Shared(self.query.answer(in: view, settings: settings))
    }
}

extension OutboundQuery.Target {
    /// Reads `<svc>.<ns>.svc[.<domain>][.]`, with a port or 80; nil for names of any other shape.
    public init?(authority: Authority, clusterDomain: String) {
        guard case .name(let host) = authority.host else { return nil }
        var name = Substring(host)
        if name.hasSuffix(".") { name = name.dropLast() }
        if name.hasSuffix(".svc.\(clusterDomain)") { name = name.dropLast(clusterDomain.count + 1) }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count == 3, labels[2] == "svc", !labels[0].isEmpty, !labels[1].isEmpty else { return nil }
        self = .service(
            ObjectKey(namespace: String(labels[1]), name: String(labels[0])), port: authority.port)
    }
}
