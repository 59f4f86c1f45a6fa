import Foundation
import MeshLocal
import MeshModel
import Testing

/// One rule of the Kubernetes API that both servers must keep.
struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let body: @Sendable (Cluster) async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (Cluster) async throws -> Void) {
        self.name = name
        self.body = body
    }

    var testDescription: String { self.name }

    static let all: [Case] =
        creation + errors + versions + patches + serverSideApply + subresources + definitions + lists + watches
        + deletion + admission + access + leases + tables

    /// Runs the case against a server in a namespace of its own.
    func run(against peer: Peer, isReal: Bool, release: Int) async throws {
        let words = self.name.lowercased().split { !$0.isASCII || !$0.isLetter }.prefix(4).joined(separator: "-")
        let namespace = "\(words.prefix(40))-\(UUID().uuidString.prefix(6).lowercased())"
        let cluster = Cluster(peer: peer, isReal: isReal, isOld: release < 30, namespace: namespace)
        try await cluster.create(
            "/api/v1/namespaces",
            [
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": ["name": .string(namespace), "labels": ["case": .string(namespace)]],
            ])
        try await self.body(cluster)
        _ = try await cluster.send("DELETE", "/api/v1/namespaces/\(namespace)")  // The controller does the rest.
    }
}

/// The API server of `heddle local`.
@Suite(.serialized, .embeddedServer, .timeLimit(.minutes(3)))
struct EmbeddedConformanceTests {
    @Test("the embedded API server keeps the rules of the Kubernetes API", arguments: Case.all)
    func holds(_ rule: Case) async throws {
        try await rule.run(against: try #require(ServerTrait.peer), isReal: false, release: ServerTrait.release)
    }
}

/// The real kube-apiserver: what the cases demand is what it does.
@Suite(
    .serialized, .enabled(if: RealServer.absence == nil, Comment(rawValue: RealServer.absence ?? "")), .realServer,
    .timeLimit(.minutes(3)))
struct RealConformanceTests {
    @Test("the real API server keeps the same rules", arguments: Case.all)
    func holds(_ rule: Case) async throws {
        try await rule.run(against: try #require(ServerTrait.peer), isReal: true, release: ServerTrait.release)
    }
}

/// Gives a suite one server for all its tests.
struct ServerTrait: SuiteTrait, TestScoping {
    @TaskLocal static var peer: Peer?
    /// The server's minor release.
    @TaskLocal static var release = 0
    let isReal: Bool

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        if self.isReal {
            try await RealServer.with { peer in try await Self.use(peer, function) }
        } else {
            try await withEmbeddedServer { peer, _ in try await Self.use(peer, function) }
        }
    }

    private static func use(_ peer: Peer, _ function: @concurrent @Sendable () async throws -> Void) async throws {
        let version = try await peer.send("GET", "/version").document?["minor"]?.string ?? ""
        let release = try #require(Int(version.prefix { $0.isNumber }))
        try await Self.$release.withValue(release) {
            try await Self.$peer.withValue(peer) { try await function() }
        }
        try await Cluster.forgetWidgets(at: peer)
    }
}

extension Trait where Self == ServerTrait {
    /// The API server of `heddle local`.
    static var embeddedServer: Self { Self(isReal: false) }
    /// A real kube-apiserver.
    static var realServer: Self { Self(isReal: true) }
}
