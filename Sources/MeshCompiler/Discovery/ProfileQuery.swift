public import MeshModel
public import MeshPolicy
import MeshResources

/// Asks how a client in `clientNamespace` speaks with a target.
public struct ProfileQuery: ClusterQuery {
    /// What is asked about.
    public enum Target: Hashable, Sendable {
        /// A Service's port.
        case service(ObjectKey, port: UInt16)
        /// One pod behind a headless Service.
        case instance(String, of: ObjectKey, port: UInt16)
        /// An address: of a Service, of a workload or of anything else.
        case address(SocketAddress)
    }

    /// What is known.
    public enum Answer: Hashable, Sendable {
        /// The profile.
        case found(Profile)
        /// No such Service or instance.
        case missing
        /// The Service is a name of something outside.
        case external
        /// Several objects claim the address.
        case ambiguous
    }

    /// The target.
    public let target: Target
    /// The namespace whose ServiceProfile goes first.
    public let clientNamespace: String?

    /// Asks about `target`.
    public init(target: Target, clientNamespace: String?) {
        self.target = target
        self.clientNamespace = clientNamespace
    }

    /// Finds the target and describes it.
    public func answer(in view: ClusterView, settings: MeshSettings) -> Answer {
        switch self.target {
        case .service(let key, let port):
            return self.service(key, port: port, view, settings)
        case .instance(let name, let key, let port):
            return Self.instance(name, of: key, port: port, view, settings)
        case .address(let address):
            let services = view.objects(at: .clusterIP(address.ip), in: ClusterCollections.services)
            guard services.count <= 1 else { return .ambiguous }
            if let service = services.first { return self.service(service.key, port: address.port, view, settings) }
            return Self.workload(at: address, view, settings)
        }
    }

    // MARK: - Services

    private func service(_ key: ObjectKey, port: UInt16, _ view: ClusterView, _ settings: MeshSettings) -> Answer {
        guard let service = view.object(key, in: ClusterCollections.services) else { return .missing }
        guard service.spec.type != .externalName else { return .external }
        // Nothing is known of a port that is not defined; the outbound policy decides.
        guard service.spec.ports.contains(where: { $0.port == Int(port) }) else { return .found(Profile()) }
        let name = "\(key.name).\(key.namespace).svc.\(settings.clusterDomain)"
        let object = self.profileObject(named: name, service: key, view)
        var profile =
            object.flatMap { ProfileCompiler(object: $0, port: port, settings: settings).profile() } ?? Profile()
        profile.fullyQualifiedName = name
        profile.isOpaque = service.isOpaque(port, settings: settings)
        profile.retryBudget = profile.retryBudget ?? RetryBudget()
        profile.parent = .resource(
            ResourceReference(
                group: "core", kind: "Service", name: key.name, namespace: key.namespace, port: port))
        profile.profile = .resource(
            ResourceReference(
                group: "linkerd.io", kind: "ServiceProfile", name: object?.metadata.name ?? "",
                namespace: object?.metadata.namespace ?? ""))
        return .found(profile)
    }

    /// The client's own profile for the name, or that of the Service's owner.
    private func profileObject(named name: String, service: ObjectKey, _ view: ClusterView) -> ServiceProfile? {
        for namespace in [self.clientNamespace, service.namespace] {
            guard let namespace, !namespace.isEmpty else { continue }
            let key = ObjectKey(namespace: namespace, name: name)
            if let object = view.object(key, in: ClusterCollections.serviceProfiles) { return object }
        }
        return nil
    }

    // MARK: - Workloads

    private static func instance(
        _ name: String, of key: ObjectKey, port: UInt16, _ view: ClusterView, _ settings: MeshSettings
    ) -> Answer {
        guard view.object(key, in: ClusterCollections.services) != nil else { return .missing }
        for slice in view.objects(at: .slices(key), in: ClusterCollections.endpointSlices) {
            for endpoint in slice.endpoints where endpoint.hostname == name {
                guard let ip = endpoint.addresses.lazy.compactMap({ IPAddress($0) }).first else { continue }
                return self.workload(at: SocketAddress(ip, port: port), view, settings)
            }
        }
        return .missing
    }

    private static func workload(at address: SocketAddress, _ view: ClusterView, _ settings: MeshSettings) -> Answer {
        let workloads = WorkloadEndpoints(view: view, settings: settings)
        let own = view.objects(at: .podIP(address.ip), in: ClusterCollections.pods).filter(\.isRunning)
        guard own.count <= 1 else { return .ambiguous }
        if let pod = own.first { return self.profile(of: pod, at: address, port: address.port, workloads) }
        let hosted = view.objects(at: .hostPort(address), in: ClusterCollections.pods).filter(\.isRunning)
        guard hosted.count <= 1 else { return .ambiguous }
        if let pod = hosted.first, let port = pod.containerPort(behindHostPort: address.port) {
            return self.profile(of: pod, at: address, port: port, workloads)
        }
        let external = view.objects(at: .externalIP(address.ip), in: ClusterCollections.externalWorkloads)
            .filter { $0.spec.ports.contains { $0.port == Int(address.port) } }
        guard external.count <= 1 else { return .ambiguous }
        if let workload = external.first {
            var endpoint = workloads.endpoint(of: workload, at: address)
            endpoint.labels["namespace"] = workload.metadata.namespace
            return self.found(endpoint)
        }
        return .found(
            Profile(
                isOpaque: settings.opaquePorts.contains(address.port), endpoint: MeshPolicy.Endpoint(address: address),
                retryBudget: RetryBudget()))
    }

    /// The profile of a pod that is dialled at `address`; `port` is the port inside the pod.
    private static func profile(
        of pod: Pod, at address: SocketAddress, port: UInt16, _ workloads: WorkloadEndpoints
    ) -> Answer {
        let inside = SocketAddress(address.ip, port: port)
        guard var endpoint = workloads.endpoint(of: pod, at: inside) else {
            return .found(Profile(endpoint: MeshPolicy.Endpoint(address: address), retryBudget: RetryBudget()))
        }
        endpoint.address = address
        endpoint.labels["namespace"] = pod.metadata.namespace
        var answer = Profile(endpoint: endpoint, retryBudget: RetryBudget())
        answer.isOpaque = workloads.isOpaque(pod, port: port)
        return .found(answer)
    }

    private static func found(_ endpoint: MeshPolicy.Endpoint) -> Answer {
        .found(Profile(isOpaque: endpoint.hint == .opaque, endpoint: endpoint, retryBudget: RetryBudget()))
    }
}

extension Service {
    /// True when connections to `port` are not to be looked into: the Service's annotation (numbers, ranges, names of
    /// its ports), or the default when it has none.
    func isOpaque(_ port: UInt16, settings: MeshSettings) -> Bool {
        guard let text = self.metadata.annotations[MeshLabels.opaquePorts] else {
            return settings.opaquePorts.contains(port)
        }
        let ports = PortSet(annotation: text) { name in
            self.spec.ports.filter { $0.name == name }.compactMap { UInt16(exactly: $0.port) }
        }
        return ports.contains(port)
    }
}

extension Pod {
    /// Running is enough, readiness is not asked for: members of a StatefulSet find each other before they are ready.
    fileprivate var isRunning: Bool { self.status.phase == "Running" && self.isLive }

    fileprivate func containerPort(behindHostPort hostPort: UInt16) -> UInt16? {
        self.allContainers.flatMap(\.ports).first { $0.hostPort == Int(hostPort) && $0.protocol == .tcp }
            .flatMap { UInt16(exactly: $0.containerPort) }
    }
}
