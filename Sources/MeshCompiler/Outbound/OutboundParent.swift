import MeshModel
import MeshPolicy
import MeshResources

/// The Service or EgressNetwork that an outbound policy is for, as far as the compiler is concerned.
struct OutboundParent {
    /// What the port's owner says of its protocol.
    enum DeclaredProtocol {
        case none
        case http1
        case http2
        /// Opaque by annotation or default.
        case opaque
        /// Opaque because of an `appProtocol`: failures do not bias the balancer then.
        case opaqueByAppProtocol
    }

    let parent: ParentKey
    let port: UInt16
    let metadata: PolicyMetadata
    let declared: DeclaredProtocol
    /// Where what no route takes is sent.
    let backend: Backend
    /// How load is estimated on Service backends of HTTP and gRPC routes.
    let load: LoadEstimate
    let accrual: FailureAccrual?
    let timeouts: TimeoutAnnotations
    let httpRetry: MeshPolicy.Retry<[ClosedRange<UInt16>]>?
    let grpcRetry: MeshPolicy.Retry<GRPCCodes>?
    /// Nil for Services: there every route replaces the default.
    let allowsTraffic: Bool?
    /// Where the application was going, when it dialled an address.
    let original: SocketAddress?

    init(service: Service?, key: ObjectKey, port: UInt16, original: SocketAddress?, settings: MeshSettings) {
        let annotations = service?.metadata.annotations ?? [:]
        self.parent = ParentKey(kind: .service, key: key)
        self.port = port
        self.metadata = .service(key, port: port)
        let appProtocol = service?.spec.ports.first { $0.port == Int(port) }?.appProtocol
        let isOpaque = service?.isOpaque(port, settings: settings) ?? settings.opaquePorts.contains(port)
        self.declared = Self.declared(appProtocol: appProtocol, isOpaque: isOpaque)
        self.load =
            Self.readable { () throws(AnnotationError) in try BalancerAnnotations.load(annotations: annotations) }
            ?? LoadEstimate()
        let plain = self.declared == .opaqueByAppProtocol
        self.backend = Backend(
            metadata: self.metadata,
            target: .balance(
                path: settings.path(of: key, port: port), load: plain ? LoadEstimate() : self.load))
        self.accrual =
            Self.readable { () throws(AnnotationError) in
                try BalancerAnnotations.failureAccrual(annotations: annotations)
            } ?? nil
        self.timeouts =
            Self.readable { () throws(AnnotationError) in try TimeoutAnnotations(annotations: annotations) }
            ?? TimeoutAnnotations()
        self.httpRetry =
            Self.readable { () throws(AnnotationError) in try RetryAnnotations.http(annotations: annotations) } ?? nil
        self.grpcRetry =
            Self.readable { () throws(AnnotationError) in try RetryAnnotations.grpc(annotations: annotations) } ?? nil
        self.allowsTraffic = nil
        self.original = original
    }

    init(network: EgressNetwork, address: SocketAddress, settings: MeshSettings) {
        let annotations = network.metadata.annotations
        self.parent = ParentKey(kind: .egressNetwork, key: network.key)
        self.port = address.port
        self.metadata = .egressNetwork(network.key, port: address.port)
        let opaque =
            annotations[MeshLabels.opaquePorts].map { PortSet(annotation: $0) { _ in [] } } ?? settings.opaquePorts
        self.declared = opaque.contains(address.port) ? .opaque : .none
        self.load = LoadEstimate()
        self.backend = Backend(metadata: self.metadata, target: .forward(MeshPolicy.Endpoint(address: address)))
        self.accrual =
            Self.readable { () throws(AnnotationError) in
                try BalancerAnnotations.failureAccrual(annotations: annotations)
            } ?? nil
        self.timeouts =
            Self.readable { () throws(AnnotationError) in try TimeoutAnnotations(annotations: annotations) }
            ?? TimeoutAnnotations()
        self.httpRetry =
            Self.readable { () throws(AnnotationError) in try RetryAnnotations.http(annotations: annotations) } ?? nil
        self.grpcRetry =
            Self.readable { () throws(AnnotationError) in try RetryAnnotations.grpc(annotations: annotations) } ?? nil
        self.allowsTraffic = network.allowsTraffic
        self.original = address
    }

    /// An application protocol beats the annotation; one that is not known is taken for opaque.
    private static func declared(appProtocol: String?, isOpaque: Bool) -> DeclaredProtocol {
        guard let appProtocol, !appProtocol.isEmpty else { return isOpaque ? .opaque : .none }
        if appProtocol.matches("http") { return .http1 }
        if appProtocol.matches("kubernetes.io/h2c") { return .http2 }
        return .opaqueByAppProtocol
    }

    /// Annotations of a Service are not checked when they are written: one group that cannot be read is left out.
    private static func readable<Value>(_ read: () throws(AnnotationError) -> Value) -> Value? {
        do {
            return try read()
        } catch {
            return nil
        }
    }
}

extension MeshSettings {
    /// What a proxy asks discovery for to find the endpoints of a Service.
    func path(of key: ObjectKey, port: UInt16) -> String {
        "\(key.name).\(key.namespace).svc.\(self.clusterDomain):\(port)"
    }
}
