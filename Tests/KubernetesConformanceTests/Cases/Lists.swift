import MeshModel
import Testing

extension Case {
    static let lists: [Case] =
        [
            Case("a list has its own kind and a revision") { cluster in
                try await cluster.map("a")
                let list = try await cluster.get(cluster.maps)
                #expect(list["kind"] == "ConfigMapList")
                #expect(list["apiVersion"] == "v1")
                #expect(Int(list.revision) != nil)
                #expect(list[at: "items.0.kind"] == nil, "items of built-in kinds do not repeat it")
            },
            Case("pages make one consistent list, whatever is written meanwhile") { cluster in
                for index in 0..<7 { try await cluster.map("m\(index)", labels: ["page": "x"]) }
                var names: [String] = []
                var next = ""
                var revision: String?
                repeat {
                    let list = try await cluster.get("\(cluster.maps)?limit=3&continue=\(next)")
                    if let revision { #expect(list.revision == revision) }
                    revision = list.revision
                    names += list.names
                    next = list[at: "metadata.continue"]?.string ?? ""
                    if names.count == 3 {
                        try await cluster.map("m9")
                        try await cluster.expect(200, "DELETE", "\(cluster.maps)/m5")
                        #expect(list[at: "metadata.remainingItemCount"]?.integer ?? 0 >= 4)
                    }
                } while !next.isEmpty
                #expect(names.filter { $0.hasPrefix("m") } == (0..<7).map { "m\($0)" })
                let now = try await cluster.get(cluster.maps)
                #expect(now.names.contains("m9") && !now.names.contains("m5"))
            },
            Case("the last page has neither continue nor remainingItemCount") { cluster in
                for index in 0..<2 { try await cluster.map("m\(index)", labels: ["l": "1"]) }
                let list = try await cluster.get("\(cluster.maps)?labelSelector=l%3D1&limit=2")
                #expect(list.names.count == 2)
                #expect(list[at: "metadata.remainingItemCount"] == nil)
                let exact = try await cluster.get("\(cluster.maps)?fieldSelector=metadata.name%3Dm1&limit=5")
                #expect(exact[at: "metadata.continue"] == nil)
            },
            Case("a list of the exact revision is as it was") { cluster in
                try await cluster.map("a")
                let before = try await cluster.get(cluster.maps)
                try await cluster.map("b")
                let target = "\(cluster.maps)?resourceVersion=\(before.revision)&resourceVersionMatch=Exact&limit=50"
                let list = try await cluster.get(target)
                #expect(list.names == before.names)
                #expect(list.revision == before.revision)
            },
            Case("a list not older than a revision has what was written at it") { cluster in
                let made = try await cluster.map("a")
                let list = try await cluster.get(
                    "\(cluster.maps)?resourceVersion=\(made.revision)&resourceVersionMatch=NotOlderThan")
                #expect(list.names.contains("a"))
                let any = try await cluster.get("\(cluster.maps)?resourceVersion=0")
                #expect(any["kind"] == "ConfigMapList")
            },
            Case("resourceVersionMatch without a revision is refused") { cluster in
                try await cluster.send("GET", "\(cluster.maps)?resourceVersionMatch=Exact").refused(422, "Invalid")
                try await cluster.send("GET", "\(cluster.maps)?resourceVersion=0&resourceVersionMatch=Exact").refused(
                    422, "Invalid")
            },
            Case("a list over all namespaces has those of each") { cluster in
                try await cluster.map("a", labels: ["who": .string(cluster.namespace)])
                let list = try await cluster.get("/api/v1/configmaps?labelSelector=who%3D\(cluster.namespace)")
                #expect(list.names == ["a"])
                #expect(list[at: "items.0.metadata.namespace"]?.string == cluster.namespace)
            },
            Case("names and namespaces can be selected by field, one of several terms is not enough") { cluster in
                for name in ["a", "b"] { try await cluster.map(name) }
                func names(_ selector: String) async throws -> [String] {
                    try await cluster.get("\(cluster.maps)?fieldSelector=\(selector)").names.filter { $0.count == 1 }
                }
                #expect(try await names("metadata.name%3Da") == ["a"])
                #expect(try await names("metadata.name!%3Da") == ["b"])
                #expect(try await names("metadata.name%3Da,metadata.namespace%3D\(cluster.namespace)") == ["a"])
                #expect(try await names("metadata.name%3Da,metadata.name%3Db") == [])
            },
            Case("pods can be selected by node and phase") { cluster in
                try await cluster.eventually("the account is there") {
                    try await cluster.send("GET", "\(cluster.path("serviceaccounts"))/default").status == 200
                }
                let pods = cluster.path("pods")
                for (name, node) in [("a", "n1"), ("b", "n2")] {
                    try await cluster.create(
                        pods,
                        [
                            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name)],
                            "spec": ["nodeName": .string(node), "containers": [["name": "c", "image": "i"]]],
                        ])
                }
                func selected(_ selector: String) async throws -> [String] {
                    let list = try await cluster.get("\(pods)?fieldSelector=\(selector)")
                    return list.names
                }
                #expect(try await selected("spec.nodeName%3Dn1") == ["a"])
                #expect(try await selected("spec.nodeName!%3Dn1") == ["b"])
                #expect(try await selected("status.phase%3DPending") == ["a", "b"])
                #expect(try await selected("status.phase%3DRunning") == [])
            },
            Case("only metadata is sent to those who ask for it") { cluster in
                try await cluster.map("a", labels: ["x": "y"], data: ["k": "v"])
                let header = ("accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
                let list = try await cluster.expect(200, "GET", cluster.maps, headers: [header])
                #expect(list["kind"] == "PartialObjectMetadataList")
                let item = list["items"]?.array?.first { $0[at: "metadata.name"] == "a" }
                #expect(item?[at: "metadata.labels.x"] == "y")
                #expect(item?["data"] == nil)
            },
        ]
        + Self.selections.map { selection in
            Case("labels selected by \(selection.selector)") { cluster in
                try await cluster.map("a", labels: ["app": "web", "tier": "front"])
                try await cluster.map("b", labels: ["app": "api"])
                try await cluster.map("c", labels: ["tier": "back"])
                let encoded = selection.selector.replacing("=", with: "%3D").replacing(" ", with: "%20")
                let list = try await cluster.get("\(cluster.maps)?labelSelector=\(encoded)")
                #expect(list.names.filter { $0.count == 1 } == selection.names)
            }
        }

    private static let selections: [(selector: String, names: [String])] = [
        ("app=web", ["a"]), ("app==web", ["a"]), ("app!=web", ["b", "c"]), ("app", ["a", "b"]), ("!app", ["c"]),
        ("app in (web, api)", ["a", "b"]), ("app notin (web)", ["b", "c"]), ("app,tier=front", ["a"]),
        ("tier in (front),app=api", []),
    ]

    // MARK: - Tables

    static let tables: [Case] = [
        Case("a table has columns, cells and the metadata of its objects") { cluster in
            try await cluster.map("a", data: ["x": "1", "y": "2"])
            let table = try await cluster.expect(
                200, "GET", "\(cluster.maps)?fieldSelector=metadata.name%3Da", headers: [Self.asTable])
            #expect(table["kind"] == "Table")
            let columns = (table["columnDefinitions"]?.array ?? []).compactMap { $0["name"]?.string }
            #expect(columns == ["Name", "Data", "Age"])
            let cells = table[at: "rows.0.cells"]?.array ?? []
            #expect(Array(cells.prefix(2)) == ["a", 2])
            #expect(table[at: "rows.0.object.kind"] == "PartialObjectMetadata")
            #expect(table[at: "rows.0.object.metadata.name"] == "a")
        },
        Case("a table of one object has one row") { cluster in
            try await cluster.map("a")
            let table = try await cluster.expect(200, "GET", "\(cluster.maps)/a", headers: [Self.asTable])
            #expect(table["rows"]?.array?.count == 1)
        },
        Case("the whole object or nothing comes with a row when asked for") { cluster in
            try await cluster.map("a", data: ["x": "1"])
            let whole = try await cluster.expect(
                200, "GET", "\(cluster.maps)/a?includeObject=Object", headers: [Self.asTable])
            #expect(whole[at: "rows.0.object.data.x"] == "1")
            let none = try await cluster.expect(
                200, "GET", "\(cluster.maps)/a?includeObject=None", headers: [Self.asTable])
            #expect(none[at: "rows.0.object"].map { $0 == .null } ?? true)
        },
        Case("a table of custom resources has the columns of its definition") { cluster in
            try await cluster.withWidgets { widgets in
                try await cluster.create(widgets, cluster.widget("w", spec: ["port": 80]))
                let table = try await cluster.expect(200, "GET", widgets, headers: [Self.asTable])
                let columns = (table["columnDefinitions"]?.array ?? []).compactMap { $0["name"]?.string }
                #expect(columns == ["Name", "Size", "Port", "Age"])
                #expect(Array((table[at: "rows.0.cells"]?.array ?? []).prefix(3)) == ["w", "small", 80])
            }
        },
        Case("what a column does not find is empty") { cluster in
            try await cluster.withWidgets { widgets in
                try await cluster.create(widgets, cluster.widget("w"))
                let table = try await cluster.expect(200, "GET", "\(widgets)/w", headers: [Self.asTable])
                #expect(table[at: "rows.0.cells.2"] == .null)
            }
        },
        Case("tables of workloads show what kubectl prints") { cluster in
            let deployments = cluster.path("deployments", group: "apps")
            try await cluster.create(deployments, Self.deployment)
            let table = try await cluster.expect(200, "GET", deployments, headers: [Self.asTable])
            let columns = (table["columnDefinitions"]?.array ?? []).filter { $0["priority"]?.integer == 0 }
            #expect(columns.compactMap { $0["name"]?.string } == ["Name", "Ready", "Up-to-date", "Available", "Age"])
            #expect(Array((table[at: "rows.0.cells"]?.array ?? []).prefix(4)) == ["web", "0/1", 0, 0])
        },
        Case("a refusal stays a Status even when a table was asked for") { cluster in
            try await cluster.send("GET", "\(cluster.maps)/none", headers: [Self.asTable]).refused(404, "NotFound")
        },
    ]

    private static let asTable = (
        "accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    )
}
