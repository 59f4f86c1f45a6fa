import MeshModel
import MeshPolicy
import MeshResources

/// Turns authorization objects into what proxies check.
///
/// An object that cannot be read as a whole gives nothing: leaving a part out could allow more than was written.
struct AuthorizationCompiler {
    let view: ClusterView
    let settings: MeshSettings

    // MARK: - Of a Server

    /// Everything that may let a client in at `server`, in the order in which proxies try: what was written by name,
    /// then the Server's own fallback (`audit` must come last).
    func authorizations(of server: Server) -> [Authorization] {
        let namespace = server.metadata.namespace
        let old = self.view.objects(of: namespace, in: ClusterCollections.serverAuthorizations)
            .filter { $0.selects(server) }.compactMap(self.authorization)
        let policies = self.view.objects(of: namespace, in: ClusterCollections.authorizationPolicies)
            .filter { $0.targets(server) }.compactMap(self.authorization)
        let fallback = DefaultPolicy(rawValue: server.spec.accessPolicy.rawValue) ?? .deny
        return old + policies + fallback.authorizations(cluster: self.settings.clusterNetworks)
    }

    /// What additionally lets a client in at a route.
    func authorizations(ofRoute name: String, kind: String, group: String, namespace: String) -> [Authorization] {
        self.view.objects(of: namespace, in: ClusterCollections.authorizationPolicies)
            .filter { $0.spec.targetRef.isOf(kind, in: group) && $0.spec.targetRef.name == name }
            .compactMap(self.authorization)
    }

    // MARK: - ServerAuthorization

    private func authorization(_ object: ServerAuthorization) -> Authorization? {
        let client = object.spec.client
        guard let authentication = self.authentication(client, namespace: object.metadata.namespace) else { return nil }
        var networks = self.settings.clusterNetworks.map { NetworkMatch($0) }
        if let blocks = client.networks, !blocks.isEmpty {
            guard let written = Self.networks(blocks) else { return nil }
            networks = written
        }
        return Authorization(
            networks: networks, authentication: authentication,
            metadata: Self.metadata("serverauthorization", object.metadata.name))
    }

    private func authentication(_ client: ClientRequirements, namespace: String) -> Authentication? {
        guard let mesh = client.meshTLS else { return client.unauthenticated ? .unauthenticated : nil }
        // Both at once contradict each other; guessing which was meant could let everybody in.
        guard !client.unauthenticated else { return nil }
        if mesh.unauthenticatedTLS {
            return mesh.identities.isEmpty && mesh.serviceAccounts.isEmpty ? .tls : nil
        }
        guard !mesh.identities.isEmpty || !mesh.serviceAccounts.isEmpty else { return nil }
        var match = IdentityMatch(exact: [], suffixes: [])
        for identity in mesh.identities { match.insert(identity: identity) }
        for account in mesh.serviceAccounts {
            let key = ObjectKey(namespace: account.namespace ?? namespace, name: account.name)
            match.exact.append(ByteString(self.settings.identity(of: key)))
        }
        return .identities(match)
    }

    // MARK: - AuthorizationPolicy

    private func authorization(_ policy: AuthorizationPolicy) -> Authorization? {
        var networks: [NetworkMatch]?
        var identities: IdentityMatch?
        for reference in policy.spec.requiredAuthenticationRefs {
            let key = reference.key(default: policy.metadata.namespace)
            if reference.isOf("NetworkAuthentication", in: APIGroup.policy) {
                guard networks == nil, let found = self.networks(of: key) else { return nil }
                networks = found
            } else if reference.isOf("MeshTLSAuthentication", in: APIGroup.policy) {
                guard identities == nil, let found = self.identities(of: key) else { return nil }
                identities = found
            } else if reference.isOf("ServiceAccount") {
                guard identities == nil else { return nil }
                identities = IdentityMatch(exact: [ByteString(self.settings.identity(of: key))], suffixes: [])
            } else {
                return nil
            }
        }
        return Authorization(
            networks: networks ?? NetworkMatch.everywhere,
            authentication: identities.map { .identities($0) } ?? .unauthenticated,
            metadata: Self.metadata("authorizationpolicy", policy.metadata.name))
    }

    private func networks(of key: ObjectKey) -> [NetworkMatch]? {
        guard let object = self.view.object(key, in: ClusterCollections.networkAuthentications),
            !object.spec.networks.isEmpty
        else { return nil }
        return Self.networks(object.spec.networks)
    }

    private func identities(of key: ObjectKey) -> IdentityMatch? {
        guard let object = self.view.object(key, in: ClusterCollections.meshTLSAuthentications) else { return nil }
        let identities = object.spec.identities ?? []
        let references = object.spec.identityRefs ?? []
        guard identities.isEmpty != references.isEmpty else { return nil }
        var match = IdentityMatch(exact: [], suffixes: [])
        for identity in identities { match.insert(identity: identity) }
        for reference in references {
            if reference.isOf("ServiceAccount") {
                let account = reference.key(default: object.metadata.namespace)
                match.exact.append(ByteString(self.settings.identity(of: account)))
            } else if reference.isOf("Namespace"), reference.namespace == nil {
                match.suffixes.append(ByteString(".\(self.settings.identitySuffix(ofNamespace: reference.name))"))
            } else {
                return nil
            }
        }
        return match
    }

    // MARK: - Parts

    /// The blocks as networks; nil when one cannot be read or an exception lies outside.
    static func networks(_ blocks: [CIDRBlock]) -> [NetworkMatch]? {
        var result: [NetworkMatch] = []
        for block in blocks {
            guard let network = IPNetwork(block.cidr) else { return nil }
            let exceptions = block.except.compactMap { IPNetwork($0) }
            guard exceptions.count == block.except.count else { return nil }
            result.append(NetworkMatch(network, except: exceptions))
        }
        return result
    }

    private static func metadata(_ kind: String, _ name: String) -> PolicyMetadata {
        .resource(ResourceReference(group: APIGroup.policy, kind: kind, name: name))
    }
}

extension IdentityMatch {
    /// Adds `*`, `*.suffix`, a DNS name or a SPIFFE URI.
    mutating func insert(identity: String) {
        if identity == "*" {
            self.suffixes.append("")
        } else if identity.hasPrefix("*.") {
            self.suffixes.append(ByteString(identity.dropFirst()))
        } else {
            self.exact.append(ByteString(identity))
        }
    }
}

extension MeshSettings {
    /// How the identities of all accounts of a namespace end, without the dot before it.
    func identitySuffix(ofNamespace namespace: String) -> String {
        "\(namespace).serviceaccount.identity.\(self.identityNamespace).\(self.trustDomain)"
    }
}

extension ServerAuthorization {
    func selects(_ server: Server) -> Bool {
        if let name = self.spec.server.name { return name == server.metadata.name }
        return self.spec.server.selector?.matches(server.metadata.labels) ?? false
    }
}

extension AuthorizationPolicy {
    /// True for the Server itself and for its whole namespace, which can only be the policy's own.
    func targets(_ server: Server) -> Bool {
        let target = self.spec.targetRef
        if target.isOf("Server", in: APIGroup.policy) { return target.name == server.metadata.name }
        return target.isOf("Namespace") && target.name == server.metadata.namespace
    }
}
