import MeshModel
import MeshPolicy
import MeshWire
import SwiftProtobuf
import Testing

@testable import MeshProxy

/// A discovery state machine and a hand-written control plane.
struct DiscoveryHarness {
    var discovery: Discovery
    var now = MonotonicTime(nanoseconds: 1_000_000_000)
    private(set) var open: [UInt64: String] = [:]
    private(set) var cancelled: [UInt64] = []
    private var version: UInt64 = 0

    init(_ changes: [String: String?] = [:]) throws {
        self.discovery = Discovery(settings: try SettingsTests.settings(changes))
    }

    mutating func advance(_ duration: Duration = .zero) {
        self.now = self.now.advanced(by: duration)
        self.discovery.advance(to: self.now)
        for action in self.discovery.takeActions() {
            switch action {
            case .open(let call, _, let path, _): self.open[call] = path
            case .cancel(let call, _):
                self.open[call] = nil
                self.cancelled.append(call)
            }
        }
    }

    func calls(_ suffix: String) -> [UInt64] {
        self.open.filter { $0.value.hasSuffix(suffix) }.keys.sorted()
    }

    mutating func send(_ message: some SwiftProtobuf.Message, on call: UInt64) throws {
        let bytes: [UInt8] = try message.serializedBytes()
        self.discovery.received(bytes, on: call, now: self.now)
        self.advance()
    }

    mutating func end(_ call: UInt64, code: UInt8) {
        self.open[call] = nil
        self.discovery.ended(call, code: code, now: self.now)
        self.advance()
    }

    mutating func snapshot() -> Snapshot {
        self.version += 1
        return self.discovery.snapshot(version: self.version, identity: nil)
    }
}

@Suite struct DiscoveryTests {
    private let service = SocketAddress(.v4(0x0A00_0001), port: 80)
    private let path = "web.ns.svc.cluster.local:80"

    private func policy(_ paths: String...) -> OutboundPolicy {
        let backends = paths.map { path in
            RouteBackend<HTTPKind>(
                Backend(metadata: .implicit(path), target: .balance(path: path, load: LoadEstimate())))
        }
        let route = OutboundRoute<HTTPKind>(
            metadata: .implicit("r"), rules: [OutboundRoute.Rule(distribution: .random(backends))])
        return OutboundPolicy(metadata: .implicit("web"), protocol: .http1(OutboundHTTP(routes: [route])))
    }

    private func endpoint(_ last: UInt32, pod: String = "p") -> Endpoint {
        Endpoint(address: SocketAddress(.v4(0x0A01_0000 | last), port: 8080), labels: ["pod": pod])
    }

    /// A harness in which the target has its policy, and the call that brings its endpoints.
    private func resolved(_ changes: [String: String?] = [:]) throws -> (DiscoveryHarness, endpoints: UInt64) {
        var harness = try DiscoveryHarness(changes)
        harness.discovery.requestedTarget(self.service, now: harness.now)
        harness.advance()
        let watch = try #require(harness.calls("OutboundPolicies/Watch").first)
        try harness.send(self.policy(self.path).wire, on: watch)
        return (harness, try #require(harness.calls("Destination/Get").first))
    }

    @Test("a target is published once policy and profile are there, with its backend in a slot")
    func target() throws {
        var harness = try DiscoveryHarness(["DESTINATION_PROFILE_NETWORKS": "10.0.0.0/8"])
        harness.discovery.requestedTarget(self.service, now: harness.now)
        harness.discovery.requestedTarget(self.service, now: harness.now)
        harness.advance()
        #expect(harness.calls("OutboundPolicies/Watch").count == 1, "asked for once")
        try harness.send(self.policy(self.path).wire, on: harness.calls("OutboundPolicies/Watch")[0])
        #expect(harness.snapshot().outbound[self.service] == nil)
        try harness.send(Profile(isOpaque: true).wire, on: harness.calls("GetProfile")[0])
        let target = try #require(harness.snapshot().outbound[self.service])
        #expect(target.isOpaque)
        guard case .policy(let policy) = target.resolution, case .http1(let http) = policy.protocol else {
            Issue.record("no policy")
            return
        }
        #expect(http.routes[0].rules[0].distribution.backends[0].backend.slot == 0)
        #expect(harness.snapshot().backend(0)?.state == .waiting)
    }

    @Test("endpoints come, change and go; those that stay keep their number")
    func endpoints() throws {
        var (harness, call) = try self.resolved()
        try harness.send(
            EndpointUpdate.add([self.endpoint(1), self.endpoint(2)], labels: ["namespace": "ns"]).wire, on: call)
        let before = try #require(harness.snapshot().backend(0))
        #expect(before.state == .known && before.members.count == 2)
        #expect(before.members.allSatisfy { $0.endpoint.labels["namespace"] == "ns" })
        try harness.send(
            EndpointUpdate.add([self.endpoint(1), self.endpoint(2, pod: "q")], labels: ["namespace": "ns"]).wire,
            on: call)
        let after = try #require(harness.snapshot().backend(0))
        func id(_ set: BackendSet, _ last: UInt32) -> UInt64? {
            set.members.first { $0.endpoint.address.ip == .v4(0x0A01_0000 | last) }?.id
        }
        #expect(id(before, 1) == id(after, 1))
        #expect(id(before, 2) != id(after, 2))
        try harness.send(EndpointUpdate.remove([self.endpoint(1).address]).wire, on: call)
        #expect(harness.snapshot().backend(0)?.members.count == 1)
        try harness.send(EndpointUpdate.noEndpoints(exists: false).wire, on: call)
        #expect(harness.snapshot().backend(0)?.state == .unresolvable)
    }

    @Test("after a stream is opened again, what it says first replaces everything; until then all stays")
    func reconnect() throws {
        var (harness, call) = try self.resolved()
        try harness.send(EndpointUpdate.add([self.endpoint(1), self.endpoint(2)], labels: [:]).wire, on: call)
        try #require(harness.snapshot().outbound[self.service]).usage.opened()
        harness.end(call, code: GRPCCode.unavailable)
        #expect(harness.snapshot().backend(0)?.members.count == 2)
        harness.advance(.seconds(20))
        let again = try #require(harness.calls("Destination/Get").first)
        try harness.send(EndpointUpdate.add([self.endpoint(2)], labels: [:]).wire, on: again)
        #expect(harness.snapshot().backend(0)?.members.map(\.endpoint) == [self.endpoint(2)])
    }

    @Test("an endpoint set that did not change is the same object in the next snapshot")
    func identity() throws {
        var (harness, call) = try self.resolved()
        try harness.send(EndpointUpdate.add([self.endpoint(1)], labels: [:]).wire, on: call)
        let before = harness.snapshot()
        harness.discovery.requestedTarget(SocketAddress(.v4(0x0A00_0002), port: 80), now: harness.now)
        harness.advance()
        let after = harness.snapshot()
        #expect(before.backend(0) === after.backend(0))
        #expect(before.outbound[self.service] === after.outbound[self.service])
    }

    @Test("a target that the policy service does not know goes to its own address")
    func fallback() throws {
        var harness = try DiscoveryHarness()
        harness.discovery.requestedTarget(self.service, now: harness.now)
        harness.advance()
        harness.end(harness.calls("OutboundPolicies/Watch")[0], code: GRPCCode.notFound)
        let snapshot = harness.snapshot()
        guard case .policy(let policy) = try #require(snapshot.outbound[self.service]).resolution else {
            Issue.record("no policy")
            return
        }
        #expect(policy.metadata == .implicit("fallback"))
        #expect(snapshot.backend(0)?.members.map(\.endpoint.address) == [self.service])
    }

    @Test("a refused target is unavailable; a policy that makes no sense is invalid")
    func failures() throws {
        var harness = try DiscoveryHarness()
        let other = SocketAddress(.v4(0x0A00_0002), port: 80)
        harness.discovery.requestedTarget(self.service, now: harness.now)
        harness.discovery.requestedTarget(other, now: harness.now)
        harness.advance()
        let calls = harness.calls("OutboundPolicies/Watch")
        harness.end(calls[0], code: GRPCCode.invalidArgument)
        try harness.send(Io_Linkerd_Proxy_Outbound_OutboundPolicy(), on: calls[1])
        guard case .unavailable = try #require(harness.snapshot().outbound[self.service]).resolution,
            case .invalid = try #require(harness.snapshot().outbound[other]).resolution
        else {
            Issue.record("wrong resolutions")
            return
        }
        #expect(harness.discovery.takeComplaints().count == 1)
    }

    @Test("slots are shared, freed with their last user, and used again under a new generation")
    func slots() throws {
        var (harness, call) = try self.resolved(["OUTBOUND_DISCOVERY_IDLE_TIMEOUT": "5s"])
        let first = try #require(harness.snapshot().backend(0))
        let other = SocketAddress(.v4(0x0A00_0002), port: 80)
        harness.discovery.requestedTarget(other, now: harness.now)
        harness.advance()
        try harness.send(self.policy(self.path, "b.ns:80").wire, on: harness.calls("OutboundPolicies/Watch")[1])
        #expect(harness.snapshot().backends.count == 2, "the path that both use has one slot")
        #expect(harness.calls("Destination/Get").count == 2)
        try #require(harness.snapshot().outbound[other]).usage.opened()
        harness.advance(.seconds(6))
        #expect(harness.snapshot().outbound[self.service] == nil, "idle")
        #expect(harness.snapshot().outbound[other] != nil, "in use")
        #expect(harness.snapshot().backend(0) != nil)
        try #require(harness.snapshot().outbound[other]).usage.closed(at: harness.now)
        harness.advance(.seconds(6))
        #expect(harness.snapshot().backends.allSatisfy { $0 == nil })
        #expect(harness.cancelled.contains(call))
        #expect(harness.open.isEmpty, "nobody is asked any more")
        harness.discovery.requestedTarget(self.service, now: harness.now)
        harness.advance()
        try harness.send(self.policy("c.ns:80").wire, on: harness.calls("OutboundPolicies/Watch")[0])
        #expect(try #require(harness.snapshot().backend(0)).generation != first.generation)
    }

    @Test("idle targets are kept while their stream is broken")
    func away() throws {
        var (harness, _) = try self.resolved()
        harness.end(harness.calls("OutboundPolicies/Watch")[0], code: GRPCCode.unavailable)
        harness.advance(.seconds(60))
        #expect(harness.snapshot().outbound[self.service] != nil)
    }

    @Test("ports have the default until the control plane answers, and nobody once it makes no sense")
    func ports() throws {
        var harness = try DiscoveryHarness(["INBOUND_PORTS": "8080", "INBOUND_DEFAULT_POLICY": "deny"])
        harness.discovery.watchPorts(now: harness.now)
        harness.advance()
        let (policy, isKnown) = harness.snapshot().inbound.policy(of: 8080)
        #expect(policy.policy?.authorizations == [] && isKnown)
        #expect(!harness.snapshot().inbound.policy(of: 9090).isKnown)
        let calls = harness.calls("WatchPort")
        #expect(calls.count == 2, "the admin port is watched as well")
        let open = DefaultPolicy.allUnauthenticated.policy(cluster: [], isOpaque: false)
        for call in calls { try harness.send(open.wire, on: call) }
        let known = harness.snapshot().inbound.policy(of: 8080).policy
        #expect(known.policy == open)
        for call in calls { try harness.send(open.wire, on: call) }
        #expect(harness.snapshot().inbound.policy(of: 8080).policy === known, "an equal policy changes nothing")
        for call in calls { try harness.send(Io_Linkerd_Proxy_Inbound_Server(), on: call) }
        #expect(harness.snapshot().inbound.policy(of: 8080).policy.policy == nil)
    }

    @Test("made-up ports and targets do not grow the tables without end")
    func caps() throws {
        var harness = try DiscoveryHarness()
        for port in 1...UInt16(2000) { harness.discovery.requestedPort(port, now: harness.now) }
        #expect(harness.discovery.ports.count == Discovery.extraPortsMax)
        for last in 0..<UInt32(Discovery.targetsMax + 10) {
            harness.discovery.requestedTarget(SocketAddress(.v4(last), port: 80), now: harness.now)
        }
        #expect(harness.discovery.targets.count == Discovery.targetsMax)
    }

    @Test("streams that say nothing are given up, and opened again after a growing wait")
    func limits() throws {
        var harness = try DiscoveryHarness(["CONTROL_STREAM_INITIAL_TIMEOUT": "3s"])
        harness.discovery.requestedTarget(self.service, now: harness.now)
        harness.advance()
        let call = harness.calls("OutboundPolicies/Watch")[0]
        harness.advance(.seconds(4))
        #expect(harness.cancelled == [call])
        #expect(harness.calls("OutboundPolicies/Watch").isEmpty)
        harness.advance(.milliseconds(200))
        #expect(harness.calls("OutboundPolicies/Watch").count == 1)
    }
}
