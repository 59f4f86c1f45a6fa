import Logging
import MeshControl
import MeshKubernetes
import MeshModel
import MeshResources
import ServiceLifecycle

/// Keeps address translation and DNS equal to the cluster's Services and EndpointSlices.
struct ServiceRouter: ServiceLifecycle.Service {
    private let network: NodeNetwork
    private let dns: DNSServer
    private let fixed: [VirtualService]
    private let logger: Logger
    private let services: Reflector<MeshResources.Service>
    private let slices: Reflector<EndpointSlice>
    private let changes: AsyncStream<Void>

    /// Changes that come so close together are applied as one.
    private static let pause = Duration.milliseconds(30)

    /// Routes on `network`; `fixed` addresses come before what the cluster says of them.
    init(client: KubernetesClient, network: NodeNetwork, dns: DNSServer, fixed: [VirtualService], logger: Logger) {
        let (changes, input) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.network = network
        self.dns = dns
        self.fixed = fixed
        self.logger = logger
        self.changes = changes
        self.services = Reflector(client: client, logger: logger) { _ in input.yield() }
        self.slices = Reflector(client: client, logger: logger) { _ in input.yield() }
    }

    /// Works until cancelled or told to stop.
    func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.services.run() }
                group.addTask { try await self.slices.run() }
                group.addTask { await self.apply() }
                try await group.next()
                group.cancelAll()
            }
        }
    }

    private func apply() async {
        var applied: [VirtualService]?
        for await _ in self.changes {
            guard (try? await Task.sleep(for: Self.pause)) != nil else { return }  // Cancelled.
            guard self.services.store.isSynced, self.slices.store.isSynced else { continue }
            let table = ServiceTable(
                services: Array(self.services.store.objects.values), slices: Array(self.slices.store.objects.values))
            self.dns.update(table.zone)
            let virtual = self.fixed + table.virtual
            guard virtual != applied else { continue }
            do {
                try await self.network.apply(virtual)
                applied = virtual
            } catch {
                self.logger.error("cannot route Services", metadata: ["error": "\(error)"])
                applied = nil
            }
        }
    }

    /// Where the port of a Service can be reached from this machine; nil when it has none or nobody serves it.
    func resolve(_ key: ObjectKey, port: Int) -> SocketAddress? {
        guard let service = self.services.store[key] else { return nil }
        if let address = service.spec.clusterIP.flatMap({ IPAddress($0) }) {
            return UInt16(exactly: port).map { SocketAddress(address, port: $0) }
        }
        // Headless: any endpoint, on the target of the port.
        let name = service.spec.ports.first { $0.port == port }?.name ?? ""
        for slice in self.slices.store.objects.values
        where slice.metadata.namespace == key.namespace
            && slice.metadata.labels["kubernetes.io/service-name"] == key.name
        {
            let target = slice.ports.first { ($0.name ?? "") == name }?.port.flatMap { UInt16(exactly: $0) }
            let ready = slice.endpoints.first { $0.conditions.ready != false }
            if let target, let address = ready?.addresses.first.flatMap({ IPAddress($0) }) {
                return SocketAddress(address, port: target)
            }
        }
        return nil
    }
}
