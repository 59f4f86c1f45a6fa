import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import MeshModel
import MeshPolicy
import MeshWire
import SwiftProtobuf
import Synchronization
import Testing

@testable import MeshRPC

@Suite(.timeLimit(.minutes(1)))
struct PolicyServiceTests {
    typealias Server = Io_Linkerd_Proxy_Inbound_Server
    typealias Outbound = Io_Linkerd_Proxy_Outbound_OutboundPolicy

    private static func inbound(_ name: String, padding: Int = 0) -> InboundPolicy {
        let identity = ByteString(String(repeating: "x", count: padding))
        return InboundPolicy(
            protocol: .http1(InboundHTTP(routes: [.default])),
            authorizations: [
                Authorization(
                    networks: NetworkMatch.everywhere,
                    authentication: .identities(IdentityMatch(exact: [identity], suffixes: [])),
                    metadata: .implicit("test"))
            ], metadata: .implicit(name))
    }

    private static func outbound(_ name: String) -> OutboundPolicy {
        OutboundPolicy(metadata: .implicit(name), protocol: .opaque([]))
    }

    // MARK: - Inbound

    @Test("GetPort answers with the policy of now, byte for byte the message of it")
    func getPort() async throws {
        let source = FakeSource()
        let policy = Self.inbound("first")
        source.tell(policy)
        try await PolicyServer.run(source) { (server) async throws in
            let request = Io_Linkerd_Proxy_Inbound_PortSpec.with {
                $0.workload = "ns:pod"
                $0.port = 8080
            }
            #expect(try await server.inbound.getPort(request) == policy.wire)
            #expect(source.asked == ["ns:pod 8080"])
        }
    }

    @Test("WatchPort answers at once, then with what changed, and ends with the workload")
    func watchPort() async throws {
        let source = FakeSource()
        source.tell(Self.inbound("first"))
        try await PolicyServer.run(source) { (server) async throws in
            try await server.inbound.watchPort(.init()) { (response) async throws in
                var messages = response.messages.makeAsyncIterator()
                #expect(try await messages.next()?.labels["name"] == "first")
                source.tell(Self.inbound("second"))
                #expect(try await messages.next()?.labels["name"] == "second")
                source.tell(InboundPolicy?.none)
                #expect(try await messages.next() == nil)
            }
        }
    }

    @Test("a workload that is not known is NOT_FOUND, what cannot be read INVALID_ARGUMENT")
    func refusals() async throws {
        let source = FakeSource()
        source.tell(InboundPolicy?.none)
        try await PolicyServer.run(source) { (server) async throws in
            let unary = await #expect(throws: RPCError.self) { try await server.inbound.getPort(.init()) }
            #expect(unary?.code == .notFound)
            let stream = await #expect(throws: RPCError.self) {
                try await server.inbound.watchPort(.init()) { response in for try await _ in response.messages {} }
            }
            #expect(stream?.code == .notFound)
            source.refuse(.invalid("no"))
            let invalid = await #expect(throws: RPCError.self) { try await server.inbound.getPort(.init()) }
            #expect(invalid?.code == .invalidArgument)
            #expect(invalid?.message == "no")
        }
    }

    @Test("a slow reader gets the newest policy, and nothing is queued for it")
    func slowReader() async throws {
        let source = FakeSource()
        source.tell(Self.inbound("0"))
        let last = 2_000
        try await PolicyServer.run(source) { (server) async throws in
            try await server.inbound.watchPort(.init()) { (response) async throws in
                var messages = response.messages.makeAsyncIterator()
                _ = try await messages.next()
                // 4 kB each: the client's window of 64 kB takes a few, then the server has to wait.
                for number in 1...last { source.tell(Self.inbound("\(number)", padding: 4096)) }
                var read = 0
                while let message = try await messages.next() {
                    read += 1
                    if message.labels["name"] == "\(last)" { break }
                }
                #expect(read < last / 2, "\(read) of \(last) were kept")
            }
        }
    }

    @Test("a policy is encoded once for all streams that send it")
    func encodedOnce() async throws {
        let source = FakeSource()
        let count = Mutex(0)
        let policy = Self.inbound("shared")
        source.tell(
            EncodedMessage {
                count.withLock { $0 += 1 }
                return try policy.wire.serializedBytes()
            })
        try await PolicyServer.run(source) { (server) async throws in
            try await withThrowingTaskGroup(of: Server.self) { group in
                for _ in 0..<20 { group.addTask { try await server.inbound.getPort(.init()) } }
                for try await message in group { #expect(message == policy.wire) }
            }
        }
        #expect(count.withLock { $0 } == 1)
    }

    // MARK: - Outbound

    @Test("Get and Watch name the target that was asked for")
    func targets() async throws {
        let source = FakeSource()
        source.tell(Self.outbound("now"), origin: "a")
        try await PolicyServer.run(source) { (server) async throws in
            for request in [
                Io_Linkerd_Proxy_Outbound_TrafficSpec.with {
                    $0.authority = "web.app.svc:80"
                    $0.sourceWorkload = "ns:pod"
                },
                .with {
                    $0.addr.ip.ipv4 = 0x0A01_0203
                    $0.addr.port = 81
                    $0.sourceWorkload = "ns:pod"
                },
                .with {
                    $0.addr.ip.ipv6 = .with { $0.last = 0xFFFF_0A01_0203 }
                    $0.addr.port = 82
                    $0.sourceWorkload = "ns:pod"
                },
            ] {
                #expect(try await server.outbound.get(request) == Self.outbound("now").wire)
            }
            #expect(
                source.asked == [
                    "ns:pod web.app.svc:80", "ns:pod 10.1.2.3:81", "ns:pod 10.1.2.3:82",
                ])
            for request in [
                Io_Linkerd_Proxy_Outbound_TrafficSpec(), .with { $0.addr.ip.ipv4 = 1 },
                .with {
                    $0.addr.ip.ipv4 = 1
                    $0.addr.port = 65536
                }, .with { $0.addr.port = 80 },
            ] {
                let error = await #expect(throws: RPCError.self) { try await server.outbound.get(request) }
                #expect(error?.code == .invalidArgument)
            }
        }
    }

    @Test("Watch ends when the target becomes something else")
    func origin() async throws {
        let source = FakeSource()
        source.tell(Self.outbound("one"), origin: "a")
        try await PolicyServer.run(source) { (server) async throws in
            let request = Io_Linkerd_Proxy_Outbound_TrafficSpec.with { $0.authority = "web.app.svc" }
            try await server.outbound.watch(request) { (response) async throws in
                var messages = response.messages.makeAsyncIterator()
                #expect(try await messages.next()?.metadata.default == "one")
                source.tell(Self.outbound("two"), origin: "a")
                #expect(try await messages.next()?.metadata.default == "two")
                source.tell(Self.outbound("three"), origin: "b")
                #expect(try await messages.next() == nil)
            }
            let error = await #expect(throws: RPCError.self) {
                source.tell(OutboundPolicy?.none, origin: "")
                return try await server.outbound.get(request)
            }
            #expect(error?.code == .notFound)
        }
    }
}

/// Policies that the test tells.
private final class FakeSource: PolicySource {
    private struct State {
        var asked: [String] = []
        var refusal: LookupError?
        var inbound: EncodedMessage?
        var outbound = OutboundLookup(policy: nil, origin: "")
        var inboundWatchers: [AsyncStream<EncodedMessage?>.Continuation] = []
        var outboundWatchers: [AsyncStream<OutboundLookup>.Continuation] = []
    }

    private let state = Mutex(State())

    var asked: [String] { self.state.withLock { $0.asked } }

    func refuse(_ error: LookupError) { self.state.withLock { $0.refusal = error } }

    func tell(_ policy: InboundPolicy?) { self.tell(policy.map { EncodedMessage($0) }) }

    func tell(_ message: EncodedMessage?) {
        self.state.withLock { state in
            state.inbound = message
            for watcher in state.inboundWatchers { watcher.yield(message) }
        }
    }

    func tell(_ policy: OutboundPolicy?, origin: String) {
        self.state.withLock { state in
            state.outbound = OutboundLookup(policy: policy.map { EncodedMessage($0) }, origin: origin)
            for watcher in state.outboundWatchers { watcher.yield(state.outbound) }
        }
    }

    func inboundPolicy(workload: String, port: UInt32) async throws(LookupError) -> Updates<EncodedMessage?> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: EncodedMessage?.self, bufferingPolicy: .bufferingNewest(1))
        let refusal = self.state.withLock { state in
            state.asked.append("\(workload) \(port)")
            continuation.yield(state.inbound)
            state.inboundWatchers.append(continuation)
            return state.refusal
        }
        if let refusal { throw refusal }
        return Updates(stream) { continuation.finish() }
    }

    func outboundPolicy(
        of target: OutboundLookup.Target, workload: String
    ) async throws(LookupError) -> Updates<OutboundLookup> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: OutboundLookup.self, bufferingPolicy: .bufferingNewest(1))
        self.state.withLock { state in
            switch target {
            case .address(let address): state.asked.append("\(workload) \(address)")
            case .authority(let name): state.asked.append("\(workload) \(name)")
            }
            continuation.yield(state.outbound)
            state.outboundWatchers.append(continuation)
        }
        return Updates(stream) { continuation.finish() }
    }
}

/// The policy services on loopback, with clients of them.
private struct PolicyServer: Sendable {
    let inbound: Io_Linkerd_Proxy_Inbound_InboundServerPolicies.Client<HTTP2ClientTransport.Posix>
    let outbound: Io_Linkerd_Proxy_Outbound_OutboundPolicies.Client<HTTP2ClientTransport.Posix>

    static func run(_ source: FakeSource, _ body: @Sendable (PolicyServer) async throws -> Void) async throws {
        let (ports, bound) = AsyncStream.makeStream(of: Int.self)
        let listener = RPCListener(
            host: "127.0.0.1", port: 0,
            services: [InboundPolicyService(source: source), OutboundPolicyService(source: source)],
            security: .plaintext, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { bound.yield($0) }
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await listener.run() }
            for await port in ports {
                await self.talk(to: port, body)
                break
            }
            group.cancelAll()
        }
    }

    private static func talk(to port: Int, _ body: @Sendable (PolicyServer) async throws -> Void) async {
        do {
            try await withGRPCClient(
                transport: .http2NIOPosix(
                    target: .ipv4(address: "127.0.0.1", port: port), transportSecurity: .plaintext)
            ) { client in
                try await body(PolicyServer(inbound: .init(wrapping: client), outbound: .init(wrapping: client)))
            }
        } catch {
            Issue.record(error)
        }
    }
}
