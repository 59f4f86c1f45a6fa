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
        case .pod:
            let trimmer = PodTrimmer()
            return self.reflector(ClusterCollections.pods) { trimmer.trim(&$0) }
        case .service: return self.reflector(ClusterCollections.services)
        case .endpointSlice: return self.reflector(ClusterCollections.endpointSlices)
        case .node: return self.reflector(ClusterCollections.nodes)
        case .replicaSet: return self.reflector(ClusterCollections.replicaSets)
        case .externalWorkload: return self.reflector(ClusterCollections.externalWorkloads)
        case .serviceProfile: return self.reflector(ClusterCollections.serviceProfiles)
        case .server: return self.reflector(ClusterCollections.servers)
        case .serverAuthorization: return self.reflector(ClusterCollections.serverAuthorizations)
        case .authorizationPolicy: return self.reflector(ClusterCollections.authorizationPolicies)
        case .meshTLSAuthentication: return self.reflector(ClusterCollections.meshTLSAuthentications)
        case .networkAuthentication: return self.reflector(ClusterCollections.networkAuthentications)
        case .rateLimitPolicy: return self.reflector(ClusterCollections.rateLimitPolicies)
        case .policyHTTPRoute: return self.reflector(ClusterCollections.policyHTTPRoutes)
        case .gatewayHTTPRoute: return self.reflector(ClusterCollections.gatewayHTTPRoutes)
        case .grpcRoute: return self.reflector(ClusterCollections.grpcRoutes)
        case .tlsRoute: return self.reflector(ClusterCollections.tlsRoutes)
        case .tcpRoute: return self.reflector(ClusterCollections.tcpRoutes)
        case .egressNetwork: return self.reflector(ClusterCollections.egressNetworks)
        }
    }

    /// Where the objects of `kind` are read.
    static func resourceType(of kind: ClusterKind) -> ResourceType {
        switch kind {
        case .pod: ClusterCollections.pods.resourceType
        case .service: ClusterCollections.services.resourceType
        case .endpointSlice: ClusterCollections.endpointSlices.resourceType
        case .node: ClusterCollections.nodes.resourceType
        case .replicaSet: ClusterCollections.replicaSets.resourceType
        case .externalWorkload: ClusterCollections.externalWorkloads.resourceType
        case .serviceProfile: ClusterCollections.serviceProfiles.resourceType
        case .server: ClusterCollections.servers.resourceType
        case .serverAuthorization: ClusterCollections.serverAuthorizations.resourceType
        case .authorizationPolicy: ClusterCollections.authorizationPolicies.resourceType
        case .meshTLSAuthentication: ClusterCollections.meshTLSAuthentications.resourceType
        case .networkAuthentication: ClusterCollections.networkAuthentications.resourceType
        case .rateLimitPolicy: ClusterCollections.rateLimitPolicies.resourceType
        case .policyHTTPRoute: ClusterCollections.policyHTTPRoutes.resourceType
        case .gatewayHTTPRoute: ClusterCollections.gatewayHTTPRoutes.resourceType
        case .grpcRoute: ClusterCollections.grpcRoutes.resourceType
        case .tlsRoute: ClusterCollections.tlsRoutes.resourceType
        case .tcpRoute: ClusterCollections.tcpRoutes.resourceType
        case .egressNetwork: ClusterCollections.egressNetworks.resourceType
        }
    }

    /// A kind outside the API server's own groups may not be installed yet; until then there are no such objects.
    private func reflector<Resource: KubernetesResource>(
        _ collection: ClusterCollection<Resource>, trim: (@Sendable (inout Resource) -> Void)? = nil
    ) -> any ServiceLifecycle.Service {
        let index = self.context.index
        let isDefinedLater = collection.resourceType.group.hasSuffix(".io") && !collection.resourceType.isBuiltIn
        return Reflector(
            Resource.self, of: collection.resourceType, client: self.client,
            configuration: .init(mayBeAbsent: isDefinedLater, trim: trim), logger: self.context.logger,
            metrics: self.context.metrics
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
