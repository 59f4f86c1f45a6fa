import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import MeshCompiler
import MeshKubernetes
import MeshLocal
import MeshModel
import MeshRPC
import MeshResources
import MeshWire
import ServiceLifecycle
import Synchronization
import Testing
import Yams

@testable import MeshController

/// An API server with our definitions, a policy controller that leads, and a gRPC client.
///
/// One for the whole suite; each scenario has a namespace of its own.
struct PolicyCluster: Sendable {
    typealias Inbound = Io_Linkerd_Proxy_Inbound_InboundServerPolicies.Client<HTTP2ClientTransport.Posix>
    typealias Outbound = Io_Linkerd_Proxy_Outbound_OutboundPolicies.Client<HTTP2ClientTransport.Posix>

    let client: KubernetesClient
    let inbound: Inbound
    let outbound: Outbound

    @TaskLocal static var current: PolicyCluster?

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` with a cluster that ends with it.
    static func run(_ body: @Sendable (PolicyCluster) async throws -> Void) async throws {
        let server = try APIServer(logger: Self.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let address = try #require(try await server.bound().first)
            let access = ClusterAccess(
                server: "https://\(address)", trust: .authorities(pem: server.certificateAuthorityPEM),
                credentials: .token(server.adminToken))
            let client = try KubernetesClient(
                access: access, configuration: .init(component: "test"), logger: Self.logger)
            do {
                try await Self.define(with: client)
                try await Self.control(client, body)
                try await client.shutdown()
            } catch {
                try await client.shutdown()
                throw error
            }
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
        }
    }

    /// Runs the policy component in this process, as the controller's assembly does.
    private static func control(
        _ client: KubernetesClient, _ body: @Sendable (PolicyCluster) async throws -> Void
    ) async throws {
        var settings = ControllerSettings()
        settings.components = [.policy]
        settings.mesh.controlNamespace = "linkerd"
        let context = ControllerContext(settings: settings, client: client, logger: Self.logger)
        _ = try await client.create(["metadata": ["name": "linkerd"]], as: Namespace.resourceType)
        let parts = try PolicyComponent().parts(in: context)
        let (ports, bound) = AsyncStream.makeStream(of: Int.self)
        let listener = RPCListener(
            host: "127.0.0.1", port: 0, services: parts.rpc[.policy] ?? [], security: .plaintext, logger: Self.logger
        ) { bound.yield($0) }
        let services = ClusterReflection(context: context, client: client).services() + parts.services + [listener]
        let group = ServiceGroup(configuration: .init(services: services, logger: Self.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var port = 0
            for await number in ports {
                port = number
                break
            }
            let transport = try HTTP2ClientTransport.Posix(
                target: .ipv4(address: "127.0.0.1", port: port), transportSecurity: .plaintext)
            let rpc = GRPCClient(transport: transport)
            tasks.addTask { try await rpc.runConnections() }
            try await body(
                PolicyCluster(
                    client: client, inbound: Inbound(wrapping: rpc), outbound: Outbound(wrapping: rpc)))
            rpc.beginGracefulShutdown()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    // MARK: - Definitions

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "crds")

    private static func define(with client: KubernetesClient) async throws {
        let type = ResourceType(
            group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition",
            plural: "customresourcedefinitions", isNamespaced: false)
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted()
        where ["policy.", "gateway.", "workload."].contains(where: { name.hasPrefix($0) }) {
            let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
            for document in try Self.documents(text) { _ = try await client.create(document, as: type) }
        }
    }

    /// YAML documents as JSON values.
    static func documents(_ text: String) throws -> [JSONValue] {
        try Yams.compose_all(yaml: text).map(Self.value).filter { !$0.isNull }
    }

    private static func value(_ node: Yams.Node) -> JSONValue {
        switch node {
        case .scalar(let scalar):
            guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
            if node.null != nil { return .null }
            if let flag = Bool.construct(from: scalar) { return .bool(flag) }
            if let number = Int.construct(from: scalar) { return .integer(Int64(number)) }
            return .string(scalar.string)
        case .sequence(let sequence): return .array(sequence.map(Self.value))
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for (key, value) in mapping { members[key.string ?? ""] = Self.value(value) }
            return .object(members)
        case .alias: return .null
        }
    }

    // MARK: - Objects

    private static let names = Mutex(0)

    /// A new namespace in which pods may be created.
    func namespace() async throws -> String {
        let number = Self.names.withLock { number in
            number += 1
            return number
        }
        _ = try await self.client.create(
            ["metadata": ["name": .string("ns-\(number)")]], as: Namespace.resourceType)
        // A pod needs its namespace's account, which comes a moment later.
        let account = ObjectKey(namespace: "ns-\(number)", name: "default")
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            do {
                _ = try await self.client.get(ServiceAccount.resourceType, account)
                return account.namespace
            } catch {
                guard error.isNotFound, ContinuousClock.now < deadline else { throw error }
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private static let types: [String: ResourceType] = Dictionary(
        [
            Pod.resourceType, Service.resourceType, Server.resourceType, ServerAuthorization.resourceType,
            AuthorizationPolicy.resourceType, MeshTLSAuthentication.resourceType, NetworkAuthentication.resourceType,
            HTTPLocalRateLimitPolicy.resourceType, EgressNetwork.resourceType, ExternalWorkload.resourceType,
            HTTPRoute.policyResourceType, HTTPRoute.resourceType, GRPCRoute.resourceType, TLSRoute.resourceType,
            TCPRoute.resourceType,
        ].map { ("\($0.group)/\($0.kind)", $0) }, uniquingKeysWith: { $1 })

    private static func type(of document: JSONValue) throws -> ResourceType {
        let version = document["apiVersion"]?.string ?? ""
        let group = version.contains("/") ? String(version.prefix { $0 != "/" }) : ""
        return try #require(Self.types["\(group)/\(document["kind"]?.string ?? "")"])
    }

    /// Applies the documents of `yaml` to `namespace`, as `kubectl apply --server-side` does.
    func apply(_ yaml: String, to namespace: String) async throws {
        for document in try Self.documents(yaml) {
            let key = ObjectKey(namespace: namespace, name: document[path: "metadata", "name"]?.string ?? "")
            _ = try await self.client.patch(
                .apply(document, manager: "test", force: true), to: try Self.type(of: document), key)
        }
    }

    /// Deletes `kind/name`; the group is that of policies unless given.
    func delete(_ kind: String, _ name: String, in namespace: String, group: String = "policy.linkerd.io") async throws
    {
        let type = try #require(Self.types["\(group)/\(kind)"])
        try await self.client.delete(type, ObjectKey(namespace: namespace, name: name))
    }

    /// An object as it is stored.
    func object(
        _ kind: String, _ name: String, in namespace: String, group: String = "policy.linkerd.io"
    ) async throws -> JSONValue {
        let type = try #require(Self.types["\(group)/\(kind)"])
        return try await self.client.get(type, ObjectKey(namespace: namespace, name: name))
    }

    /// Waits until `condition` of an object holds.
    func eventually(
        _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            if try await condition() { return }
            try await ContinuousClock().sleep(for: .milliseconds(20))
        }
        Issue.record("not in time: \(what)", sourceLocation: sourceLocation)
    }
}

/// Gives a suite one cluster.
struct PolicyClusterTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await PolicyCluster.run { (cluster) async throws in
            try await PolicyCluster.$current.withValue(cluster) { try await function() }
        }
    }
}

extension Trait where Self == PolicyClusterTrait {
    static var policyCluster: Self { Self() }
}
