import Configuration
import MeshCompiler
import MeshController
import MeshModel
import MeshPolicy
import Testing

/// Sets of values that users choose.
private let valueSets: [(name: String, values: JSONValue)] = [
    ("defaults", [:]),
    (
        "production",
        [
            "controllerReplicas": 3, "enablePodAntiAffinity": true, "enablePodDisruptionBudget": true,
            "webhookFailurePolicy": "Fail", "networkPolicies": ["enabled": true], "podMonitor": ["enabled": true],
            "priorityClassName": "system-cluster-critical", "tolerations": [["operator": "Exists"]],
        ]
    ),
    (
        "names",
        [
            "clusterDomain": "k8s.example", "identityTrustDomain": "trust.example", "identityNamespace": "mesh",
            "controllerImage": "registry.example/controller", "controllerImageVersion": "v7",
            "imagePullSecrets": [["name": "pull"]], "commonLabels": ["team": "mesh"], "podLabels": ["a": "b"],
            "podAnnotations": ["c": "d"],
        ]
    ),
    (
        "proxies",
        [
            "proxy": [
                "image": ["name": "registry.example/proxy", "version": "v8", "pullPolicy": "Always"],
                "logLevel": "debug", "logFormat": "json", "accessLog": "json", "uid": 3000, "gid": 3001,
                "ports": ["admin": 5191, "control": 5190, "inbound": 5143, "outbound": 5140],
                "resources": ["cpu": ["request": "10m", "limit": 2], "memory": ["limit": "128Mi"]],
                "defaultInboundPolicy": "deny", "requireIdentityOnInboundPorts": "8080", "opaquePorts": "25,9000-9100",
                "outboundConnectTimeout": "2s", "inboundConnectTimeout": "1m30s", "enableShutdownEndpoint": true,
                "nativeSidecar": false, "await": false, "shutdownGracePeriod": "10s",
                "metrics": ["hostnameLabels": true], "enableExternalProfiles": true,
            ],
            "proxyInit": [
                "image": ["version": "v9"], "ignoreInboundPorts": "22", "ignoreOutboundPorts": "443",
                "skipSubnets": "10.1.0.0/16",
            ],
        ]
    ),
]

/// What the charts render, by Helm itself.
@Suite(.enabled(if: Helm.python != nil, "HEDDLE_PYTHON names no interpreter with Helm's library; hack/test sets it"))
struct RenderingTests {
    @Test("has nothing to complain about", arguments: ["heddle", "heddle-crds"])
    func lint(chart: String) async throws {
        let report = try await Helm.run(["lint", Helm.chart(chart)])
        #expect(report["errors"] == [])
        let messages = report["messages"]?.array ?? []
        #expect(!messages.contains { ($0["severity"]?.integer ?? 0) > 1 }, "\(messages)")
    }

    @Test("is the same bytes each time", arguments: valueSets.indices)
    func repeated(set: Int) async throws {
        let first = try await Helm.rendering("heddle", valueSets[set].values)
        let second = try await Helm.rendering("heddle", valueSets[set].values)
        #expect(first["text"] == second["text"])
        #expect(first["objects"]?.array?.isEmpty == false)
    }

    @Test("holds no certificate, key or CA bundle", arguments: valueSets.indices)
    func noSecrets(set: Int) async throws {
        let text = try await Helm.rendering("heddle", valueSets[set].values)["text"]?.string ?? ""
        for word in ["BEGIN", "caBundle", "kind: Secret"] { #expect(!text.contains(word)) }
    }

    @Test("stays in the release's namespace", arguments: valueSets.indices)
    func namespaces(set: Int) async throws {
        let objects = try await Helm.render("heddle", namespace: "mesh-system", valueSets[set].values)
        #expect(objects.compactMap { $0[path: "metadata", "namespace"]?.string }.allSatisfy { $0 == "mesh-system" })
        for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
            let name = kind.hasPrefix("Mutating") ? "heddle-injector" : "heddle-validator"
            let hook = try #require(objects.object(kind, name)?["webhooks"]?.array?.first)
            #expect(hook[path: "clientConfig", "service", "namespace"] == "mesh-system")
            let left = hook[path: "namespaceSelector", "matchExpressions"]?.array ?? []
            #expect(left.contains { $0["values"] == ["mesh-system"] && $0["operator"] == "NotIn" })
        }
    }

    @Test("starts the controller with settings that it takes", arguments: valueSets.indices)
    func settings(set: Int) async throws {
        let objects = try await Helm.render("heddle", valueSets[set].values)
        let container = try #require(
            objects.object("Deployment")?[path: "spec", "template", "spec", "containers"]?.array?.first)
        let arguments = container["args"]?.array?.compactMap(\.string) ?? []
        let defaults = container["env"]?.array?.first { $0["name"] == "HEDDLE_PROXY_DEFAULTS" }?["value"]?.string
        let flags = try CommandLineFlags.provider(arguments + ["--proxy-defaults", try #require(defaults)])
        let settings = try ControllerSettings(config: ConfigReader(provider: flags))
        let injection = try InjectionSettings(settings)
        if valueSets[set].name == "defaults" {
            #expect(injection.defaults == InjectionSettings(mesh: settings.mesh).defaults)
        }
        if valueSets[set].name == "proxies" {
            #expect(injection.version == "v8" && injection.defaults.images.initializerVersion == "v9")
            #expect(injection.defaults.ports.inbound == 5143 && injection.defaults.user == 3000)
            #expect(injection.defaults.resources.limits == ["cpu": "2", "memory": "128Mi"])
            #expect(injection.defaults.timeouts.inboundConnect == .seconds(90))
            #expect(injection.defaults.portLists.skipSubnets == "10.1.0.0/16")
            #expect(settings.mesh.defaultPolicy == .deny)
        }
    }

    @Test(
        "does what a value says",
        arguments: [
            (["controllerReplicas": 5], "Deployment", ["spec", "replicas"], 5),
            (
                ["controllerUID": 77], "Deployment",
                ["spec", "template", "spec", "containers", "0", "securityContext", "runAsUser"], 77
            ),
            (["nodeSelector": ["a": "b"]], "Deployment", ["spec", "template", "spec", "nodeSelector", "a"], "b"),
            (
                ["runtimeClassName": "gvisor"], "Deployment", ["spec", "template", "spec", "runtimeClassName"],
                "gvisor"
            ),
            (
                ["enablePodDisruptionBudget": true, "controller": ["podDisruptionBudget": ["maxUnavailable": 2]]],
                "PodDisruptionBudget", ["spec", "maxUnavailable"], 2
            ),
            (
                ["imagePullSecrets": [["name": "pull"]]], "ServiceAccount", ["imagePullSecrets", "0", "name"], "pull"
            ),
            (["networkPolicies": ["enabled": true]], "NetworkPolicy", ["spec", "policyTypes", "0"], "Ingress"),
            (
                ["podMonitor": ["enabled": true, "scrapeInterval": "30s"]], "PodMonitor",
                ["spec", "podMetricsEndpoints", "0", "interval"], "30s"
            ),
        ] as [(JSONValue, String, [String], JSONValue)])
    func effect(values: JSONValue, kind: String, path: [String], expected: JSONValue) async throws {
        var value = try #require(try await Helm.render("heddle", values).object(kind))
        for step in path {
            let next = Int(step).map { index in value.array?.dropFirst(index).first } ?? value[step]
            value = try #require(next, "no \(step)")
        }
        #expect(value == expected)
    }

    @Test(
        "a value that makes no sense is refused, and named",
        arguments: [
            (["controllerReplicas": "many"], "controllerReplicas"), (["contrllerReplicas": 1], "contrllerReplicas"),
            (["webhookFailurePolicy": "Sometimes"], "webhookFailurePolicy"),
            (["proxy": ["defaultInboundPolicy": "open"]], "defaultInboundPolicy"),
            (["proxy": ["ports": ["admin": 0]]], "admin"),
            (["proxy": ["outboundConnectTimeout": "soon"]], "outboundConnectTimeout"),
            (["proxy": ["logFromat": "json"]], "logFromat"), (["controllerUID": 0], "controllerUID"),
        ] as [(JSONValue, String)])
    func refused(values: JSONValue, named: String) async throws {
        let refusal = try await #require(throws: Helm.Refusal.self) { try await Helm.render("heddle", values) }
        #expect(refusal.text.contains(named))
    }

    @Test("definitions that others share are installed on request, and kept when the release goes")
    func definitions() async throws {
        let own = try await Helm.render("heddle-crds", ["installRollouts": false])
        #expect(own.names.allSatisfy { !$0.contains("gateway") && !$0.contains("flagger") } && own.count == 10)
        let all = try await Helm.render("heddle-crds", ["installGatewayAPI": true, "enableTcpRoutes": false])
        #expect(all.count == 16 && !all.names.contains { $0.contains("tcproutes") })
        for definition in all {
            let group = definition[path: "spec", "group"]?.string ?? ""
            let isShared = group == "gateway.networking.k8s.io" || group == "flagger.app"
            let policy = definition[path: "metadata", "annotations", "helm.sh/resource-policy"]?.string
            #expect((policy == "keep") == isShared, "\(group)")
        }
    }
}
