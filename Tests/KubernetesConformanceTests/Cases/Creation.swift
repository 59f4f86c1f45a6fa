import Foundation
import MeshModel
import Testing

extension Case {
    static let creation: [Case] = [
        Case("a created object has a uid, a revision and a time of the server's") { cluster in
            let sent = Cluster.map(
                "a", data: ["k": "v"], metadata: ["uid": "mine", "creationTimestamp": "2001-01-01T00:00:00Z"])
            let made = try await cluster.create(cluster.maps, sent)
            #expect(!made.uid.isEmpty && made.uid != "mine")
            #expect(Int(made.revision) != nil)
            #expect(made[at: "metadata.creationTimestamp"]?.string?.hasPrefix("2001") == false)
            #expect(made[at: "metadata.namespace"]?.string == cluster.namespace)
            #expect(made["data"] == ["k": "v"])
            let read = try await cluster.get("\(cluster.maps)/a")
            #expect(read == made)
        },
        Case("generateName makes a new name each time") { cluster in
            var body = Cluster.map("x", metadata: ["generateName": "gen-"])
            body["metadata"]?["name"] = nil
            var names: Set<String> = []
            for _ in 0..<5 {
                let made = try await cluster.create(cluster.maps, body)
                let name = made[at: "metadata.name"]?.string ?? ""
                #expect(name.hasPrefix("gen-") && name.utf8.count == 9)
                #expect(made[at: "metadata.generateName"] == "gen-")
                names.insert(name)
            }
            #expect(names.count == 5)
        },
        Case("a name given beside generateName wins") { cluster in
            let made = try await cluster.create(cluster.maps, Cluster.map("x", metadata: ["generateName": "gen-"]))
            #expect(made[at: "metadata.name"] == "x")
        },
        Case("a long generateName is cut so that the name fits") { cluster in
            var body = Cluster.map("x", metadata: ["generateName": .string(String(repeating: "a", count: 80))])
            body["metadata"]?["name"] = nil
            let made = try await cluster.create(cluster.maps, body)
            #expect(made[at: "metadata.name"]?.string?.utf8.count == 63)
        },
        Case("a second object of the same name is refused as AlreadyExists") { cluster in
            try await cluster.map("a")
            let failure = try await cluster.send("POST", cluster.maps, Cluster.map("a")).refused(
                409, "AlreadyExists", "configmaps \"a\" already exists")
            #expect(failure["details"] == ["name": "a", "kind": "configmaps"])
        },
        Case("a dry run answers like a creation and stores nothing") { cluster in
            let made = try await cluster.create("\(cluster.maps)?dryRun=All", Cluster.map("a"))
            #expect(!made.uid.isEmpty)
            try await cluster.send("GET", "\(cluster.maps)/a").refused(404, "NotFound")
        },
        Case("spec changes raise the generation, other changes do not") { cluster in
            let path = cluster.path("deployments", group: "apps")
            let made = try await cluster.create(path, Self.deployment)
            #expect(made[at: "metadata.generation"]?.integer == 1)
            let labelled = try await cluster.expect(
                200, "PATCH", "\(path)/web", ["metadata": ["labels": ["a": "b"]]], type: "application/merge-patch+json")
            #expect(labelled[at: "metadata.generation"]?.integer == 1)
            let scaled = try await cluster.expect(
                200, "PATCH", "\(path)/web", ["spec": ["replicas": 3]], type: "application/merge-patch+json")
            #expect(scaled[at: "metadata.generation"]?.integer == 2)
            #expect(scaled.uid == made.uid)
        },
        Case("defaults are filled in") { cluster in
            let made = try await cluster.create(cluster.path("deployments", group: "apps"), Self.deployment)
            #expect(made[at: "spec.replicas"]?.integer == 1)
            #expect(made[at: "spec.strategy.type"] == "RollingUpdate")
            #expect(made[at: "spec.template.spec.restartPolicy"] == "Always")
            #expect(made[at: "spec.template.spec.dnsPolicy"] == "ClusterFirst")
            #expect(made[at: "spec.template.spec.containers.0.imagePullPolicy"] == "Always")
            #expect(made[at: "spec.template.spec.terminationGracePeriodSeconds"]?.integer == 30)
            let service = try await cluster.create(
                cluster.path("services"),
                ["apiVersion": "v1", "kind": "Service", "metadata": ["name": "s"], "spec": ["ports": [["port": 80]]]])
            #expect(service[at: "spec.type"] == "ClusterIP")
            #expect(service[at: "spec.ports.0.protocol"] == "TCP")
            #expect(service[at: "spec.ports.0.targetPort"]?.integer == 80)
            #expect(service[at: "spec.clusterIP"]?.string?.hasPrefix("10.") == true)
        },
        Case("a change without effect keeps the revision") { cluster in
            let made = try await cluster.map("a", data: ["k": "v"])
            let again = try await cluster.expect(
                200, "PATCH", "\(cluster.maps)/a", ["data": ["k": "v"]], type: "application/merge-patch+json")
            #expect(again.revision == made.revision)
            let replaced = try await cluster.expect(200, "PUT", "\(cluster.maps)/a", again)
            #expect(replaced.revision == made.revision)
        },
    ]

    static let deployment: JSONValue = [
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web"],
        "spec": [
            "selector": ["matchLabels": ["app": "web"]],
            "template": [
                "metadata": ["labels": ["app": "web"]], "spec": ["containers": [["name": "web", "image": "web"]]],
            ],
        ],
    ]

    // MARK: - Refusals

    static let errors: [Case] =
        Self.refusals.map { refusal in
            Case("refused: \(refusal.name)") { cluster in
                let target = refusal.target.replacing("NS", with: cluster.namespace)
                let answer = try await cluster.send(
                    refusal.method, target, refusal.body, type: refusal.type, headers: refusal.headers)
                let failure = answer.refused(refusal.code, refusal.reason, refusal.text)
                guard !refusal.fields.isEmpty else { return }
                let causes = failure[at: "details.causes"]?.array ?? []
                #expect(Set(causes.compactMap { $0["field"]?.string }) == Set(refusal.fields), "\(answer.text)")
            }
        } + [
            Case("a path that no resource has is 404, of an unknown group in plain text") { cluster in
                try await cluster.send("GET", cluster.path("nothings")).refused(404, "NotFound")
                let answer = try await cluster.send("GET", "/apis/nowhere.example/v1/things")
                #expect(answer.status == 404)
                #expect(answer.text.trimmingCharacters(in: .whitespacesAndNewlines) == "404 page not found")
            },
            Case("a body that is too large is refused") { cluster in
                let body = Cluster.map("a", data: ["k": .string(String(repeating: "x", count: 4 << 20))])
                try await cluster.send("POST", cluster.maps, body).refused(413, "RequestEntityTooLarge")
            },
            Case("a large object within the limits is kept whole") { cluster in
                let text = String(repeating: "0123456789abcdef", count: 55_000)
                try await cluster.map("a", data: ["k": .string(text)])
                #expect(try await cluster.get("\(cluster.maps)/a")[at: "data.k"]?.string == text)
                let body = Cluster.map("b", data: ["k": .string(text + text)])
                try await cluster.send("POST", cluster.maps, body).refused(422, "Invalid", "Too long")
            },
            Case("every mistake of an object is named with its path") { cluster in
                let body: JSONValue = [
                    "apiVersion": "v1", "kind": "Service", "metadata": ["name": "Bad_Name"],
                    "spec": ["ports": [["port": 0], ["port": 70_000, "name": "b", "protocol": "X"]]],
                ]
                let failure = try await cluster.send("POST", cluster.path("services"), body).refused(422, "Invalid")
                let fields = Set((failure[at: "details.causes"]?.array ?? []).compactMap { $0["field"]?.string })
                for field in [
                    "metadata.name", "spec.ports[0].name", "spec.ports[0].port", "spec.ports[1].port",
                    "spec.ports[1].protocol",
                ] {
                    #expect(fields.contains(field), "\(fields)")
                }
                #expect(failure[at: "details.kind"] == "Service")
            },
        ]

    private struct Refusal: Sendable {
        var name: String
        var method = "POST"
        var target = "/api/v1/namespaces/NS/configmaps"
        var body: JSONValue?
        var type = "application/json"
        var headers: [(String, String)] = []
        var code: Int
        var reason: String?
        var text = ""
        var fields: [String] = []
    }

    private static let refusals: [Refusal] = [
        Refusal(
            name: "reading what is not there", method: "GET", target: "/api/v1/namespaces/NS/configmaps/none",
            code: 404, reason: "NotFound", text: "configmaps \"none\" not found"),
        Refusal(
            name: "deleting what is not there", method: "DELETE", target: "/api/v1/namespaces/NS/configmaps/none",
            code: 404, reason: "NotFound"),
        Refusal(
            name: "replacing what is not there", method: "PUT", target: "/api/v1/namespaces/NS/configmaps/none",
            body: Cluster.map("none"), code: 404, reason: "NotFound"),
        Refusal(
            name: "patching what is not there", method: "PATCH", target: "/api/v1/namespaces/NS/configmaps/none",
            body: [:], type: "application/merge-patch+json", code: 404, reason: "NotFound"),
        Refusal(
            name: "a namespace that is not there", target: "/api/v1/namespaces/none-at-all/configmaps",
            body: Cluster.map("a"), code: 404, reason: "NotFound", text: "namespaces \"none-at-all\" not found"),
        Refusal(
            name: "a namespace unlike the path's", body: Cluster.map("a", metadata: ["namespace": "other"]), code: 400,
            reason: "BadRequest", text: "does not match the namespace"),
        Refusal(
            name: "a name unlike the path's", method: "PUT", target: "/api/v1/namespaces/NS/configmaps/b",
            body: Cluster.map("a"), code: 400, reason: "BadRequest", text: "does not match the name on the URL"),
        Refusal(
            name: "a bad name", body: Cluster.map("Bad Name"), code: 422, reason: "Invalid",
            text: "a lowercase RFC 1123 subdomain", fields: ["metadata.name"]),
        Refusal(
            name: "a bad label", body: Cluster.map("a", labels: ["a": "-b"]), code: 422, reason: "Invalid",
            fields: ["metadata.labels"]),
        Refusal(
            name: "no name at all", body: ["apiVersion": "v1", "kind": "ConfigMap", "metadata": [:]], code: 422,
            reason: "Invalid", text: "name or generateName is required", fields: ["metadata.name"]),
        Refusal(
            name: "a key that no ConfigMap may have", body: Cluster.map("a", data: ["b c": "d"]), code: 422,
            reason: "Invalid", fields: ["data[b c]"]),
        Refusal(
            name: "a body of another kind", body: ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "a"]],
            code: 400, reason: "BadRequest"),
        Refusal(
            name: "a value of the wrong type", body: Cluster.map("a", data: ["k": ["x"]]), code: 400,
            reason: "BadRequest"),
        Refusal(
            name: "a method that a resource has not", method: "PUT", target: "/api/v1/namespaces/NS/configmaps",
            body: Cluster.map("a"), code: 405, reason: "MethodNotAllowed"),
        Refusal(
            name: "a body in a format that is not known", body: Cluster.map("a"), type: "text/csv", code: 415,
            reason: "UnsupportedMediaType"),
        Refusal(
            name: "a patch in a format that is not known", method: "PATCH",
            target: "/api/v1/namespaces/NS/configmaps/kube-root-ca.crt", body: [:], type: "application/json", code: 415,
            reason: "UnsupportedMediaType"),
        Refusal(
            name: "an answer in a format that is not known", method: "GET", headers: [("accept", "text/csv")],
            code: 406, reason: "NotAcceptable"),
        Refusal(
            name: "a token that nobody issued", method: "GET", headers: [("authorization", "Bearer nonsense")],
            code: 401, reason: "Unauthorized"),
        Refusal(
            name: "a bad label selector", method: "GET",
            target: "/api/v1/namespaces/NS/configmaps?labelSelector=a%20in%20b", code: 400, reason: "BadRequest"),
        Refusal(
            name: "a field selector on an unknown field", method: "GET",
            target: "/api/v1/namespaces/NS/configmaps?fieldSelector=data.x%3Dy", code: 400, reason: "BadRequest"),
        Refusal(
            name: "a continue token of nobody's", method: "GET",
            target: "/api/v1/namespaces/NS/configmaps?limit=1&continue=nonsense", code: 400, reason: "BadRequest"),
        Refusal(
            name: "an unknown dryRun", target: "/api/v1/namespaces/NS/configmaps?dryRun=Some", body: Cluster.map("a"),
            code: 422, reason: "Invalid"),
        Refusal(
            name: "a Service without ports", target: "/api/v1/namespaces/NS/services",
            body: ["apiVersion": "v1", "kind": "Service", "metadata": ["name": "a"], "spec": [:]], code: 422,
            reason: "Invalid", fields: ["spec.ports"]),
        Refusal(
            name: "a Deployment whose selector misses its pods", target: "/apis/apps/v1/namespaces/NS/deployments",
            body: Self.unselected, code: 422, reason: "Invalid", fields: ["spec.template.metadata.labels"]),
        Refusal(
            name: "a resourceVersion on creation", body: Cluster.map("a", metadata: ["resourceVersion": "5"]),
            code: 500, reason: nil, text: "resourceVersion should not be set"),
    ]

    private static let unselected: JSONValue = {
        var body = Self.deployment
        body["spec"]?["selector"] = ["matchLabels": ["app": "other"]]
        return body
    }()
}
