import MeshAdmin
import MeshCompiler
import MeshKubernetes
import MeshResources
import ServiceLifecycle

/// Feeds the index of a controller from the API server.
struct ClusterReflection {
    let context: ControllerContext
    let client: KubernetesClient

    /// The kinds that the chosen components read from the index.
    static func kinds(for components: Set<ComponentName>) -> Set<ClusterKind> {
        var kinds: Set<ClusterKind> = []
        if components.contains(.destination) {
            kinds.formUnion([
                .pod, .service, .endpointSlice, .node, .replicaSet, .externalWorkload, .serviceProfile, .server,
            ])
        }
        if components.contains(.policy) {
            kinds.formUnion([
                .pod, .service, .externalWorkload, .server, .serverAuthorization, .authorizationPolicy,
                .meshTLSAuthentication, .networkAuthentication, .rateLimitPolicy, .policyHTTPRoute, .gatewayHTTPRoute,
                .grpcRoute, .tlsRoute, .tcpRoute, .egressNetwork,
            ])
        }
        return kinds
    }

    /// The index, a reflector for each kind, and what opens the gate once all of them have listed.
    func services() -> [any ServiceLifecycle.Service] {
        let kinds = Self.kinds(for: self.context.settings.components)
        guard !kinds.isEmpty else { return [] }
        let gate = self.context.readiness.gate("cluster-index")
        let index = self.context.index
        let opener = IndexGate(index: index) { gate.open() }
        return [index, opener] + kinds.sorted { $0.rawValue < $1.rawValue }.map(self.reflector)
    }

    private func reflector(of kind: ClusterKind) -> any ServiceLifecycle.Service {
        switch kind {
        case .pod: self.reflector(ClusterCollections.pods)
        case .service: self.reflector(ClusterCollections.services)
        case .endpointSlice: self.reflector(ClusterCollections.endpointSlices)
        case .node: self.reflector(ClusterCollections.nodes)
        case .replicaSet: self.reflector(ClusterCollections.replicaSets)
        case .externalWorkload: self.reflector(ClusterCollections.externalWorkloads)
        case .serviceProfile: self.reflector(ClusterCollections.serviceProfiles)
        case .server: self.reflector(ClusterCollections.servers)
        case .serverAuthorization: self.reflector(ClusterCollections.serverAuthorizations)
        case .authorizationPolicy: self.reflector(ClusterCollections.authorizationPolicies)
        case .meshTLSAuthentication: self.reflector(ClusterCollections.meshTLSAuthentications)
        case .networkAuthentication: self.reflector(ClusterCollections.networkAuthentications)
        case .rateLimitPolicy: self.reflector(ClusterCollections.rateLimitPolicies)
        case .policyHTTPRoute: self.reflector(ClusterCollections.policyHTTPRoutes)
        case .gatewayHTTPRoute: self.reflector(ClusterCollections.gatewayHTTPRoutes)
        case .grpcRoute: self.reflector(ClusterCollections.grpcRoutes)
        case .tlsRoute: self.reflector(ClusterCollections.tlsRoutes)
        case .tcpRoute: self.reflector(ClusterCollections.tcpRoutes)
        case .egressNetwork: self.reflector(ClusterCollections.egressNetworks)
        }
    }

    /// A kind outside the API server's own groups may not be installed yet; until then there are no such objects.
    private func reflector<Resource: KubernetesResource>(
        _ collection: ClusterCollection<Resource>
    ) -> any ServiceLifecycle.Service {
        let index = self.context.index
        let isDefinedLater = collection.resourceType.group.hasSuffix(".io") && !collection.resourceType.isBuiltIn
        return Reflector(
            Resource.self, of: collection.resourceType, client: self.client,
            configuration: .init(mayBeAbsent: isDefinedLater), logger: self.context.logger
        ) { change in
            await index.take(change, in: collection)
        }
    }
}

extension ResourceType {
    fileprivate var isBuiltIn: Bool { self.group.isEmpty || self.group == "apps" || self.group == "discovery.k8s.io" }
}

/// Opens a gate once the index is complete.
private struct IndexGate: ServiceLifecycle.Service {
    let index: ClusterIndex
    let open: @Sendable () -> Void

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await self.index.whenSynced()
            self.open()
            try await gracefulShutdown()
        }
    }
}
