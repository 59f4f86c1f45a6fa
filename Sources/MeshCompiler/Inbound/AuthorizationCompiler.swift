import MeshModel
import MeshPolicy
import MeshResources

/// Why an authorization object admits nobody.
///
/// An object that cannot be read as a whole gives nothing: leaving a part out could allow more than was written.
public enum AuthorizationInvalid: Error, Hashable, Sendable {
    /// The object contradicts itself or holds something that cannot be read.
    case malformed(String)
    /// It needs an object that does not exist.
    case missing(String)
    /// It needs an object that exists and is malformed itself.
    case unusable(String)
    /// It needs an object of a kind that proves nothing.
    case unsupported(String)

    /// What is wrong, for people.
    public var message: String {
        switch self {
        case .malformed(let text), .missing(let text), .unusable(let text), .unsupported(let text): text
        }
    }
}

/// Turns authorization objects into what proxies check.
struct AuthorizationCompiler {
    let view: ClusterView
    let settings: MeshSettings

    // MARK: - Of a Server

    /// Everything that may let a client in at `server`, in the order in which proxies try: what was written by name,
    /// then the Server's own fallback (`audit` must come last).
    func authorizations(of server: Server) -> [Authorization] {
        let namespace = server.metadata.namespace
        let old = self.view.objects(of: namespace, in: ClusterCollections.serverAuthorizations)
            .filter { $0.selects(server) }.compactMap { self.readable($0, self.authorization) }
        let policies = self.policies(of: namespace).targeting(server: server.metadata.name)
            .compactMap { self.readable($0, self.authorization) }
        let fallback = DefaultPolicy(rawValue: server.spec.accessPolicy.rawValue) ?? .deny
        return old + policies + fallback.authorizations(cluster: self.settings.clusterNetworks)
    }

    /// What additionally lets a client in at a route.
    func authorizations(ofRoute name: String, kind: String, group: String, namespace: String) -> [Authorization] {
        self.policies(of: namespace).targeting(route: name)
            .filter { $0.spec.targetRef.isOf(kind, in: group) }
            .compactMap { self.readable($0, self.authorization) }
    }

    private func policies(of namespace: String) -> PoliciesByTarget {
        self.view.once(PoliciesByTarget.Of(namespace: namespace)) {
            PoliciesByTarget(
                $0.objects(of: namespace, in: ClusterCollections.authorizationPolicies), namespace: namespace)
        }
    }

    /// What is invalid admits nobody; its status says why.
    private func readable<Object>(
        _ object: Object, _ compile: (Object) throws(AuthorizationInvalid) -> Authorization
    ) -> Authorization? {
        do {
            return try compile(object)
        } catch {
            return nil
        }
    }

    // MARK: - ServerAuthorization

    func authorization(_ object: ServerAuthorization) throws(AuthorizationInvalid) -> Authorization {
        let client = object.spec.client
        let authentication = try self.authentication(client, namespace: object.metadata.namespace)
        var networks = self.settings.clusterNetworks.map { NetworkMatch($0) }
        if let blocks = client.networks, !blocks.isEmpty { networks = try Self.networks(blocks) }
        return Authorization(
            networks: networks, authentication: authentication,
            metadata: Self.metadata("serverauthorization", object.metadata.name))
    }

    private func authentication(
        _ client: ClientRequirements, namespace: String
    ) throws(AuthorizationInvalid) -> Authentication {
        guard let mesh = client.meshTLS else {
            guard client.unauthenticated else {
                throw .malformed("the client needs unauthenticated: true or meshTLS")
            }
            return .unauthenticated
        }
        // Both at once contradict each other; guessing which was meant could let everybody in.
        guard !client.unauthenticated else { throw .malformed("unauthenticated: true contradicts meshTLS") }
        if mesh.unauthenticatedTLS {
            guard mesh.identities.isEmpty, mesh.serviceAccounts.isEmpty else {
                throw .malformed("unauthenticatedTLS: true contradicts a list of identities")
            }
            return .tls
        }
        guard !mesh.identities.isEmpty || !mesh.serviceAccounts.isEmpty else {
            throw .malformed("meshTLS lists no identity")
        }
        var match = IdentityMatch(exact: [], suffixes: [])
        for identity in mesh.identities { match.insert(identity: identity) }
        for account in mesh.serviceAccounts {
            let key = ObjectKey(namespace: account.namespace ?? namespace, name: account.name)
            match.exact.append(ByteString(self.settings.identity(of: key)))
        }
        return .identities(match)
    }

    // MARK: - AuthorizationPolicy

    func authorization(_ policy: AuthorizationPolicy) throws(AuthorizationInvalid) -> Authorization {
        var networks: [NetworkMatch]?
        var identities: IdentityMatch?
        for reference in policy.spec.requiredAuthenticationRefs {
            let key = reference.key(default: policy.metadata.namespace)
            if reference.isOf("NetworkAuthentication", in: APIGroup.policy) {
                guard networks == nil else { throw .malformed("more than one NetworkAuthentication is required") }
                networks = try self.networks(of: key)
            } else if reference.isOf("MeshTLSAuthentication", in: APIGroup.policy) {
                guard identities == nil else { throw Self.severalIdentities }
                identities = try self.identities(of: key)
            } else if reference.isOf("ServiceAccount") {
                guard identities == nil else { throw Self.severalIdentities }
                identities = IdentityMatch(exact: [ByteString(self.settings.identity(of: key))], suffixes: [])
            } else {
                throw .unsupported("\(reference.kind) is no kind of authentication")
            }
        }
        return Authorization(
            networks: networks ?? NetworkMatch.everywhere,
            authentication: identities.map { .identities($0) } ?? .unauthenticated,
            metadata: Self.metadata("authorizationpolicy", policy.metadata.name))
    }

    private static let severalIdentities = AuthorizationInvalid.malformed(
        "more than one MeshTLSAuthentication or ServiceAccount is required")

    private func networks(of key: ObjectKey) throws(AuthorizationInvalid) -> [NetworkMatch] {
        guard let object = self.view.object(key, in: ClusterCollections.networkAuthentications) else {
            throw .missing("NetworkAuthentication \(key) does not exist")
        }
        do {
            return try Self.networks(of: object)
        } catch {
            throw .unusable("NetworkAuthentication \(key): \(error.message)")
        }
    }

    static func networks(of object: NetworkAuthentication) throws(AuthorizationInvalid) -> [NetworkMatch] {
        guard !object.spec.networks.isEmpty else { throw .malformed("it lists no network") }
        return try self.networks(object.spec.networks)
    }

    private func identities(of key: ObjectKey) throws(AuthorizationInvalid) -> IdentityMatch {
        guard let object = self.view.object(key, in: ClusterCollections.meshTLSAuthentications) else {
            throw .missing("MeshTLSAuthentication \(key) does not exist")
        }
        do {
            return try self.identities(of: object)
        } catch {
            throw .unusable("MeshTLSAuthentication \(key): \(error.message)")
        }
    }

    func identities(of object: MeshTLSAuthentication) throws(AuthorizationInvalid) -> IdentityMatch {
        let identities = object.spec.identities ?? []
        let references = object.spec.identityRefs ?? []
        guard identities.isEmpty != references.isEmpty else {
            throw .malformed("it needs either identities or identityRefs")
        }
        var match = IdentityMatch(exact: [], suffixes: [])
        for identity in identities { match.insert(identity: identity) }
        for reference in references {
            if reference.isOf("ServiceAccount") {
                let account = reference.key(default: object.metadata.namespace)
                match.exact.append(ByteString(self.settings.identity(of: account)))
            } else if reference.isOf("Namespace"), reference.namespace == nil {
                match.suffixes.append(ByteString(".\(self.settings.identitySuffix(ofNamespace: reference.name))"))
            } else {
                throw .malformed("\(reference.kind) \(reference.name) has no identity")
            }
        }
        return match
    }

    // MARK: - Parts

    /// The blocks as networks.
    ///
    /// - Throws: when one cannot be read.
    static func networks(_ blocks: [CIDRBlock]) throws(AuthorizationInvalid) -> [NetworkMatch] {
        var result: [NetworkMatch] = []
        for block in blocks {
            guard let network = IPNetwork(block.cidr) else { throw .malformed("\(block.cidr) is no network") }
            var exceptions: [IPNetwork] = []
            for text in block.except {
                guard let exception = IPNetwork(text) else { throw .malformed("\(text) is no network") }
                exceptions.append(exception)
            }
            result.append(NetworkMatch(network, except: exceptions))
        }
        return result
    }

    private static func metadata(_ kind: String, _ name: String) -> PolicyMetadata {
        .resource(ResourceReference(group: APIGroup.policy, kind: kind, name: name))
    }
}

/// The AuthorizationPolicies of a namespace by what they target, each list sorted by name.
private struct PoliciesByTarget {
    struct Of: Hashable {
        let namespace: String
    }

    private var servers: [String: [AuthorizationPolicy]] = [:]
    private var all: [AuthorizationPolicy] = []
    private var others: [String: [AuthorizationPolicy]] = [:]

    init(_ policies: [AuthorizationPolicy], namespace: String) {
        for policy in policies {
            let target = policy.spec.targetRef
            if target.isOf("Server", in: APIGroup.policy) {
                self.servers[target.name, default: []].append(policy)
            } else if target.isOf("Namespace") {
                if target.name == namespace { self.all.append(policy) }
            } else {
                self.others[target.name, default: []].append(policy)
            }
        }
    }

    func targeting(server name: String) -> [AuthorizationPolicy] {
        guard let own = self.servers[name] else { return self.all }
        return self.all.isEmpty ? own : (own + self.all).sorted { $0.metadata.name < $1.metadata.name }
    }

    func targeting(route name: String) -> [AuthorizationPolicy] { self.others[name] ?? [] }
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
