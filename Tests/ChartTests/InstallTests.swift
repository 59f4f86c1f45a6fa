import Foundation
import Logging
import MeshKubernetes
import MeshLocal
import MeshModel
import MeshResources
import Testing

/// What Helm does with the charts on an API server.
@Suite(.enabled(if: Helm.python != nil, "HEDDLE_PYTHON names no interpreter with Helm's library; hack/test sets it"))
struct InstallTests {
    @Test(
        "a release is installed, upgraded, rolled back and uninstalled, and nothing of it is left",
        .timeLimit(.minutes(2)))
    func release() async throws {
        try await withServer { kubeconfig, client in
            let before = try await Self.objects(client)
            let place = [kubeconfig, "heddle"]
            _ = try await Helm.run(
                ["install", Helm.chart("heddle-crds")] + place + ["heddle-crds", #"{"installGatewayAPI": true}"#])
            _ = try await Helm.run(["install", Helm.chart("heddle")] + place + ["heddle"])
            #expect(try await Self.replicas(client) == 1)
            // The controller's bundles survive an upgrade.
            try await Self.write(bundle: "QUJD", client)
            _ = try await Helm.run(
                ["upgrade", Helm.chart("heddle")] + place + ["heddle", #"{"controllerReplicas": 3}"#])
            #expect(try await Self.replicas(client) == 3)
            #expect(try await Self.bundle(client) == "QUJD")
            _ = try await Helm.run(["rollback"] + place + ["heddle", "1"])
            #expect(try await Self.replicas(client) == 1)
            #expect(try await Self.bundle(client) == "QUJD")
            _ = try await Helm.run(["uninstall"] + place + ["heddle"])
            _ = try await Helm.run(["uninstall"] + place + ["heddle-crds"])
            let left = try await Self.objects(client).subtracting(before)
            let kept =
                ["alertproviders", "canaries", "metrictemplates"].map { "\($0).flagger.app" }
                + ["httproutes", "grpcroutes", "tlsroutes", "tcproutes"].map { "\($0).gateway.networking.k8s.io" }
            #expect(left == Set(kept + ["heddle"]), "kept definitions and the namespace that Helm created")
        }
    }

    private static let controller = ObjectKey(namespace: "heddle", name: "heddle-controller")
    private static let injector = ObjectKey(namespace: "", name: "heddle-injector")
    private static let hooks = ResourceType(
        group: "admissionregistration.k8s.io", version: "v1", kind: "MutatingWebhookConfiguration",
        plural: "mutatingwebhookconfigurations", isNamespaced: false)

    private static func replicas(_ client: KubernetesClient) async throws -> Int64? {
        try await client.get(Deployment.resourceType, Self.controller)[path: "spec", "replicas"]?.integer
    }

    private static func bundle(_ client: KubernetesClient) async throws -> String? {
        let hooks = try await client.get(Self.hooks, Self.injector)["webhooks"]?.array
        return hooks?.first?[path: "clientConfig", "caBundle"]?.string
    }

    /// Writes a CA bundle as the controller does.
    private static func write(bundle: String, _ client: KubernetesClient) async throws {
        let document: JSONValue = [
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
            "metadata": ["name": "heddle-injector"],
            "webhooks": [["name": "injector.heddle.dev", "clientConfig": ["caBundle": .string(bundle)]]],
        ]
        _ = try await client.patch(
            .apply(document, manager: "heddle-controller", force: true), to: Self.hooks, Self.injector)
    }

    /// The names of everything that a release could leave.
    private static func objects(_ client: KubernetesClient) async throws -> Set<String> {
        let paths = [
            "/api/v1/namespaces", "/api/v1/services", "/api/v1/serviceaccounts", "/api/v1/secrets",
            "/api/v1/configmaps",
            "/apis/apps/v1/deployments", "/apis/rbac.authorization.k8s.io/v1/clusterroles",
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", "/apis/rbac.authorization.k8s.io/v1/roles",
            "/apis/rbac.authorization.k8s.io/v1/rolebindings",
            "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
            "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        ]
        var names: Set<String> = []
        for path in paths {
            let items = try await client.document(at: path)["items"]?.array ?? []
            names.formUnion(items.compactMap { $0[path: "metadata", "name"]?.string })
        }
        // Every namespace has these.
        return names.subtracting(["default", "kube-root-ca.crt"])
    }
}

/// Runs `body` with an API server of its own: the path of a kubeconfig, and a client.
private func withServer(_ body: (String, KubernetesClient) async throws -> Void) async throws {
    var logger = Logger(label: "charts")
    logger.logLevel = .error
    let server = try APIServer(logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        let address = try #require(try await server.bound().first)
        let kubeconfig = FileManager.default.temporaryDirectory.appending(path: "heddle-charts-\(UUID())")
        try Data(server.kubeconfig(server: address).utf8).write(to: kubeconfig)
        let access = ClusterAccess(
            server: "https://\(address)", trust: .authorities(pem: server.certificateAuthorityPEM),
            credentials: .token(server.adminToken))
        let client = try KubernetesClient(access: access, configuration: .init(component: "charts"), logger: logger)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(kubeconfig.path, client))
        } catch {
            result = .failure(error)
        }
        try FileManager.default.removeItem(at: kubeconfig)
        try await client.shutdown()
        group.cancelAll()
        try result.get()
    }
}
