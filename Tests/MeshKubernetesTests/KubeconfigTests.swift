import Foundation
import MeshKubernetes
import MeshModel
import NIOHTTP1
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct KubeconfigTests {
    private func file(users: String, cluster: String = "server: https://example.org:6443") -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: main
        contexts:
        - name: main
          context: {cluster: one, user: me, namespace: shop}
        - name: other
          context: {cluster: one, user: ""}
        clusters:
        - name: one
          cluster: {\(cluster)}
        users:
        - name: me
          user: {\(users)}
        """
    }

    @Test("a context names its cluster, its user and its namespace")
    func contexts() throws {
        let config = try Kubeconfig(text: self.file(users: "token: secret"))
        #expect(config.contexts == ["main", "other"])
        let access = try config.access()
        #expect(access.server == "https://example.org:6443")
        #expect(access.namespace == "shop")
        #expect(access.credentials == .token("secret"))
        let other = try config.access(context: "other")
        #expect(other.credentials == .none)
        #expect(other.namespace == "default")
        #expect(throws: KubernetesError.self) { try config.access(context: "missing") }
    }

    @Test("certificates come inline, authorities too, and verification can be switched off")
    func certificates() throws {
        let text = Base64.encode("-----BEGIN".utf8)
        let config = try Kubeconfig(
            text: self.file(
                users: "client-certificate-data: \(text), client-key-data: \(text)",
                cluster:
                    "server: https://a, certificate-authority-data: \(text), tls-server-name: b, proxy-url: http://p"))
        let access = try config.access()
        #expect(access.certificate == .init(chainPEM: "-----BEGIN", keyPEM: "-----BEGIN"))
        #expect(access.trust == .authorities(pem: "-----BEGIN"))
        #expect(access.serverName == "b")
        #expect(access.warnings == ["proxy-url is ignored"])
        let insecure = try Kubeconfig(
            text: self.file(users: "token: x", cluster: "server: https://a, insecure-skip-tls-verify: true"))
        #expect(try insecure.access().trust == .anything)
        let half = try Kubeconfig(text: self.file(users: "client-certificate-data: \(text)"))
        #expect(throws: KubernetesError.self) { try half.access() }
    }

    @Test("impersonation and exec plugins are read")
    func users() throws {
        let config = try Kubeconfig(
            text: self.file(
                users: """
                    as: jane, as-groups: [devs], as-user-extra: {scope: [a]}, exec: {apiVersion: \
                    client.authentication.k8s.io/v1, command: ./bin/login, args: [x], env: [{name: A, value: b}]}
                    """), folder: "/etc/kube")
        let access = try config.access()
        #expect(access.impersonation == .init(user: "jane", groups: ["devs"], extra: ["scope": ["a"]]))
        #expect(
            access.credentials
                == .exec(
                    ExecPlugin(
                        apiVersion: "client.authentication.k8s.io/v1", command: "/etc/kube/./bin/login",
                        arguments: ["x"], environment: ["A": "b"])))
    }

    @Test("what is no kubeconfig is refused", arguments: ["[", "- a", "current-context: x"])
    func refused(text: String) {
        #expect(throws: KubernetesError.self) { try Kubeconfig(text: text).access() }
    }

    private func temporaryFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kube-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    @Test("of two files the first wins, and relative paths start at their file")
    func merge() throws {
        let folder = try self.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }  // Left-overs of a failed test do no harm.
        let first = folder.appending(path: "a")
        let second = folder.appending(path: "b")
        try self.file(users: "tokenFile: token").write(to: first, atomically: true, encoding: .utf8)
        try self.file(users: "token: other").replacingOccurrences(of: "name: other", with: "name: third")
            .write(to: second, atomically: true, encoding: .utf8)
        let config = try Kubeconfig(paths: [first.path, second.path])
        #expect(config.contexts == ["main", "other", "third"])
        #expect(try config.access().credentials == .tokenFile(path: folder.appending(path: "token").path))
    }

    @Test("a pod finds its cluster; elsewhere it says what is missing")
    func inCluster() throws {
        let folder = try self.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }  // Left-overs of a failed test do no harm.
        for (name, text) in [("token", "t"), ("ca.crt", "pem"), ("namespace", "heddle\n")] {
            try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
        }
        let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
        let access = try ClusterAccess.inCluster(environment: environment, folder: folder.path)
        #expect(access.server == "https://[fd00::1]:443")
        #expect(access.namespace == "heddle")
        #expect(throws: KubernetesError.self) { try ClusterAccess.inCluster(environment: [:], folder: folder.path) }
        #expect(throws: KubernetesError.self) {
            try ClusterAccess.inCluster(environment: environment, folder: "/nonexistent")
        }
    }

    // MARK: - Credentials in use

    @Test("a token file that changed is read again when the server refuses the old token")
    func rotatedToken() async throws {
        let folder = try self.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }  // Left-overs of a failed test do no harm.
        let path = folder.appending(path: "token")
        try "one\n".write(to: path, atomically: true, encoding: .utf8)
        try await StubServer.serve { access, stub in
            var access = access
            access.credentials = .tokenFile(path: path.path)
            stub.set(status: 200, body: Array("{}".utf8), retryAfter: nil, contentType: "application/json")
            try await withTestClient(access) { client in
                _ = try await client.document(at: "/version")
                try "two".write(to: path, atomically: true, encoding: .utf8)
                _ = try await client.document(at: "/version")
                stub.set(status: 401, body: Array("{}".utf8), retryAfter: nil, contentType: "application/json")
                await #expect(throws: KubernetesError.self) { try await client.document(at: "/version") }
            }
            let headers = stub.requests.withLock { $0.map { $0.headers.first(name: "authorization") ?? "" } }
            #expect(headers == ["Bearer one", "Bearer one", "Bearer one", "Bearer two"])
        }
    }

    @Test("an exec plugin is asked once, and its token is sent")
    func execPlugin() async throws {
        let folder = try self.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }  // Left-overs of a failed test do no harm.
        let log = folder.appending(path: "log").path
        let script = """
            echo "$KUBERNETES_EXEC_INFO" >>\(log)
            echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'$SECRET'"}}'
            """
        try await StubServer.serve { access, stub in
            var access = access
            access.credentials = .exec(
                ExecPlugin(
                    apiVersion: "client.authentication.k8s.io/v1", command: "/bin/sh", arguments: ["-c", script],
                    environment: ["SECRET": "s3"], provideClusterInfo: true))
            stub.set(status: 200, body: Array("{}".utf8), retryAfter: nil, contentType: "application/json")
            try await withTestClient(access) { client in
                for _ in 0..<3 { _ = try await client.document(at: "/version") }
            }
            let headers = stub.requests.withLock { $0.map { $0.headers.first(name: "authorization") ?? "" } }
            #expect(headers == ["Bearer s3", "Bearer s3", "Bearer s3"])
        }
        let runs = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
        #expect(runs.count == 1)
        #expect(runs.first?.contains(#""server":"http://127.0.0.1"#) == true)
    }

    @Test("a plugin that needs a terminal, or fails, is named with the hint of how to install it")
    func brokenPlugin() async throws {
        for (command, interaction) in [("/bin/false", ExecPlugin.Interaction.never), ("/bin/true", .always)] {
            let plugin = ExecPlugin(
                apiVersion: "client.authentication.k8s.io/v1", command: command, interaction: interaction,
                installHint: "install it")
            try await withTestClient(ClusterAccess(server: "http://127.0.0.1:1", credentials: .exec(plugin))) {
                client in
                let error = try await #require(throws: KubernetesError.self) { try await client.document(at: "/") }
                guard case .invalidAccess(let reason) = error else {
                    Issue.record("\(error)")
                    return
                }
                #expect(reason.contains(command) && reason.contains("install it"))
            }
        }
    }

    @Test("impersonation is asked for in headers that any key fits into")
    func impersonation() async throws {
        try await StubServer.serve { access, stub in
            var access = access
            access.impersonation = .init(
                user: "jane", uid: "7", groups: ["devs", "ops"], extra: ["example.org/Team": ["a", "b"]])
            stub.set(status: 200, body: Array("{}".utf8), retryAfter: nil, contentType: "application/json")
            try await withTestClient(access) { client in _ = try await client.document(at: "/version") }
            let headers = try #require(stub.requests.withLock { $0.first?.headers })
            #expect(headers["impersonate-user"] == ["jane"])
            #expect(headers["impersonate-uid"] == ["7"])
            #expect(headers["impersonate-group"] == ["devs", "ops"])
            #expect(headers["impersonate-extra-example.org%2Fteam"] == ["a", "b"])
        }
    }

    @Test("a proxy in the environment is not used, and said not to be")
    func proxies() throws {
        let folder = try self.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }  // Left-overs of a failed test do no harm.
        let path = folder.appending(path: "config").path
        try self.file(users: "token: x").write(toFile: path, atomically: true, encoding: .utf8)
        let access = try ClusterAccess.discover(
            path: path, environment: ["https_proxy": "http://p:3128", "HTTP_PROXY": "http://p:3128"])
        #expect(access.warnings == ["https_proxy is ignored"])
    }

    @Test("an answer that asks to come back later is repeated then, not before, and not past the deadline")
    func retryAfter() async throws {
        try await StubServer.serve { access, stub in
            stub.set(status: 429, body: Array("{}".utf8), retryAfter: "1", contentType: "application/json")
            try await withTestClient(access, timeout: .seconds(4)) { client in
                let start = ContinuousClock.now
                try await withThrowingTaskGroup { group in
                    group.addTask { _ = try await client.document(at: "/version") }
                    try await eventually { stub.requests.withLock { $0.count } == 1 }
                    stub.set(status: 200, body: Array("{}".utf8), retryAfter: nil, contentType: "application/json")
                    try await group.waitForAll()
                }
                #expect(ContinuousClock.now - start >= .seconds(1))
                #expect(stub.requests.withLock { $0.count } == 2)
                stub.set(status: 503, body: Array("{}".utf8), retryAfter: "30", contentType: "application/json")
                let error = try await #require(throws: KubernetesError.self) { try await client.document(at: "/") }
                #expect(error.status?.retryAfter == .seconds(30))
                #expect(ContinuousClock.now - start < .seconds(4))
            }
        }
    }

    @Test("a server that asks for patience is asked again, and not more often than allowed")
    func patience() async throws {
        try await StubServer.serve { access, stub in
            stub.set(
                status: 429, body: Array(#"{"kind":"Status","code":429,"details":{"retryAfterSeconds":0}}"#.utf8),
                retryAfter: "0", contentType: "application/json")
            try await withTestClient(access, attemptsMax: 3) { client in
                let error = try await #require(throws: KubernetesError.self) { try await client.document(at: "/x") }
                #expect(error.status?.code == 429)
            }
            #expect(stub.requests.withLock { $0.count } == 3)
            let agent = stub.requests.withLock { $0.first?.headers.first(name: "user-agent") }
            #expect(agent == "heddle/0.1.0 (test)")
        }
    }
}
