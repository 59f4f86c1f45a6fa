import ArgumentParser
import Foundation
import MeshCompiler
import MeshModel
import MeshPolicy
import MeshResources
import Testing

@testable import MeshCommands

/// The commands of docs/policy.md against the cluster that it tells of: what they print stands there word for word.
@Suite struct PolicyReportTests {
    private static let documentation: String = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        // Without the page every expectation below fails.
        return (try? String(contentsOf: folder.appending(path: "docs/policy.md"), encoding: .utf8)) ?? ""
    }()

    /// What the documentation says that `command` prints.
    private func documented(_ command: String) throws -> String {
        let start = try #require(Self.documentation.range(of: "$ \(command)\n"))
        let rest = Self.documentation[start.upperBound...]
        return String(rest[..<(try #require(rest.range(of: "```"))).lowerBound])
    }

    /// A pod `orders` whose port 8080 only `admin` may reach, and a pod `web`.
    private func shop() -> ClusterSnapshot {
        var snapshot = ClusterSnapshot()
        for (number, name) in ["web", "orders"].enumerated() {
            let labels = ["app": name, "linkerd.io/control-plane-ns": "heddle"]
            snapshot.apply(
                Pod(
                    metadata: ObjectMeta(name: name, namespace: "shop", labels: labels),
                    spec: PodSpec(
                        containers: [
                            Container(name: "app", ports: [ContainerPort(name: "http", containerPort: 8080)])
                        ], serviceAccountName: name), status: PodStatus(phase: "Running", podIP: "10.1.0.\(number + 1)")
                ), in: ClusterCollections.pods)
        }
        snapshot.apply(
            Server(
                metadata: ObjectMeta(name: "orders", namespace: "shop"),
                spec: ServerSpec(
                    podSelector: LabelSelector(matchLabels: ["app": "orders"]), port: "http", proxyProtocol: .http1)),
            in: ClusterCollections.servers)
        snapshot.apply(
            AuthorizationPolicy(
                metadata: ObjectMeta(name: "admin", namespace: "shop"),
                spec: AuthorizationPolicySpec(
                    targetRef: LocalTargetReference(group: "policy.linkerd.io", kind: "Server", name: "orders"),
                    requiredAuthenticationRefs: [NamespacedTargetReference(kind: "ServiceAccount", name: "admin")])),
            in: ClusterCollections.authorizationPolicies)
        return snapshot
    }

    @Test("heddle explain prints what the documentation shows")
    func explain() throws {
        let line = "explain -n shop --from pod/web --to pod/orders:8080 --path /orders"
        let command = try ExplainCommand.parse(line.split(separator: " ").dropFirst().map(String.init))
        #expect(try command.answer(in: self.shop()) == self.documented("heddle \(line)"))
    }

    @Test("heddle authz prints what the documentation shows")
    func authz() throws {
        let line = "authz -n shop pod/orders"
        let command = try AuthzCommand.parse(line.split(separator: " ").dropFirst().map(String.init))
        #expect(try command.answer(in: self.shop()) == self.documented("heddle \(line)"))
    }

    @Test("heddle diagnostics policy prints what the documentation shows")
    func diagnostics() throws {
        let line = "diagnostics policy -n shop pod/orders 8080"
        let command = try DiagnosticsPolicy.parse(line.split(separator: " ").dropFirst(2).map(String.init))
        #expect(try command.answer(in: self.shop()) == self.documented("heddle \(line)"))
    }

    @Test(
        "JSON says the same",
        arguments: [
            "explain -n shop --from pod/web --to pod/orders:http -o json", "authz -n shop orders -o json",
            "diagnostics policy -n shop orders http -o json",
        ])
    func json(line: String) throws {
        var words = line.split(separator: " ").map(String.init)
        let text: String
        switch words.removeFirst() {
        case "explain": text = try ExplainCommand.parse(words).answer(in: self.shop())
        case "authz": text = try AuthzCommand.parse(words).answer(in: self.shop())
        default: text = try DiagnosticsPolicy.parse(Array(words.dropFirst())).answer(in: self.shop())
        }
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        #expect(value is [String: Any] || value is [Any])
        if let explanation = value as? [String: Any], let allowed = explanation["allowed"] as? Bool {
            #expect(!allowed)
            #expect((explanation["suggestion"] as? [Any])?.count == 1)
        }
    }

    @Test(
        "what cannot be asked is refused with what would be valid",
        arguments: [
            "--from pod/web --to pod/orders", "--from pod/web --to pod/nobody:80",
            "--from pod/nobody --to pod/orders:80",
            "--from x/y/z --to pod/orders:80", "--from pod/web --to pod/orders:grpc",
            "--from pod/web --to pod/orders:80 --path orders", "--from pod/web --to pod/orders:80 --header nonsense",
            "--from pod/web --to pod/orders:0",
        ])
    func refused(arguments: String) throws {
        let command = try ExplainCommand.parse(["-n", "shop"] + arguments.split(separator: " ").map(String.init))
        #expect(throws: (any Error).self) { try command.answer(in: self.shop()) }
    }

    @Test(
        "clients by address, identity or both",
        arguments: [
            ("10.1.2.3", PeerIdentity.clear), ("10.1.2.3/spiffe://a/b", .uri("spiffe://a/b")),
            ("10.1.2.3/Web.Shop.x", .dns("web.shop.x")), ("spiffe://a/b", .uri("spiffe://a/b")),
            (
                "web.shop.serviceaccount.identity.linkerd.cluster.local",
                .dns("web.shop.serviceaccount.identity.linkerd.cluster.local")
            ),
            ("deploy/web", nil), ("pod/web.shop", .dns("web.shop.serviceaccount.identity.linkerd.cluster.local")),
        ] as [(String, PeerIdentity?)])
    func clients(text: String, identity: PeerIdentity?) throws {
        let client = try #require(ClientArgument(text, namespace: "shop"))
        #expect(client.resolve(in: self.shop(), settings: MeshSettings())?.identity == identity)
    }

    @Test("manifests keep their text whatever it looks like")
    func yaml() {
        let document: JSONValue = [
            "kind": "A", "apiVersion": "v1",
            "spec": ["a": "true", "b": "1", "c": ["x: y", ["d": "", "e": [:]]], "f": []],
        ]
        #expect(
            ManifestText.write([document]) == """
                apiVersion: v1
                kind: A
                spec:
                  a: "true"
                  b: "1"
                  c:
                  - "x: y"
                  - d: ""
                    e: {}
                  f: []

                """)
    }
}
