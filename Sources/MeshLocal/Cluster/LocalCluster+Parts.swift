import AsyncHTTPClient
import Glibc
import Logging
import MeshControl
import MeshKubernetes
import MeshModel
import MeshResources
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization
import SystemPackage

extension LocalCluster {
    /// The domain of every local cluster.
    private static let domain = "cluster.local"
    private static let nodeName = "heddle-local"

    /// Everything between an empty machine and `body`.
    static func runParts<Result: Sendable>(
        _ configuration: Configuration, _ names: NetworkNames, _ state: ClusterState, _ logger: Logger,
        _ body: @escaping @Sendable (LocalCluster) async throws -> Result
    ) async throws -> Result {
        let network = try await self.makeNetwork(names)
        let dns = try await DNSServer(on: network.plan.host, logger: logger)
        let late = LateParts()
        let server = try APIServer(
            configuration: self.apiConfiguration(configuration, network.plan, late), logger: logger)
        return try await withThrowingTaskGroup(of: Result?.self) { parts in
            defer { parts.cancelAll() }
            parts.addPart("the API server") { try await server.run() }
            parts.addPart("the DNS server") { try await dns.run() }
            let address = try await self.listen(server, port: configuration.apiPort)
            let client = try self.client(of: server, at: address, logger)
            do {
                let cluster = try self.describe(configuration, names, network, state, client, server, address)
                try await self.furnish(client, network.plan)
                let router = ServiceRouter(
                    client: client, network: network, dns: dns, fixed: self.fixed(network.plan, address, dns),
                    logger: logger)
                late.router.withLock { $0 = router }
                parts.addPart("routing") { try await router.run() }
                let events = EventRecorder(
                    client: client, controller: "heddle-local", instance: self.nodeName, logger: logger)
                parts.addPart("the recorder of events") { try await events.run() }
                let controllers = ControllerRunner(client: client, events: events, logger: logger)
                parts.addPart("the controllers") { try await controllers.run() }
                self.startNode(configuration, network, state, client, events, late, logger, in: &parts)
                try state.write(kubeconfig: state.kubeconfig.string)
                parts.addTask { try await body(cluster) }
                let result = try await self.result(of: &parts)
                try await client.shutdown()
                return result
            } catch {
                try await client.shutdown()
                throw error
            }
        }
    }

    /// Waits until the body of ``run(_:logger:_:)`` ends, or a part of the cluster fails.
    private static func result<Result: Sendable>(
        of parts: inout ThrowingTaskGroup<Result?, any Error>
    ) async throws -> Result {
        for try await result in parts {
            if let result { return result }
        }
        throw CancellationError()
    }

    private static func makeNetwork(_ names: NetworkNames) async throws(LocalClusterError) -> NodeNetwork {
        do throws(NetworkError) {
            guard let plan = AddressPlan.first(avoiding: try await HostRoutes.networks()) else {
                throw NetworkError.noNetworkLeft
            }
            let network = NodeNetwork(names: names, plan: plan)
            try await network.up()
            return network
        } catch {
            throw .network(error)
        }
    }

    private static func apiConfiguration(
        _ configuration: Configuration, _ plan: AddressPlan, _ late: LateParts
    ) -> APIServerConfiguration {
        var settings = APIServerConfiguration()
        settings.addresses = [MeshModel.SocketAddress(plan.host, port: configuration.apiPort)]
        settings.certificateAddresses = [plan.host, plan.apiServer]
        settings.serviceNetwork = plan.services
        settings.resolveService = { namespace, name, port in
            late.router.withLock { $0 }?.resolve(ObjectKey(namespace: namespace, name: name), port: port)
        }
        settings.podLogs = { request in await late.log(request) }
        return settings
    }

    private static func listen(
        _ server: APIServer, port: UInt16
    ) async throws(LocalClusterError) -> MeshModel.SocketAddress {
        do throws(APIServer.Failure) {
            guard let address = try await server.bound().first else { throw .ended }
            return address
        } catch {
            throw error == .addressInUse ? .portInUse(port) : .failed(part: "the API server", reason: "\(error)")
        }
    }

    private static func client(
        of server: APIServer, at address: MeshModel.SocketAddress, _ logger: Logger
    ) throws(KubernetesError) -> KubernetesClient {
        let access = ClusterAccess(
            server: "https://\(address)", trust: .authorities(pem: server.certificateAuthorityPEM),
            credentials: .token(server.adminToken))
        return try KubernetesClient(access: access, configuration: .init(component: "local"), logger: logger)
    }

    private static func describe(
        _ configuration: Configuration, _ names: NetworkNames, _ network: NodeNetwork, _ state: ClusterState,
        _ client: KubernetesClient, _ server: APIServer, _ address: MeshModel.SocketAddress
    ) throws -> LocalCluster {
        try Files.write(Array(server.kubeconfig(server: address).utf8), to: state.kubeconfig, mode: 0o600)
        return LocalCluster(
            configuration: configuration, client: client, kubeconfig: state.kubeconfig, addresses: network.plan,
            names: names)
    }

    /// Addresses that are served whatever the cluster's objects say.
    private static func fixed(
        _ plan: AddressPlan, _ api: MeshModel.SocketAddress, _ dns: DNSServer
    ) -> [VirtualService] {
        [
            VirtualService(address: .init(plan.apiServer, port: 443), transport: .tcp, endpoints: [api]),
            VirtualService(address: .init(plan.dns, port: 53), transport: .udp, endpoints: [dns.address]),
        ]
    }

    // MARK: - Furniture

    /// The node and the Service of the DNS server, for all to see.
    private static func furnish(_ client: KubernetesClient, _ plan: AddressPlan) async throws {
        let now = JSONValue.string(Timestamp.now.description)
        let capacity: JSONValue = [
            "cpu": .string("\(Machine.cores)"), "memory": .string("\(Machine.memory / 1024)Ki"),
            "pods": .string("\(AddressPlan.podsMax)"),
        ]
        let node: JSONValue = [
            "metadata": [
                "name": .string(self.nodeName),
                "labels": ["kubernetes.io/hostname": .string(self.nodeName), "kubernetes.io/os": "linux"],
            ], "spec": ["podCIDR": .string(plan.pods.description), "podCIDRs": [.string(plan.pods.description)]],
        ]
        let status: JSONValue = [
            "addresses": [
                ["type": "InternalIP", "address": .string(plan.host.description)],
                ["type": "Hostname", "address": .string(self.nodeName)],
            ], "capacity": capacity, "allocatable": capacity,
            "conditions": [
                [
                    "type": "Ready", "status": "True", "reason": "NodeAgentReady",
                    "message": "pods run as processes of this machine", "lastHeartbeatTime": now,
                    "lastTransitionTime": now,
                ]
            ],
            "nodeInfo": [
                "kubeletVersion": "v1.32.0-heddle", "containerRuntimeVersion": "process://1",
                "operatingSystem": "linux",
                "osImage": "this machine", "architecture": "", "kernelVersion": "", "machineID": "", "bootID": "",
                "systemUUID": "", "kubeProxyVersion": "",
            ],
        ]
        _ = try await client.create(node, as: Node.resourceType)
        _ = try await client.patch(
            .merge(["status": status]), to: Node.resourceType, ObjectKey(name: self.nodeName), subresource: "status")
        let dns: JSONValue = [
            "metadata": ["name": "kube-dns", "labels": ["k8s-app": "kube-dns"]],
            "spec": [
                "clusterIP": .string(plan.dns.description),
                "ports": [["name": "dns", "port": 53, "protocol": "UDP"]],
            ],
        ]
        _ = try await client.create(dns, as: MeshResources.Service.resourceType, in: "kube-system")
    }

    // MARK: - The node

    private static func startNode<Result: Sendable>(
        _ configuration: Configuration, _ network: NodeNetwork, _ state: ClusterState, _ client: KubernetesClient,
        _ events: EventRecorder, _ late: LateParts, _ logger: Logger,
        in parts: inout ThrowingTaskGroup<Result?, any Error>
    ) {
        var settings = NodeAgent.Configuration(
            launcher: [configuration.launcher.string, "local", "run-container"], directory: state.pods)
        settings.nodeName = self.nodeName
        settings.domain = self.domain
        settings.images = .standard(programs: configuration.programs.string, more: configuration.images)
        let probes = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .probes)
        let access = KubernetesNodeAccess(client: client, events: events)
        let agent = NodeAgent(
            configuration: settings, network: network, access: access, client: probes, logger: logger)
        let (changes, input) = AsyncStream.makeStream(of: PodChange.self)
        let feed = PodFeed(input: input)
        let pods = Reflector(Pod.self, client: client, logger: logger) { await feed.take($0) }
        late.node.withLock { $0 = (agent, pods.store) }
        parts.addPart("the pods' watch") { try await pods.run() }
        parts.addPart("the node agent") {
            await agent.run(changes)
            try await probes.shutdown()
        }
    }
}

extension ThrowingTaskGroup where Failure == any Error {
    /// Runs a part of the cluster, which has no result; its failure is the group's.
    fileprivate mutating func addPart<Result: Sendable>(
        _ name: String, _ work: @escaping @Sendable () async throws -> Void
    ) where ChildTaskResult == Result? {
        self.addTask {
            do {
                try await work()
            } catch is CancellationError {
                return nil
            } catch {
                throw LocalClusterError.failed(part: name, reason: "\(error)")
            }
            return nil
        }
    }
}

/// Tells the node agent of changes, with the uid of what is gone.
private actor PodFeed {
    private let input: AsyncStream<PodChange>.Continuation
    private var uids: [ObjectKey: String] = [:]

    init(input: AsyncStream<PodChange>.Continuation) {
        self.input = input
    }

    func take(_ change: ObjectChange<Pod>) {
        switch change {
        case .apply(let pod): self.set(pod)
        case .delete(let key): self.remove(key)
        case .reset(let applied, let deleted):
            for key in deleted { self.remove(key) }
            for pod in applied { self.set(pod) }
        }
    }

    private func set(_ pod: Pod) {
        // Deleted and made again between two looks: the old one is gone.
        if let known = self.uids[pod.key], known != pod.metadata.uid { self.remove(pod.key) }
        self.uids[pod.key] = pod.metadata.uid
        self.input.yield(.set(pod))
    }

    private func remove(_ key: ObjectKey) {
        guard let uid = self.uids.removeValue(forKey: key) else { return }
        self.input.yield(.removed(key, uid: uid))
    }
}

/// What the API server asks for that exists only after it.
private final class LateParts: Sendable {
    let router = Mutex<ServiceRouter?>(nil)
    let node = Mutex<(agent: NodeAgent, pods: ResourceStore<Pod>)?>(nil)

    /// Answers `kubectl logs`.
    func log(_ request: PodLogRequest) async -> PodLogAnswer {
        guard let (agent, pods) = self.node.withLock({ $0 }), let pod = pods[request.pod] else {
            return .unavailable("pod \(request.pod) is not on this node")
        }
        let container = request.container.isEmpty ? pod.spec.containers.first?.name ?? "" : request.container
        let uid = pod.metadata.uid
        guard
            let path = await agent.log(
                of: request.pod, uid: uid, container: container, previous: request.previous),
            let tail = LogTail(
                path, lines: request.tailLines, follow: request.follow,
                isLive: { pods[request.pod]?.metadata.uid == uid })
        else { return .unavailable("container \"\(container)\" in pod \"\(request.pod.name)\" has no log") }
        return .stream(AsyncStream { await tail.next() })
    }
}

extension HTTPClient.Configuration {
    /// For probes: no redirects are followed, no certificate is checked, nothing is kept open.
    fileprivate static var probes: HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.connectionPool.idleTimeout = .seconds(1)
        return configuration
    }
}
