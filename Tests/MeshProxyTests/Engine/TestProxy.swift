import MeshModel
import MeshPolicy
import MeshReactor

@testable import MeshProxy

/// An engine on loopback whose two listeners lead to one server.
final class TestProxy: Sendable {
    let inbound: SocketAddress
    let outbound: SocketAddress
    let shared: EngineShared
    private let server: SocketAddress

    init(
        to server: SocketAddress, policy: InboundPolicy? = nil, outboundProtocol: OutboundProtocol? = nil,
        inboundIdentity: ProxyIdentity? = nil, members: [Endpoint]? = nil,
        adjust: (inout EngineSettings) -> Void = { _ in }
    ) throws {
        self.server = server
        self.inbound = try Self.freeAddress()
        self.outbound = try Self.freeAddress()
        var settings = EngineSettings(
            inbound: .init(listen: [self.inbound], forward: server, connectTimeout: .milliseconds(300)),
            outbound: .init(listen: [self.outbound], forward: server, connectTimeout: .seconds(1)),
            waitsForIdentity: false)
        adjust(&settings)
        let snapshot = Self.snapshot(
            server, policy: policy, outboundProtocol: outboundProtocol, identity: inboundIdentity,
            sets: [members ?? [Endpoint(address: server)], []])
        self.shared = try EngineShared(snapshots: SnapshotCell(snapshot), workers: 1)
        try Engine.start(settings, shared: self.shared) { error in print("worker failed: \(error)") }
        // Bound on the worker's thread; the first connection may come too early otherwise.
        for address in [self.inbound, self.outbound] { try Self.awaitListener(address) }
    }

    deinit { self.shared.send(.drain(deadline: MonotonicTime(nanoseconds: 0))) }

    static let allowAll = InboundPolicy(
        protocol: .detect(timeout: .seconds(10), http: InboundHTTP(routes: [.default])),
        authorizations: [
            Authorization(
                networks: NetworkMatch.everywhere, authentication: .unauthenticated,
                metadata: .implicit("all-unauthenticated"))
        ], metadata: .implicit("all-unauthenticated"))

    static func forwarding(_ address: SocketAddress) -> OutboundProtocol {
        let meta = PolicyMetadata.implicit("default")
        let backend = Backend(metadata: meta, target: .forward(Endpoint(address: address)), slot: 0)
        let http = OutboundHTTP(routes: [
            OutboundRoute(metadata: meta, rules: [.init(distribution: .random([RouteBackend(backend)]))])
        ])
        let opaque = OutboundRoute<OpaqueKind>(
            metadata: meta, rules: [.init(distribution: .random([RouteBackend(backend)]))])
        return .detect(timeout: .seconds(10), opaque: [opaque], http1: http, http2: http)
    }

    static func opaqueRoutes(to address: SocketAddress) -> [OutboundRoute<OpaqueKind>] {
        let meta = PolicyMetadata.implicit("default")
        let backend = Backend(metadata: meta, target: .forward(Endpoint(address: address)), slot: 0)
        return [OutboundRoute(metadata: meta, rules: [.init(distribution: .random([RouteBackend(backend)]))])]
    }

    /// Publishes another version with other endpoints and another certificate.
    func republish(_ version: UInt64, identity: ProxyIdentity?, members: [Endpoint]) throws {
        self.shared.snapshots.publish(
            Self.snapshot(
                self.server, policy: nil, outboundProtocol: nil, identity: identity, sets: [members],
                version: version))
    }

    /// Publishes another version with these endpoints by backend.
    func republish(_ version: UInt64, outboundProtocol: OutboundProtocol, sets: [[SocketAddress]]) throws {
        self.shared.snapshots.publish(
            Self.snapshot(
                self.server, policy: nil, outboundProtocol: outboundProtocol, identity: nil,
                sets: sets.map { $0.map { Endpoint(address: $0) } }, version: version))
    }

    private static func snapshot(
        _ server: SocketAddress, policy: InboundPolicy?, outboundProtocol: OutboundProtocol?,
        identity: ProxyIdentity?, sets: [[Endpoint]], version: UInt64 = 1
    ) -> Snapshot {
        let port = PortPolicy(policy ?? Self.allowAll)
        let meta = PolicyMetadata.implicit("default")
        let target = OutboundTarget(
            address: server,
            resolution: .policy(
                OutboundPolicy(metadata: meta, protocol: outboundProtocol ?? Self.forwarding(server))),
            profile: nil, usage: TargetUsage())
        let backends = sets.enumerated().map { slot, members in
            BackendSet(
                slot: Int32(slot), generation: 1, authority: nil, load: LoadEstimate(), failureAccrual: nil,
                queue: Queue(), state: .known,
                members: members.enumerated().map { BackendSet.Member(endpoint: $1, id: UInt64($0) + 1) })
        }
        return Snapshot(
            version: version,
            inbound: InboundTable(
                ports: [server.port: port], fallback: port, opaqueFallback: port, opaquePorts: [], watched: []),
            outbound: OutboundTable([server: target]), backends: backends, identity: identity)
    }

    static func freeAddress() throws -> SocketAddress {
        try Socket.listening(on: SocketAddress(.v4(0x7F00_0001), port: 0)).localAddress()
    }

    static func awaitListener(_ address: SocketAddress) throws {
        let deadline = Clock.now().advanced(by: .seconds(10))
        while Clock.now() < deadline {
            do {
                try Wire.connect(to: address).close()
                return
            } catch {
                var poller = try Poller()
                try poller.wait(until: Clock.now().advanced(by: .milliseconds(5)), now: Clock.now())
            }
        }
        throw Wire.Failure(description: "\(address) does not listen")
    }
}
