import MeshModel
import Testing

extension Case {
    /// Admission webhooks over HTTPS.
    static let admission: [Case] = [
        Case("mutating webhooks are called by configuration name, before the validating ones") { cluster in
            try await HookServer.with { hooks in
                for (path, value) in [("/b", "b"), ("/a", "a")] {
                    hooks.set(
                        path, .patch([["op": "add", "path": .string("/data/\(value)"), "value": .string(value)]]))
                    try await cluster.hook(hooks, path)
                }
                try await cluster.hook(hooks, "/v", isMutating: false)
                let made = try await cluster.hooked(hooks, until: ["/a", "/b", "/v"])
                #expect(made?["data"] == ["x": "1", "a": "a", "b": "b"])
                #expect(hooks.paths == ["/a", "/b", "/v"])
                let objects = hooks.calls.map { $0.request[at: "object.data"]?.object?.count }
                #expect(objects == [1, 2, 3], "each sees what the one before it left")
                try await cluster.unhook(["/a", "/b", "/v"])
            }
        },
        Case("a webhook that refuses is heard") { cluster in
            try await HookServer.with { hooks in
                hooks.set("/v", .deny("not today"))
                try await cluster.hook(hooks, "/v", isMutating: false, ["failurePolicy": "Ignore"])
                _ = try await cluster.hooked(hooks, until: ["/v"])
                try await cluster.send("POST", cluster.maps, Cluster.map("no")).refused(
                    403, "Forbidden", "admission webhook \"v.hooks.example.dev\" denied the request: not today")
                try await cluster.unhook(["/v"])
            }
        },
        Case("failurePolicy Fail stops a write when the webhook is broken or late") { cluster in
            try await HookServer.with { hooks in
                try await cluster.hook(hooks, "/v", isMutating: false, ["failurePolicy": "Fail"])
                _ = try await cluster.hooked(hooks, until: ["/v"])
                hooks.set("/v", .broken)
                try await cluster.send("POST", cluster.maps, Cluster.map("no")).refused(
                    500, "InternalError", "failed calling webhook \"v.hooks.example.dev\"")
                hooks.set("/v", .late)
                let began = ContinuousClock.now
                try await cluster.send("POST", cluster.maps, Cluster.map("no")).refused(
                    500, "InternalError", "context deadline exceeded")
                #expect(ContinuousClock.now - began < .seconds(3.8), "the time-out is two seconds")
                try await cluster.send("GET", "\(cluster.maps)/no").refused(404, "NotFound")
                try await cluster.unhook(["/v"])
            }
        },
        Case("failurePolicy Ignore lets a write pass when the webhook is broken, late or not there") { cluster in
            try await HookServer.with { hooks in
                try await cluster.hook(hooks, "/m", ["failurePolicy": "Ignore"])
                _ = try await cluster.hooked(hooks, until: ["/m"])
                hooks.set("/m", .broken)
                try await cluster.map("broken")
                hooks.set("/m", .late)
                try await cluster.map("late")
                try await cluster.unhook(["/m"])
            }
        },
        Case("nobody listens: refused under Fail, passed under Ignore") { cluster in
            for (policy, code) in [("Fail", 500), ("Ignore", 201)] {
                let config: JSONValue = ["url": "https://127.0.0.1:1/x"]
                try await cluster.hook(
                    nil, "/n", isMutating: false, ["failurePolicy": .string(policy), "clientConfig": config])
                if code == 500 {
                    try await cluster.eventually("the webhook counts") {
                        let answer = try await cluster.send("POST", "\(cluster.maps)?dryRun=All", Cluster.map("try"))
                        return answer.status == 500 && answer.text.contains("connection refused")
                    }
                } else {
                    try await cluster.map("passed")
                }
                try await cluster.unhook(["/n"])
                try await cluster.eventually("the webhook counts no more") {
                    try await cluster.send("POST", "\(cluster.maps)?dryRun=All", Cluster.map("try")).status == 201
                }
            }
        },
        Case("objectSelector: asked about objects with the labels, and about those that lose them") { cluster in
            try await HookServer.with { hooks in
                try await cluster.hook(hooks, "/m", ["objectSelector": ["matchLabels": ["mesh": "yes"]]])
                _ = try await cluster.hooked(hooks, until: ["/m"], labels: ["mesh": "yes"])
                hooks.forget()
                try await cluster.map("plain")
                #expect(hooks.paths == [])
                try await cluster.map("chosen", labels: ["mesh": "yes"])
                #expect(hooks.paths == ["/m"])
                try await cluster.expect(
                    200, "PATCH", "\(cluster.maps)/chosen", ["metadata": ["labels": nil]],
                    type: "application/merge-patch+json")
                #expect(hooks.paths == ["/m", "/m"])
                #expect(hooks.calls.last?.request["operation"] == "UPDATE")
                try await cluster.unhook(["/m"])
            }
        },
        Case("namespaceSelector: asked about the objects of namespaces with the labels") { cluster in
            try await HookServer.with { hooks in
                try await cluster.hook(hooks, "/m")
                _ = try await cluster.hooked(hooks, until: ["/m"])
                hooks.forget()
                let other = "\(cluster.namespace)-o"
                try await cluster.create(
                    "/api/v1/namespaces",
                    ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(other)]])
                try await cluster.create("/api/v1/namespaces/\(other)/configmaps", Cluster.map("a"))
                #expect(hooks.paths == [])
                try await cluster.map("b")
                #expect(hooks.calls.map { $0.request["namespace"]?.string } == [cluster.namespace])
                try await cluster.expect(200, "DELETE", "/api/v1/namespaces/\(other)")
                try await cluster.unhook(["/m"])
            }
        },
        Case("a dry run asks webhooks and says so") { cluster in
            try await HookServer.with { hooks in
                hooks.set("/m", .patch([["op": "add", "path": "/data/seen", "value": "1"]]))
                try await cluster.hook(hooks, "/m")
                let made = try await cluster.hooked(hooks, until: ["/m"])
                #expect(made?["data"] == ["x": "1", "seen": "1"])
                #expect(hooks.calls.last?.request["dryRun"] == true)
                try await cluster.send("GET", "\(cluster.maps)/try").refused(404, "NotFound")
                try await cluster.unhook(["/m"])
            }
        },
        Case("a webhook that asks for it is called again after later changes") { cluster in
            try await HookServer.with { hooks in
                hooks.set("/b", .patch([["op": "add", "path": "/data/b", "value": "1"]]))
                try await cluster.hook(hooks, "/a", ["reinvocationPolicy": "IfNeeded"])
                try await cluster.hook(hooks, "/b")
                _ = try await cluster.hooked(hooks, until: ["/a", "/b", "/a"])
                #expect(hooks.paths == ["/a", "/b", "/a"])
                try await cluster.unhook(["/a", "/b"])
            }
        },
        Case("deletions are reviewed with what is deleted, and may be refused") { cluster in
            try await HookServer.with { hooks in
                try await cluster.map("keep")
                try await cluster.hook(hooks, "/v", isMutating: false)
                _ = try await cluster.hooked(hooks, until: ["/v"])
                hooks.set("/v", .deny("keep it"))
                try await cluster.send("DELETE", "\(cluster.maps)/keep").refused(403, "Forbidden", "keep it")
                let request = hooks.calls.last?.request
                #expect(request?["operation"] == "DELETE")
                #expect(request?[at: "oldObject.metadata.name"] == "keep")
                #expect(request?["object"] == .null)
                _ = try await cluster.get("\(cluster.maps)/keep")
                try await cluster.unhook(["/v"])
            }
        },
        Case("what webhooks add to a pod is stored") { cluster in
            try await HookServer.with { hooks in
                try await cluster.account("app")
                let sidecar: JSONValue = ["name": "proxy", "image": "proxy", "resources": [:]]
                hooks.set("/m", .patch([["op": "add", "path": "/spec/containers/-", "value": sidecar]]))
                let rule: JSONValue = [
                    "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"],
                ]
                try await cluster.hook(hooks, "/m", ["rules": [rule]])
                let pods = cluster.path("pods")
                let pod: JSONValue = [
                    "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"],
                    "spec": ["serviceAccountName": "app", "containers": [["name": "c", "image": "i"]]],
                ]
                try await cluster.eventually("the webhook counts") {
                    _ = try await cluster.send("POST", "\(pods)?dryRun=All", pod)
                    return !hooks.calls.isEmpty
                }
                let made = try await cluster.create(pods, pod)
                let containers = made[at: "spec.containers"]?.array ?? []
                #expect(containers.map { $0["name"] } == ["c", "proxy"])
                #expect(containers.last?["imagePullPolicy"] == "Always", "defaults are filled in afterwards")
                try await cluster.unhook(["/m"])
            }
        },
        Case("a configuration that cannot work is refused with its field") { cluster in
            let webhook: JSONValue = [
                "name": "nodots", "sideEffects": "None", "admissionReviewVersions": ["v1"], "timeoutSeconds": 31,
                "clientConfig": ["url": "http://plain.example/x"],
            ]
            let failure = try await cluster.send(
                "POST", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
                [
                    "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
                    "metadata": ["name": .string(cluster.namespace)], "webhooks": [webhook],
                ]
            ).refused(422, "Invalid")
            let fields = (failure[at: "details.causes"]?.array ?? []).compactMap { $0["field"]?.string }
            let wanted = ["webhooks[0].name", "webhooks[0].timeoutSeconds", "webhooks[0].clientConfig.url"]
            #expect(Set(fields) == Set(wanted), "\(fields)")
        },
    ]
}

extension Cluster {
    private func configuration(_ path: String, isMutating: Bool) -> (target: String, name: String) {
        let plural = "\(isMutating ? "mutating" : "validating")webhookconfigurations"
        return (
            "/apis/admissionregistration.k8s.io/v1/\(plural)", "\(self.namespace)\(path.replacing("/", with: "-"))"
        )
    }

    /// Registers a webhook for the ConfigMaps of the case's namespace.
    func hook(
        _ hooks: HookServer?, _ path: String, isMutating: Bool = true, _ changes: JSONValue = [:]
    ) async throws {
        var webhook: JSONValue = [
            "name": .string("\(path.dropFirst()).hooks.example.dev"), "sideEffects": "None",
            "admissionReviewVersions": ["v1"], "timeoutSeconds": 2,
            "namespaceSelector": ["matchLabels": ["case": .string(self.namespace)]],
            "rules": [["apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]]],
        ]
        if let hooks { webhook["clientConfig"] = hooks.clientConfig(path) }
        for (name, value) in changes.object ?? [:] { webhook[name] = value }
        let (target, name) = self.configuration(path, isMutating: isMutating)
        try await self.create(
            target,
            [
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": .string("\(isMutating ? "Mutating" : "Validating")WebhookConfiguration"),
                "metadata": ["name": .string(name)], "webhooks": [webhook],
            ])
    }

    /// Removes the webhooks again.
    func unhook(_ paths: [String]) async throws {
        for path in paths {
            for isMutating in [true, false] {
                let (target, name) = self.configuration(path, isMutating: isMutating)
                _ = try await self.send("DELETE", "\(target)/\(name)")
            }
        }
    }

    /// Tries a dry run until the webhooks that a configuration names are called (the real server learns of them by a
    /// watch); the answer's document, when it is one of success.
    func hooked(_ hooks: HookServer, until paths: [String], labels: JSONValue = [:]) async throws -> JSONValue? {
        var document: JSONValue?
        try await self.eventually("\(paths) are called") {
            hooks.forget()
            let answer = try await self.send(
                "POST", "\(self.maps)?dryRun=All", Cluster.map("try", labels: labels, data: ["x": "1"]))
            document = answer.status == 201 ? answer.document : nil
            return hooks.paths == paths
        }
        return document
    }
}
