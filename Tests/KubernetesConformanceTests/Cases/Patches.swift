import MeshModel
import Testing

extension Case {
    private static let json = "application/json-patch+json"
    private static let merge = "application/merge-patch+json"
    private static let strategic = "application/strategic-merge-patch+json"

    static let patches: [Case] = [
        Case("a JSON patch adds, replaces, removes, moves, copies and tests") { cluster in
            try await cluster.map("a", data: ["x": "1", "y": "2", "z": "3"])
            let operations: JSONValue = [
                ["op": "test", "path": "/data/x", "value": "1"], ["op": "add", "path": "/data/w", "value": "0"],
                ["op": "replace", "path": "/data/x", "value": "11"], ["op": "remove", "path": "/data/y"],
                ["op": "move", "from": "/data/z", "path": "/data/v"],
                ["op": "copy", "from": "/data/x", "path": "/data/u"],
            ]
            let stored = try await cluster.expect(200, "PATCH", "\(cluster.maps)/a", operations, type: Self.json)
            #expect(stored["data"] == ["w": "0", "x": "11", "v": "3", "u": "11"])
        },
        Case("a JSON patch that does not apply changes nothing") { cluster in
            let made = try await cluster.map("a", data: ["x": "1"])
            for operation: JSONValue in [
                ["op": "test", "path": "/data/x", "value": "2"], ["op": "remove", "path": "/data/none"],
                ["op": "add", "path": "/metadata/annotations/a", "value": "b"],
            ] {
                let patch: JSONValue = [["op": "add", "path": "/data/first", "value": "1"], operation]
                try await cluster.send("PATCH", "\(cluster.maps)/a", patch, type: Self.json).refused(422, "Invalid")
            }
            #expect(try await cluster.get("\(cluster.maps)/a") == made)
        },
        Case("a JSON patch escapes slashes") { cluster in
            try await cluster.map("a", metadata: ["annotations": ["example.dev/x": "1"]])
            let operations: JSONValue = [
                ["op": "test", "path": "/metadata/annotations/example.dev~1x", "value": "1"],
                ["op": "replace", "path": "/metadata/annotations/example.dev~1x", "value": "9"],
            ]
            let stored = try await cluster.expect(200, "PATCH", "\(cluster.maps)/a", operations, type: Self.json)
            #expect(stored[at: "metadata.annotations"] == ["example.dev/x": "9"])
        },
        Case("a merge patch replaces lists, merges objects and removes by null") { cluster in
            let path = "\(cluster.path("services"))/s"
            try await cluster.create(
                cluster.path("services"),
                [
                    "apiVersion": "v1", "kind": "Service", "metadata": ["name": "s", "labels": ["a": "1", "b": "2"]],
                    "spec": ["ports": [["name": "a", "port": 1], ["name": "b", "port": 2]], "selector": ["x": "y"]],
                ])
            let stored = try await cluster.expect(
                200, "PATCH", path,
                [
                    "metadata": ["labels": ["a": nil, "c": "3"]],
                    "spec": ["ports": [["name": "c", "port": 3]], "selector": nil],
                ], type: Self.merge)
            #expect(stored[at: "metadata.labels"] == ["b": "2", "c": "3"])
            #expect(stored[at: "spec.ports"]?.array?.map { $0["name"] } == ["c"])
            #expect(stored[at: "spec.selector"] == nil)
        },
        Case("a strategic merge patch merges lists by their key and deletes by directive") { cluster in
            let path = "\(cluster.path("deployments", group: "apps"))/web"
            try await cluster.create(cluster.path("deployments", group: "apps"), Self.deployment)
            func containers(_ list: JSONValue) -> JSONValue { ["spec": ["template": ["spec": ["containers": list]]]] }
            var stored = try await cluster.expect(
                200, "PATCH", path,
                containers([
                    ["name": "side", "image": "side"], ["name": "web", "env": [["name": "A", "value": "1"]]],
                ]),
                type: Self.strategic)
            let list = stored[at: "spec.template.spec.containers"]?.array ?? []
            #expect(Set(list.compactMap { $0["name"]?.string }) == ["web", "side"])
            #expect(list.first { $0["name"] == "web" }?["image"] == "web", "what the patch leaves out stays")
            stored = try await cluster.expect(
                200, "PATCH", path, containers([["name": "web", "env": [["name": "B", "value": "2"]]]]),
                type: Self.strategic)
            let web = stored[at: "spec.template.spec.containers"]?.array?.first { $0["name"] == "web" }
            #expect(Set((web?["env"]?.array ?? []).compactMap { $0["name"]?.string }) == ["A", "B"])
            stored = try await cluster.expect(
                200, "PATCH", path, containers([["name": "side", "$patch": "delete"]]), type: Self.strategic)
            #expect(stored[at: "spec.template.spec.containers"]?.array?.map { $0["name"] } == ["web"])
            stored = try await cluster.expect(
                200, "PATCH", path,
                containers([["$patch": "replace"], ["name": "only", "image": "only"]]), type: Self.strategic)
            #expect(stored[at: "spec.template.spec.containers"]?.array?.map { $0["name"] } == ["only"])
        },
        Case("custom resources take no strategic merge patch") { cluster in
            try await cluster.withWidgets { widgets in
                try await cluster.create(widgets, cluster.widget("w"))
                try await cluster.send("PATCH", "\(widgets)/w", ["spec": [:]], type: Self.strategic).refused(
                    415, "UnsupportedMediaType")
            }
        },
        Case("a patch that makes an object invalid is refused") { cluster in
            try await cluster.create(cluster.path("deployments", group: "apps"), Self.deployment)
            let failure = try await cluster.send(
                "PATCH", "\(cluster.path("deployments", group: "apps"))/web", ["spec": ["replicas": -1]],
                type: Self.merge
            ).refused(422, "Invalid")
            #expect(failure[at: "details.causes.0.field"] == "spec.replicas")
        },
        Case("a patch cannot change a name, a kind or what is immutable") { cluster in
            try await cluster.map("a")
            let target = "\(cluster.maps)/a"
            try await cluster.send("PATCH", target, ["metadata": ["name": "b"]], type: Self.merge).refused(
                400, "BadRequest")
            let deployments = cluster.path("deployments", group: "apps")
            try await cluster.create(deployments, Self.deployment)
            let failure = try await cluster.send(
                "PATCH", "\(deployments)/web", ["spec": ["selector": ["matchLabels": ["app": "else"]]]],
                type: Self.merge
            ).refused(422, "Invalid")
            let fields = (failure[at: "details.causes"]?.array ?? []).compactMap { $0["field"]?.string }
            #expect(fields.contains("spec.selector"), "\(fields)")
        },
        Case("a dry-run patch answers the result and stores nothing") { cluster in
            let made = try await cluster.map("a", data: ["k": "1"])
            let tried = try await cluster.expect(
                200, "PATCH", "\(cluster.maps)/a?dryRun=All", ["data": ["k": "2"]], type: Self.merge)
            #expect(tried["data"] == ["k": "2"])
            #expect(try await cluster.get("\(cluster.maps)/a") == made)
        },
    ]

    // MARK: - Server-side apply

    static let serverSideApply: [Case] = [
        Case("an apply creates, changes, and does nothing when nothing differs") { cluster in
            let target = "\(cluster.maps)/a"
            let made = try await cluster.apply(target, Cluster.map("a", data: ["k": "1"]), by: "one").accepted(201)
            let changed = try await cluster.apply(target, Cluster.map("a", data: ["k": "2"]), by: "one").accepted()
            #expect(changed["data"] == ["k": "2"])
            #expect(changed.uid == made.uid)
            let again = try await cluster.apply(target, Cluster.map("a", data: ["k": "2"]), by: "one").accepted()
            #expect(again.revision == changed.revision)
        },
        Case("a field that its only owner leaves out is removed, one that another owns stays") { cluster in
            let target = "\(cluster.maps)/a"
            _ = try await cluster.apply(target, Self.applied(["x": "1", "y": "2", "z": "3"]), by: "one").accepted(201)
            _ = try await cluster.apply(target, Self.applied(["y": "2", "w": "4"]), by: "two").accepted()
            let stored = try await cluster.apply(target, Self.applied(["x": "1"]), by: "one").accepted()
            #expect(stored["data"] == ["x": "1", "y": "2", "w": "4"])
        },
        Case("an apply over another's field is a conflict that names owner and field, unless forced") { cluster in
            let target = "\(cluster.maps)/a"
            _ = try await cluster.apply(target, Self.applied(["x": "1"]), by: "one").accepted(201)
            let failure = try await cluster.apply(target, Self.applied(["x": "2"]), by: "two").refused(
                409, "Conflict", "Apply failed with 1 conflict")
            let cause = failure[at: "details.causes.0"]
            #expect(cause?["reason"] == "FieldManagerConflict")
            #expect(cause?["field"] == ".data.x")
            #expect(cause?["message"]?.string?.contains("conflict with \"one\"") == true)
            let forced = try await cluster.apply(target, Self.applied(["x": "2"]), by: "two", force: true).accepted()
            #expect(forced["data"] == ["x": "2"])
            try await cluster.apply(target, Self.applied(["x": "3"]), by: "one").refused(409, "Conflict")
        },
        Case("two managers may own the same field with the same value") { cluster in
            let target = "\(cluster.maps)/a"
            _ = try await cluster.apply(target, Self.applied(["x": "1"]), by: "one").accepted(201)
            let shared = try await cluster.apply(target, Self.applied(["x": "1"]), by: "two").accepted()
            let owners = (shared[at: "metadata.managedFields"]?.array ?? []).filter {
                $0[at: "fieldsV1.f:data.f:x"] != nil
            }
            #expect(Set(owners.compactMap { $0["manager"]?.string }) == ["one", "two"])
            #expect(owners.allSatisfy { $0["operation"] == "Apply" })
        },
        Case("an update takes fields over and the applier then conflicts") { cluster in
            let target = "\(cluster.maps)/a"
            _ = try await cluster.apply(target, Self.applied(["x": "1"]), by: "one").accepted(201)
            try await cluster.expect(
                200, "PATCH", "\(target)?fieldManager=editor", ["data": ["x": "2"]], type: Self.merge)
            try await cluster.apply(target, Self.applied(["x": "3"]), by: "one").refused(409, "Conflict")
            let stored = try await cluster.apply(target, Self.applied([:]), by: "one").accepted()
            #expect(stored["data"] == ["x": "2"], "it is the editor's now")
        },
        Case("lists with a key merge by it and entries are owned one by one") { cluster in
            func service(_ ports: JSONValue) -> JSONValue {
                ["apiVersion": "v1", "kind": "Service", "metadata": ["name": "s"], "spec": ["ports": ports]]
            }
            let target = "\(cluster.path("services"))/s"
            _ = try await cluster.apply(
                target, service([["name": "a", "port": 1, "protocol": "TCP"]]), by: "one"
            ).accepted(201)
            var stored = try await cluster.apply(
                target, service([["name": "b", "port": 2, "protocol": "TCP"]]), by: "two"
            ).accepted()
            #expect(Set((stored[at: "spec.ports"]?.array ?? []).compactMap { $0["name"]?.string }) == ["a", "b"])
            stored = try await cluster.apply(
                target, service([["name": "c", "port": 3, "protocol": "TCP"]]), by: "one"
            ).accepted()
            #expect(Set((stored[at: "spec.ports"]?.array ?? []).compactMap { $0["name"]?.string }) == ["b", "c"])
        },
        Case("sets merge and each owner removes its own entries") { cluster in
            func map(_ finalizers: JSONValue) -> JSONValue { Cluster.map("a", metadata: ["finalizers": finalizers]) }
            let target = "\(cluster.maps)/a"
            _ = try await cluster.apply(target, map(["example.dev/a"]), by: "one").accepted(201)
            var stored = try await cluster.apply(target, map(["example.dev/b"]), by: "two").accepted()
            #expect(stored[at: "metadata.finalizers"]?.array?.count == 2)
            stored = try await cluster.apply(target, map([]), by: "one").accepted()
            #expect(stored[at: "metadata.finalizers"] == ["example.dev/b"])
            _ = try await cluster.apply(target, map([]), by: "two")
        },
        Case("an apply without a manager, with managedFields or of another name is refused") { cluster in
            let target = "\(cluster.maps)/a"
            let type = "application/apply-patch+yaml"
            let none = try await cluster.send("PATCH", target, Cluster.map("a"), type: type)
            #expect((400..<500).contains(none.status), "\(none.text)")
            let made = try await cluster.apply(target, Self.applied(["x": "1"]), by: "one").accepted(201)
            var owned = Self.applied(["x": "1"])
            owned["metadata"]?["managedFields"] = made[at: "metadata.managedFields"]
            try await cluster.apply(target, owned, by: "one").refused(400, "BadRequest", "managedFields must be nil")
            try await cluster.apply(target, Cluster.map("b"), by: "one").refused(400, "BadRequest")
        },
        Case("an apply with a revision that has passed is a conflict") { cluster in
            let target = "\(cluster.maps)/a"
            let first = try await cluster.apply(target, Self.applied(["x": "1"]), by: "one").accepted(201)
            _ = try await cluster.apply(target, Self.applied(["x": "2"]), by: "one").accepted()
            var late = Self.applied(["x": "3"])
            late["metadata"]?["resourceVersion"] = .string(first.revision)
            try await cluster.apply(target, late, by: "one").refused(409, "Conflict")
        },
        Case("owners of fields are emptied by a list with one empty entry") { cluster in
            let target = "\(cluster.maps)/a"
            _ = try await cluster.apply(target, Self.applied(["x": "1"]), by: "one").accepted(201)
            let cleared = try await cluster.expect(
                200, "PATCH", target, ["metadata": ["managedFields": [[:]]]], type: Self.merge)
            #expect(cleared[at: "metadata.managedFields"]?.array?.isEmpty ?? true)
        },
    ]

    private static func applied(_ data: JSONValue) -> JSONValue {
        ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a"], "data": data]
    }
}
