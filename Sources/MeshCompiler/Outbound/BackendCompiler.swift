import MeshModel
import MeshPolicy
import MeshResources

/// Turns the backend references of rules into distributions.
///
/// A reference that leads nowhere keeps its weight and fails its share of the requests: sending them elsewhere would
/// hide the mistake and could reach what the author did not mean.
struct BackendCompiler {
    let view: ClusterView
    let settings: MeshSettings
    let parent: OutboundParent

    /// Where a reference leads.
    private enum Resolution {
        case backend(Backend)
        case failure(metadata: PolicyMetadata, message: String)
    }

    func http(_ references: [HTTPBackendReference], namespace: String) -> Distribution<HTTPKind> {
        guard !references.isEmpty else { return .firstAvailable([RouteBackend(self.parent.backend)]) }
        return .random(
            references.map { reference in
                let weight = Self.weight(reference.weight)
                do throws(RouteInvalid) {
                    let filters = try FilterConversion.http(reference.filters)
                    switch self.resolve(BackendName(reference, default: namespace), load: self.parent.load) {
                    case .backend(let backend): return RouteBackend(backend, filters: filters, weight: weight)
                    case .failure(let metadata, let message):
                        return self.failing(metadata, .failure(.init(code: 500, message: message)), weight)
                    }
                } catch {
                    return self.failing(
                        .implicit("invalid"), .failure(.init(code: 500, message: error.message)), weight)
                }
            })
    }

    func grpc(_ references: [HTTPBackendReference], namespace: String) -> Distribution<GRPCKind> {
        guard !references.isEmpty else { return .firstAvailable([RouteBackend(self.parent.backend)]) }
        return .random(
            references.map { reference in
                let weight = Self.weight(reference.weight)
                do throws(RouteInvalid) {
                    let filters = try FilterConversion.grpc(reference.filters)
                    switch self.resolve(BackendName(reference, default: namespace), load: self.parent.load) {
                    case .backend(let backend): return RouteBackend(backend, filters: filters, weight: weight)
                    case .failure(let metadata, let message):
                        return self.failing(metadata, .failure(.init(code: 14, message: message)), weight)
                    }
                } catch {
                    return self.failing(
                        .implicit("invalid"), .failure(.init(code: 14, message: error.message)), weight)
                }
            })
    }

    func tls(_ references: [BackendReference], namespace: String) -> Distribution<TLSKind> {
        self.connections(references, namespace: namespace)
    }

    func tcp(_ references: [BackendReference], namespace: String) -> Distribution<OpaqueKind> {
        self.connections(references, namespace: namespace)
    }

    private func connections<Kind: RouteKind>(
        _ references: [BackendReference], namespace: String
    ) -> Distribution<Kind> where Kind.Filter == ConnectionFilter {
        guard !references.isEmpty else { return .firstAvailable([RouteBackend(self.parent.backend)]) }
        return .random(
            references.map { reference in
                let weight = Self.weight(reference.weight)
                switch self.resolve(BackendName(reference, default: namespace), load: LoadEstimate()) {
                case .backend(let backend): return RouteBackend(backend, weight: weight)
                case .failure(let metadata, let message): return self.failing(metadata, .invalid(message), weight)
                }
            })
    }

    private func failing<Kind: RouteKind>(
        _ metadata: PolicyMetadata, _ filter: Kind.Filter, _ weight: UInt32
    ) -> RouteBackend<Kind> {
        RouteBackend(Backend(metadata: metadata, target: .fail), filters: [filter], weight: weight)
    }

    private func resolve(_ name: BackendName, load: LoadEstimate) -> Resolution {
        if name.isOf("Service") {
            guard let port = name.port else {
                return .failure(metadata: .implicit("invalid"), message: "Service \(name.key) needs a port")
            }
            let metadata = PolicyMetadata.service(name.key, port: port)
            guard self.view.object(name.key, in: ClusterCollections.services) != nil else {
                return .failure(metadata: metadata, message: "Service not found \(name.key.name)")
            }
            let path = self.settings.path(of: name.key, port: port)
            return .backend(Backend(metadata: metadata, target: .balance(path: path, load: load)))
        }
        guard name.isOf("EgressNetwork", in: APIGroup.policy) else {
            return .failure(metadata: .implicit("invalid"), message: "unsupported backend kind \(name.referredKind)")
        }
        let metadata = PolicyMetadata.egressNetwork(name.key, port: name.port ?? self.parent.port)
        guard self.view.object(name.key, in: ClusterCollections.egressNetworks) != nil else {
            return .failure(metadata: metadata, message: "EgressNetwork not found \(name.key.name)")
        }
        guard self.parent.parent == ParentKey(kind: .egressNetwork, key: name.key), let original = self.parent.original
        else {
            return .failure(metadata: metadata, message: "an EgressNetwork backend needs a route attached to it")
        }
        return .backend(Backend(metadata: metadata, target: .forward(MeshPolicy.Endpoint(address: original))))
    }

    /// Absent is 1; zero stays zero.
    private static func weight(_ weight: Int?) -> UInt32 { weight.map { UInt32(clamping: $0) } ?? 1 }
}

/// What a backend reference names.
struct BackendName: TypedReference {
    let referredGroup: String?
    let referredKind: String
    let key: ObjectKey
    /// Nil also for 0 and what is no port.
    let port: UInt16?

    /// `namespace` is that of the route.
    init(_ reference: HTTPBackendReference, default namespace: String) {
        self.referredGroup = reference.group
        self.referredKind = reference.kind ?? "Service"
        self.key = ObjectKey(namespace: reference.namespace ?? namespace, name: reference.name)
        self.port = reference.port.flatMap { UInt16(exactly: $0) }.flatMap { $0 > 0 ? $0 : nil }
    }

    init(_ reference: BackendReference, default namespace: String) {
        self.init(
            HTTPBackendReference(
                group: reference.group, kind: reference.kind, name: reference.name, namespace: reference.namespace,
                port: reference.port), default: namespace)
    }
}
