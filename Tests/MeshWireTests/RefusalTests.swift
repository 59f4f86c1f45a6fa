import MeshModel
import MeshPolicy
import MeshTestKit
import MeshWire
import SwiftProtobuf
import Testing

/// Whatever is missing or invalid refuses the whole policy: skipping it could widen access.
@Suite struct RefusalTests {
    typealias Server = Io_Linkerd_Proxy_Inbound_Server
    typealias Outbound = Io_Linkerd_Proxy_Outbound_OutboundPolicy

    private var server: Server {
        var routes = [InboundRoute<HTTPKind>.default]
        routes[0].rules[0].filters = [.failure(FailureInjector(code: 500, message: "no", ratio: Ratio(1, of: 2)))]
        return InboundPolicy(
            protocol: .http1(
                InboundHTTP(routes: routes, rateLimit: RateLimit(metadata: .implicit("limit"), total: 5))),
            authorizations: DefaultPolicy.allAuthenticated.authorizations(cluster: []), metadata: .implicit("x")
        ).wire
    }

    private var outbound: Outbound {
        let backend = Backend(
            metadata: .implicit("b"), target: .balance(path: "web.ns.svc:80", load: LoadEstimate()))
        let rule = OutboundRoute<HTTPKind>.Rule(
            distribution: .firstAvailable([RouteBackend(backend)]),
            retry: Retry(maxRetries: 1, conditions: [500...599]))
        let http = OutboundHTTP(
            routes: [OutboundRoute(metadata: .implicit("r"), rules: [rule])],
            failureAccrual: .consecutive(
                maxFailures: 1, backoff: Backoff(minimum: .seconds(1), maximum: .seconds(2), jitter: 0)))
        return OutboundPolicy(metadata: .implicit("p"), protocol: .http1(http)).wire
    }

    private static let inboundFaults: [@Sendable (inout Server) -> Void] = [
        { $0.clearProtocol() }, { $0.protocol.kind = nil }, { $0.labels = [:] },
        { $0.authorizations[0].clearAuthentication() }, { $0.authorizations[0].authentication.permit = nil },
        { $0.authorizations[0].authentication.meshTls.clients = nil },
        { $0.authorizations[0].authentication.meshTls.identities.identities = [.init()] },
        { $0.authorizations[0].networks[0].net.prefixLen = 33 },
        { $0.authorizations[0].networks[0].net.ip.ip = nil },
        { $0.authorizations[0].networks[0].except = [.init()] },
        { $0.authorizations[0].metadata.kind = nil },
        { $0.protocol.http1.routes[0].clearMetadata() },
        { $0.protocol.http1.routes[0].hosts = [.init()] },
        { $0.protocol.http1.routes[0].hosts = [.with { $0.suffix = .init() }] },
        { $0.protocol.http1.routes[0].rules[0].matches[0].path.kind = nil },
        { $0.protocol.http1.routes[0].rules[0].matches[0].path.regex = "(" },
        { $0.protocol.http1.routes[0].rules[0].matches[0].headers = [.with { $0.name = "x" }] },
        { $0.protocol.http1.routes[0].rules[0].matches[0].headers = [.with { $0.regex = "x" }] },
        { $0.protocol.http1.routes[0].rules[0].matches[0].method = .init() },
        { $0.protocol.http1.routes[0].rules[0].matches[0].queryParams = [.with { $0.name = "x" }] },
        { $0.protocol.http1.routes[0].rules[0].filters[0].kind = nil },
        { $0.protocol.http1.routes[0].rules[0].filters[0].failureInjector.ratio.denominator = 0 },
        { $0.protocol.http1.routes[0].rules[0].filters[0].failureInjector.status = 7 },
        { $0.protocol.http1.routes[0].rules[0].filters[0].redirect.port = 70_000 },
        { $0.protocol.http1.routes[0].rules[0].filters[0].requestHeaderModifier.remove = ["a b"] },
        { $0.protocol.http1.localRateLimit.total.requestsPerSecond = 0 },
        { $0.protocol.http1.localRateLimit.clearMetadata() },
        { $0.protocol.grpc.routes = [.with { $0.rules = [.with { $0.matches = [.init()] }] }] },
        { $0.protocol.detect = .init() },
    ]

    @Test("an inbound policy with a fault is refused", arguments: inboundFaults.indices)
    func inbound(fault: Int) throws {
        var wire = self.server
        _ = try InboundPolicy(wire)
        Self.inboundFaults[fault](&wire)
        #expect(throws: WireError.self) { try InboundPolicy(wire) }
    }

    private static let outboundFaults: [@Sendable (inout Outbound) -> Void] = [
        { $0.clearMetadata() }, { $0.clearProtocol() }, { $0.protocol.kind = nil },
        { $0.protocol.detect.timeout.seconds = 1 },
        { $0.protocol.http1.routes[0].clearMetadata() },
        { $0.protocol.http1.routes[0].rules[0].clearBackends() },
        { $0.protocol.http1.routes[0].rules[0].backends.kind = nil },
        { $0.protocol.http1.routes[0].rules[0].backends.firstAvailable.backends = [] },
        { $0.protocol.http1.routes[0].rules[0].backends.randomAvailable = .init() },
        { $0.protocol.http1.routes[0].rules[0].backends.firstAvailable.backends[0].backend.clearMetadata() },
        { $0.protocol.http1.routes[0].rules[0].backends.firstAvailable.backends[0].backend.clearQueue() },
        { $0.protocol.http1.routes[0].rules[0].backends.firstAvailable.backends[0].backend.balancer.load = nil },
        {
            $0.protocol.http1.routes[0].rules[0].backends.firstAvailable.backends[0].backend.balancer
                .clearDiscovery()
        },
        { $0.protocol.http1.routes[0].rules[0].backends.firstAvailable.backends[0].backend.forward = .init() },
        { $0.protocol.http1.routes[0].rules[0].timeouts.request.seconds = -1 },
        { $0.protocol.http1.routes[0].rules[0].retry.clearConditions() },
        { $0.protocol.http1.routes[0].rules[0].retry.maxRetries = 70_000 },
        { $0.protocol.http1.routes[0].rules[0].retry.conditions.statusRanges[0].start = 600 },
        { $0.protocol.http1.failureAccrual.kind = nil },
        { $0.protocol.http1.failureAccrual.consecutiveFailures.clearBackoff() },
        { $0.protocol.http1.failureAccrual.consecutiveFailures.backoff.maxBackoff.seconds = 0 },
        { $0.protocol.http1.failureAccrual.unified.minRequests = 2_000_000 },
        { $0.protocol.opaque.routes = [.init(), .init()] },
        { $0.protocol.opaque.routes = [.with { $0.metadata.default = "x" }] },
        { $0.protocol.tls.routes = [.with { $0.metadata.default = "x" }] },
    ]

    @Test("an outbound policy with a fault is refused", arguments: outboundFaults.indices)
    func outbound(fault: Int) throws {
        var wire = self.outbound
        _ = try OutboundPolicy(wire)
        Self.outboundFaults[fault](&wire)
        #expect(throws: WireError.self) { try OutboundPolicy(wire) }
    }

    @Test("an HTTP port without routes gets the default route; an address without IP is left out")
    func lenient() throws {
        var wire = self.server
        wire.protocol.http1.routes = []
        guard case .http1(let http) = try InboundPolicy(wire).protocol else {
            Issue.record("not HTTP/1")
            return
        }
        #expect(http.routes == [.default])
        let update = Io_Linkerd_Proxy_Destination_Update.with { $0.add.addrs = [.init()] }
        #expect(try EndpointUpdate(update) == .add([], labels: [:]))
    }

    @Test("random bytes are refused or read, never fatal", arguments: 0..<UInt64(300))
    func noise(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var maker = PolicyMaker(seed: seed)
        let message = maker.inboundPolicy().wire
        guard var bytes: [UInt8] = try? message.serializedBytes(), !bytes.isEmpty else { return }
        for _ in 0..<3 {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        // Reading must end; what it says is another matter.
        if let server = try? Server(serializedBytes: bytes) { _ = try? InboundPolicy(server) }
        if let policy = try? Outbound(serializedBytes: bytes) { _ = try? OutboundPolicy(policy) }
    }
}
