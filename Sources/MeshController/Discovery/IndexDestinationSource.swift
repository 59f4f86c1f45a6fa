import MeshCompiler
import MeshModel
import MeshPolicy
import MeshRPC

/// Answers discovery from the index.
struct IndexDestinationSource: DestinationSource {
    let index: ClusterIndex
    let settings: MeshSettings

    func endpoints(path: String, contextToken: String) async throws(LookupError) -> Updates<EndpointLookup> {
        let authority = try Self.authority(path)
        guard case .name(let host) = authority.host else {
            throw .invalid("endpoints are looked up by name, not by address: \(path)")
        }
        let name = try self.serviceName(host)
        try await self.index.ready()
        let location = await self.location(of: ContextToken(parsing: contextToken))
        let query = EndpointsQuery(service: name.service, port: authority.port)
        return await self.index.subscribe(query) { answer in
            switch answer {
            case .missing: .missing
            case .external: .external
            case .found(let set): .found(set.endpoints(for: location, instance: name.instance), labels: set.labels)
            }
        }
    }

    func profile(path: String, contextToken: String) async throws(LookupError) -> Updates<ProfileLookup> {
        let authority = try Self.authority(path)
        let target: ProfileQuery.Target
        switch authority.host {
        case .address(let ip):
            target = .address(SocketAddress(ip.canonical, port: authority.port))
        case .name(let host):
            let name = try self.serviceName(host)
            target =
                if let instance = name.instance {
                    .instance(instance, of: name.service, port: authority.port)
                } else {
                    .service(name.service, port: authority.port)
                }
        }
        try await self.index.ready()
        let token = ContextToken(parsing: contextToken)
        return await self.index.subscribe(ProfileQuery(target: target, clientNamespace: token.namespace)) { answer in
            switch answer {
            case .missing: .missing
            case .external: .external
            case .ambiguous: .ambiguous
            case .found(let profile): .found(profile)
            }
        }
    }

    private static func authority(_ path: String) throws(LookupError) -> Authority {
        guard let authority = Authority(parsing: path) else {
            throw .invalid("not a host with an optional port of 1 to 65535: \(path.prefix(256))")
        }
        return authority
    }

    private func serviceName(_ host: String) throws(LookupError) -> ServiceName {
        guard let name = ServiceName(host, clusterDomain: self.settings.clusterDomain) else {
            throw .invalid("not the name of a Service under svc.\(self.settings.clusterDomain): \(host)")
        }
        return name
    }

    private func location(of token: ContextToken) async -> ClientLocation {
        guard let node = token.node, !node.isEmpty else { return ClientLocation() }
        return ClientLocation(node: node, zone: await self.index.answer(NodeZoneQuery(node: node)))
    }
}

extension ClusterIndex {
    /// Waits until the index can answer; lookups that come earlier are held, not refused.
    nonisolated func ready() async throws(LookupError) {
        do {
            try await self.whenSynced()
        } catch {
            throw .unavailable("shutting down")
        }
    }
}
