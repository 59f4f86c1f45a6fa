import Crypto
import Glibc
import Hummingbird
import HummingbirdHTTP2
public import Logging
public import MeshModel
import NIOCore
import NIOSSL
public import ServiceLifecycle
import Synchronization

/// How an ``APIServer`` is set up.
public struct APIServerConfiguration: Sendable {
    /// Where it listens; port 0 lets the kernel choose.
    public var addresses: [MeshModel.SocketAddress] = [MeshModel.SocketAddress(.v4(0x7F00_0001), port: 0)]
    /// Further names for its certificate.
    public var dnsNames: [String] = []
    /// Further addresses for its certificate.
    public var certificateAddresses: [IPAddress] = []
    /// Where Service addresses come from; the first one is that of the Service `default/kubernetes`.
    public var serviceNetwork: IPNetwork
    /// The issuer and the default audience of service account tokens.
    public var issuer = "https://kubernetes.default.svc.cluster.local"
    /// Finds where the port of a Service can be reached, for webhooks that name a Service.
    public var resolveService:
        @Sendable (_ namespace: String, _ name: String, _ port: Int) async -> MeshModel.SocketAddress? = {
            _, _, _ in nil
        }
    /// Reads the logs of containers; without it there are none.
    public var podLogs: (@Sendable (PodLogRequest) async -> PodLogAnswer)?
    /// The revision before the first write; by default the milliseconds since 1970, so that revisions rise from start to
    /// start and a client of an earlier cluster is told to list anew.
    public var firstRevision: Int64?
    /// Changes kept for each resource, so that a watch can go on where it was cut.
    public var historyMax = 4_096

    /// The default set-up: loopback, a port of the kernel's choice, Services in 10.96.0.0/16.
    public init() {
        guard let network = IPNetwork(.v4(0x0A60_0000), prefixLength: 16) else {
            preconditionFailure("10.96.0.0/16 is a network")
        }
        self.serviceNetwork = network
    }
}

/// A Kubernetes API server in memory: a restart is a fresh cluster.
///
/// It serves TLS with HTTP/1.1 and HTTP/2 under a certificate authority that it makes itself. It does what the real
/// one does by itself, and of the controllers only garbage collection, namespace deletion and the furniture of new
/// namespaces; whoever embeds it brings the others and the nodes.
public final class APIServer: Service {
    /// The configuration it was made with.
    public let configuration: APIServerConfiguration
    /// The certificate authority in PEM.
    public var certificateAuthorityPEM: String { self.identity.authorityPEM }
    /// The token of the administrator, who may do everything.
    public let adminToken: String

    let registry: Registry
    private let identity: ServerIdentity
    private let handler: APIHandler
    private let webhooks: WebhookClient
    private let logger: Logger
    private let listening: Mutex<Listening>

    private struct Listening {
        var addresses: [Int: MeshModel.SocketAddress] = [:]
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// Why it does not listen any more.
        var end: Failure?
    }

    /// Why there is no API server.
    public enum Failure: Error, Hashable, Sendable {
        /// The certificate could not be made.
        case noCertificate(String)
        /// It ended before it listened.
        case ended
        /// Somebody else listens on an address that it was to listen on.
        case addressInUse
    }

    /// Makes a server; it listens when ``run()`` does.
    ///
    /// - Throws: ``Failure/noCertificate(_:)``.
    public init(configuration: APIServerConfiguration = APIServerConfiguration(), logger: Logger) throws(Failure) {
        self.configuration = configuration
        self.logger = logger
        self.listening = Mutex(Listening())
        let surroundings = Surroundings.system
        do {
            self.identity = try ServerIdentity(
                now: surroundings.now(), days: 365, dnsNames: Self.names + configuration.dnsNames,
                addresses: Self.addresses(of: configuration))
        } catch {
            throw .noCertificate("\(error)")
        }
        self.adminToken = SymmetricKey(size: .bits256).withUnsafeBytes { Base64.encodeURL(Array($0)) }
        self.webhooks = WebhookClient()
        let store = ObjectStore(
            firstRevision: configuration.firstRevision ?? surroundings.now().milliseconds,
            limits: ObjectStore.Limits(history: configuration.historyMax))
        self.registry = Registry(
            store: store, surroundings: surroundings,
            admission: WebhookAdmission(transport: self.webhooks, resolveService: configuration.resolveService),
            serviceNetwork: configuration.serviceNetwork,
            accounts: ServiceAccountSettings(authority: self.identity.authorityPEM))
        let authenticator = Authenticator(
            signer: TokenSigner(issuer: configuration.issuer), audience: configuration.issuer, registry: self.registry,
            adminToken: self.adminToken)
        self.handler = APIHandler(
            registry: self.registry, authenticator: authenticator, authorizer: Authorizer(store: store),
            logs: configuration.podLogs)
        self.registry.furnishCluster()
    }

    private static let names = [
        "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ]

    private static func addresses(of configuration: APIServerConfiguration) -> [IPAddress] {
        var addresses: Set<IPAddress> = [configuration.serviceNetwork.firstHost, .v4(0x7F00_0001), .v6(0, 1)]
        addresses.formUnion(configuration.addresses.map { $0.ip })
        addresses.formUnion(configuration.certificateAddresses)
        return addresses.sorted { $0.description < $1.description }
    }

    /// Serves until the task is cancelled or a graceful shutdown begins.
    public func run() async throws {
        defer { self.end(.ended) }
        let housekeeper = Housekeeper(registry: self.registry)
        let result: Result<Void, any Error>
        do {
            try await withGracefulShutdownHandler {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        await cancelWhenGracefulShutdown { await housekeeper.run() }
                    }
                    for (index, address) in self.configuration.addresses.enumerated() {
                        let application = try self.application(index, address)
                        group.addTask { try await application.run() }
                    }
                    // The first listener that ends takes the others with it.
                    for _ in 0..<self.configuration.addresses.count { try await group.next() }
                    group.cancelAll()
                }
            } onGracefulShutdown: {
                self.registry.store.endAllWatches()
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try await self.webhooks.shutdown()
        if case .failure(let error as IOError) = result, error.errnoCode == EADDRINUSE { self.end(.addressInUse) }
        try result.get()
    }

    private func application(_ index: Int, _ address: MeshModel.SocketAddress) throws -> some Service {
        let certificates = try NIOSSLCertificate.fromPEMBytes(Array(self.identity.certificatePEM.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(self.identity.privateKeyPEM.utf8), format: .pem)
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key))
        tls.minimumTLSVersion = .tlsv12
        // What keeps it from serving is thrown; connections that are cut when it ends are no news.
        var quiet = self.logger
        quiet.logLevel = .critical
        return Application(
            responder: HTTPAdapter(handler: self.handler),
            server: try .http2Upgrade(tlsConfiguration: tls),
            configuration: ApplicationConfiguration(address: .hostname("\(address.ip)", port: Int(address.port))),
            onServerRunning: { channel in self.listens(index, on: channel) }, logger: quiet)
    }

    private func listens(_ index: Int, on channel: any Channel) {
        let wanted = self.configuration.addresses[index]
        let port = channel.localAddress?.port.flatMap { UInt16(exactly: $0) } ?? wanted.port
        let waiting = self.listening.withLock { state in
            state.addresses[index] = MeshModel.SocketAddress(wanted.ip, port: port)
            guard state.addresses.count == self.configuration.addresses.count else {
                return [CheckedContinuation<Void, Never>]()
            }
            defer { state.waiting = [] }
            return state.waiting
        }
        self.announce()
        for continuation in waiting { continuation.resume() }
    }

    private func end(_ reason: Failure) {
        let waiting = self.listening.withLock { state in
            state.end = state.end ?? reason
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Where it listens, as soon as it does.
    ///
    /// - Throws: ``Failure/ended`` or ``Failure/addressInUse`` when it ends before.
    public func bound() async throws(Failure) -> [MeshModel.SocketAddress] {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isDone = self.listening.withLock { state in
                if state.end != nil || state.addresses.count == self.configuration.addresses.count { return true }
                state.waiting.append(continuation)
                return false
            }
            if isDone { continuation.resume() }
        }
        let (addresses, end) = self.listening.withLock { ($0.addresses, $0.end) }
        if let end { throw end }
        return addresses.sorted { $0.key < $1.key }.map { $0.value }
    }

    /// A kubeconfig for the administrator, as YAML.
    public func kubeconfig(server: MeshModel.SocketAddress) -> String {
        """
        apiVersion: v1
        kind: Config
        clusters:
        - name: heddle
          cluster:
            server: https://\(server)
            certificate-authority-data: \(Base64.encode(Array(self.identity.authorityPEM.utf8)))
        users:
        - name: admin
          user:
            token: \(self.adminToken)
        contexts:
        - name: heddle
          context:
            cluster: heddle
            user: admin
        current-context: heddle

        """
    }

    /// A token of a service account, as `TokenRequest` gives it; nil when there is no such account.
    ///
    /// With a pod, the token is good only as long as the pod exists. Audiences left out mean the API server itself.
    public func token(
        for account: ObjectKey, audiences: [String] = [], lifetime: Duration, pod: String? = nil
    ) -> String? {
        let accounts = ResourceID(group: "", plural: "serviceaccounts")
        guard let stored = self.registry.store.get(accounts, account) else { return nil }
        var bound: (name: String, uid: String)?
        if let pod {
            let key = ObjectKey(namespace: account.namespace, name: pod)
            guard let found = self.registry.store.get(ResourceID(group: "", plural: "pods"), key) else { return nil }
            bound = (pod, found.uid)
        }
        let now = self.registry.surroundings.now().milliseconds / 1_000
        let claims = TokenSigner.Claims(
            account: account, accountUID: stored.uid,
            audiences: audiences.isEmpty ? [self.configuration.issuer] : audiences,
            issuedAt: now, expiresAt: now + lifetime.components.seconds, pod: bound,
            tokenID: self.registry.surroundings.makeUID())
        do {
            return try self.handler.authenticator.signer.sign(claims)
        } catch {
            self.logger.error("a token could not be signed", metadata: ["account": "\(account)"])
            return nil
        }
    }

    /// Publishes where the server is as the Service `default/kubernetes`.
    private func announce() {
        let addresses = self.listening.withLock { $0.addresses }
        guard addresses.count == self.configuration.addresses.count else { return }
        let sorted = addresses.sorted { $0.key < $1.key }.map { $0.value }
        guard let chosen = sorted.first(where: { !$0.ip.isLoopback }) ?? sorted.first else { return }
        self.registry.announceServer(at: chosen)
    }
}

extension Registry {
    /// The Service `default/kubernetes` and its endpoints.
    func announceServer(at address: MeshModel.SocketAddress) {
        let first = self.addresses.network.firstHost
        do {
            try self.addresses.take(first)
        } catch {
            return  // Announced already.
        }
        let isIPv4 = if case .v4 = first { true } else { false }
        self.plant(
            [
                "apiVersion": "v1", "kind": "Service",
                "metadata": ["labels": ["component": "apiserver", "provider": "kubernetes"]],
                "spec": [
                    "clusterIP": .string(first.description), "clusterIPs": [.string(first.description)],
                    "internalTrafficPolicy": "Cluster", "ipFamilies": [isIPv4 ? "IPv4" : "IPv6"],
                    "ipFamilyPolicy": "SingleStack",
                    "ports": [
                        [
                            "name": "https", "port": 443, "protocol": "TCP",
                            "targetPort": .integer(Int64(address.port)),
                        ]
                    ],
                    "sessionAffinity": "None", "type": "ClusterIP",
                ], "status": ["loadBalancer": [:]],
            ], "kubernetes", in: "default", ResourceID(group: "", plural: "services"))
        self.plant(
            [
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "addressType": address.ip.bitWidth == 32 ? "IPv4" : "IPv6",
                "metadata": ["labels": ["kubernetes.io/service-name": "kubernetes"]],
                "endpoints": [
                    ["addresses": [.string(address.ip.description)], "conditions": ["ready": true]]
                ],
                "ports": [["name": "https", "port": .integer(Int64(address.port)), "protocol": "TCP"]],
            ], "kubernetes", in: "default", ResourceID(group: "discovery.k8s.io", plural: "endpointslices"))
    }
}

extension IPNetwork {
    /// The address after that of the network itself.
    var firstHost: IPAddress {
        switch self.address {
        case .v4(let value): .v4(value &+ 1)
        case .v6(let upper, let lower): .v6(upper, lower &+ 1)
        }
    }
}
