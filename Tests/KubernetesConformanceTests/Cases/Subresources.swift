import MeshModel
import Testing

extension Case {
    private static let merge = "application/merge-patch+json"

    /// The status subresource writes the status alone, and nothing else writes it.
    static let subresources: [Case] = [
        Case("a write of the object leaves its status, a write of the status leaves its spec") { cluster in
            try await cluster.withWidgets { widgets in
                let made = try await cluster.create(widgets, cluster.widget("w", status: ["ready": true]))
                #expect(made["status"] == nil, "a new object has no status of the client's")
                let stated = try await cluster.expect(
                    200, "PATCH", "\(widgets)/w/status",
                    ["spec": ["size": "large"], "status": ["ready": true], "metadata": ["labels": ["a": "b"]]],
                    type: Self.merge)
                #expect(stated["status"] == ["ready": true])
                #expect(stated[at: "spec.size"] == "small")
                #expect(stated[at: "metadata.labels"] == nil)
                #expect(stated[at: "metadata.generation"]?.integer == 1)
                let changed = try await cluster.expect(
                    200, "PATCH", "\(widgets)/w", ["spec": ["size": "large"], "status": ["ready": false]],
                    type: Self.merge)
                #expect(changed["status"] == ["ready": true])
                #expect(changed[at: "spec.size"] == "large")
                #expect(changed[at: "metadata.generation"]?.integer == 2)
            }
        },
        Case("the status of a built-in kind is apart as well") { cluster in
            let path = cluster.path("deployments", group: "apps")
            try await cluster.create(path, Self.deployment)
            let status: JSONValue = [
                "replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "observedGeneration": 1,
            ]
            let stated = try await cluster.expect(
                200, "PATCH", "\(path)/web/status", ["spec": ["replicas": 7], "status": status], type: Self.merge)
            #expect(stated[at: "status.readyReplicas"]?.integer == 1)
            #expect(stated[at: "spec.replicas"]?.integer == 1)
            let changed = try await cluster.expect(
                200, "PATCH", "\(path)/web", ["status": ["readyReplicas": 9]], type: Self.merge)
            #expect(changed[at: "status.readyReplicas"]?.integer == 1)
        },
        Case("a status is checked against the schema") { cluster in
            try await cluster.withWidgets { widgets in
                try await cluster.create(widgets, cluster.widget("w"))
                let failure = try await cluster.send(
                    "PATCH", "\(widgets)/w/status", ["status": ["ready": "maybe"]], type: Self.merge
                ).refused(422, "Invalid")
                #expect(failure[at: "details.causes.0.field"] == "status.ready")
            }
        },
        Case("an applied status is owned apart from the spec") { cluster in
            try await cluster.withWidgets { widgets in
                try await cluster.create(widgets, cluster.widget("w"))
                let version: JSONValue = .string("\(cluster.group)/v1")
                let applied: JSONValue = [
                    "apiVersion": version, "kind": "Widget", "metadata": ["name": "w"], "status": ["ready": true],
                ]
                let stated = try await cluster.apply("\(widgets)/w/status", applied, by: "controller").accepted()
                #expect(stated["status"] == ["ready": true])
                #expect(stated[at: "spec.size"] == "small")
                var other = applied
                other["status"] = ["ready": false]
                try await cluster.apply("\(widgets)/w/status", other, by: "another").refused(409, "Conflict")
            }
        },
        Case("a kind without the subresource has no such path") { cluster in
            try await cluster.map("a")
            try await cluster.send("GET", "\(cluster.maps)/a/status").refused(404, "NotFound")
        },
        Case("the scale subresource reads and sets the number of replicas") { cluster in
            let path = cluster.path("deployments", group: "apps")
            try await cluster.create(path, Self.deployment)
            var scale = try await cluster.get("\(path)/web/scale")
            #expect(scale["kind"] == "Scale")
            #expect(scale[at: "spec.replicas"]?.integer == 1)
            #expect(scale[at: "status.selector"] == "app=web")
            scale["spec"] = ["replicas": 4]
            try await cluster.expect(200, "PUT", "\(path)/web/scale", scale)
            #expect(try await cluster.get("\(path)/web")[at: "spec.replicas"]?.integer == 4)
        },
    ]
}
