import MeshModel
import Testing

extension Case {
    /// CustomResourceDefinitions: pruning, defaults, validation, versions.
    static let definitions: [Case] =
        [
            Case("what a schema does not declare is pruned, in any depth") { cluster in
                try await cluster.withWidgets { widgets in
                    let made = try await cluster.create(
                        widgets,
                        cluster.widget(
                            "w",
                            spec: [
                                "size": "large", "unknown": 1, "parts": [["name": "a", "odd": true]],
                                "anything": ["kept": ["deep": 1]], "tags": ["free": "text"],
                            ]))
                    #expect(
                        made["spec"] == [
                            "size": "large", "parts": [["name": "a", "count": 1]], "anything": ["kept": ["deep": 1]],
                            "tags": ["free": "text"],
                        ])
                }
            },
            Case("defaults are filled in where the parent is there") { cluster in
                try await cluster.withWidgets { widgets in
                    let made = try await cluster.create(widgets, cluster.widget("w", spec: ["parts": [["name": "a"]]]))
                    #expect(made["spec"] == ["size": "small", "parts": [["name": "a", "count": 1]]])
                    var bare = cluster.widget("bare")
                    bare["spec"] = nil
                    #expect(try await cluster.create(widgets, bare)["spec"] == nil)
                }
            },
            Case("a null for a field with a default becomes the default, for a nullable one it stays") { cluster in
                try await cluster.withWidgets { widgets in
                    let made = try await cluster.create(
                        widgets, cluster.widget("w", spec: ["size": nil, "nothing": nil]))
                    #expect(made[at: "spec.size"] == "small")
                    #expect(made["spec"]?.object?["nothing"] == .some(.null))
                }
            },
            Case("several mistakes are all told") { cluster in
                try await cluster.withWidgets { widgets in
                    let failure = try await cluster.send(
                        "POST", widgets, cluster.widget("w", spec: ["size": "huge", "port": 0, "parts": [[:]]])
                    ).refused(422, "Invalid", "Widget.\(cluster.group) \"w\" is invalid")
                    let fields = (failure[at: "details.causes"]?.array ?? []).compactMap { $0["field"]?.string }
                    let wanted = ["spec.size", "spec.port", cluster.path(ofPart: "name")]
                    #expect(Set(fields) == Set(wanted), "\(fields)")
                    #expect(failure[at: "details.group"]?.string == cluster.group)
                    #expect(failure[at: "details.kind"] == "Widget")
                }
            },
            Case("an object is checked again when it is changed") { cluster in
                try await cluster.withWidgets { widgets in
                    var made = try await cluster.create(widgets, cluster.widget("w"))
                    made["spec"] = ["port": 70_000]
                    let failure = try await cluster.send("PUT", "\(widgets)/w", made).refused(422, "Invalid")
                    #expect(failure[at: "details.causes.0.field"] == "spec.port")
                }
            },
            Case("a custom resource must say what it is") { cluster in
                try await cluster.withWidgets { widgets in
                    for name in ["apiVersion", "kind"] {
                        var body = cluster.widget("w")
                        body[name] = nil
                        let answer = try await cluster.send("POST", widgets, body)
                        #expect(answer.status == 400 || cluster.isOld && answer.status == 500, "\(answer.text)")
                    }
                }
            },
            Case("versions under conversion None differ in their apiVersion alone") { cluster in
                let versions: JSONValue = [
                    Cluster.version("v1", isStored: true), Cluster.version("v1beta1", isStored: false),
                    Cluster.version("v1alpha1", isStored: false, isServed: false),
                ]
                try await cluster.withOwnWidgets(versions) { cluster, widgets in
                    let made = try await cluster.create(widgets, cluster.widget("w", spec: ["port": 80]))
                    let beta = widgets.replacing("/v1/", with: "/v1beta1/")
                    var read = try await cluster.get("\(beta)/w")
                    #expect(read["apiVersion"]?.string == "\(cluster.group)/v1beta1")
                    #expect(read["spec"] == made["spec"])
                    #expect(read.revision == made.revision && read.uid == made.uid)
                    read["spec"]?["port"] = 81
                    try await cluster.expect(200, "PUT", "\(beta)/w", read)
                    let again = try await cluster.get("\(widgets)/w")
                    #expect(again["apiVersion"]?.string == "\(cluster.group)/v1")
                    #expect(again[at: "spec.port"]?.integer == 81)
                    let list = try await cluster.get(beta)
                    #expect(list[at: "items.0.apiVersion"]?.string == "\(cluster.group)/v1beta1")
                    let alpha = try await cluster.send("GET", widgets.replacing("/v1/", with: "/v1alpha1/"))
                    #expect(alpha.status == 404)
                }
            },
            Case("a watch of one version shows every object in it") { cluster in
                let versions: JSONValue = [
                    Cluster.version("v1", isStored: true), Cluster.version("v1beta1", isStored: false),
                ]
                try await cluster.withOwnWidgets(versions) { cluster, widgets in
                    let list = try await cluster.get(widgets)
                    let beta = widgets.replacing("/v1/", with: "/v1beta1/")
                    let events = try await cluster.watch("\(beta)?resourceVersion=\(list.revision)") {
                        !$0.isEmpty
                    } during: {
                        try await cluster.create(widgets, cluster.widget("w"))
                    }
                    #expect(events.first?.object["apiVersion"]?.string == "\(cluster.group)/v1beta1")
                }
            },
            Case("a definition tells its state in conditions") { cluster in
                try await cluster.withWidgets { _ in
                    let definition = try await cluster.get(
                        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.\(cluster.group)")
                    let conditions = definition[at: "status.conditions"]?.array ?? []
                    for type in ["NamesAccepted", "Established"] {
                        #expect(conditions.contains { $0["type"]?.string == type && $0["status"] == "True" })
                    }
                    #expect(definition[at: "status.storedVersions"] == ["v1"])
                    #expect(definition[at: "status.acceptedNames.kind"] == "Widget")
                }
            },
            Case("a definition that is deleted takes its objects with it") { cluster in
                var path = ""
                try await cluster.withOwnWidgets([Cluster.version("v1", isStored: true)]) { cluster, widgets in
                    path = widgets
                    try await cluster.create(widgets, cluster.widget("w"))
                }
                try await cluster.eventually("the kind is gone") { try await cluster.send("GET", path).status == 404 }
            },
            Case("a definition without a schema of its own, or of another name, is refused") { cluster in
                let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
                var definition: JSONValue = [
                    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                    "metadata": ["name": .string("widgets.\(cluster.namespace).dev")],
                    "spec": [
                        "group": .string("\(cluster.namespace).dev"), "scope": "Namespaced",
                        "names": ["plural": "widgets", "kind": "Widget"],
                        "versions": [["name": "v1", "served": true, "storage": true]],
                    ],
                ]
                try await cluster.send("POST", definitions, definition).refused(422, "Invalid")
                definition["metadata"]?["name"] = "gadgets.example.dev"
                definition["spec"]?["versions"] = [Cluster.version("v1", isStored: true)]
                let failure = try await cluster.send("POST", definitions, definition).refused(422, "Invalid")
                let fields = (failure[at: "details.causes"]?.array ?? []).compactMap { $0["field"]?.string }
                #expect(fields.contains("metadata.name"), "\(fields)")
            },
        ]
        + Self.schemaMistakes.map { mistake in
            Case("a schema refuses \(mistake.name)") { cluster in
                try await cluster.withWidgets { widgets in
                    let part = cluster.path(ofPart: "name").replacing("spec.", with: "")
                    let text = mistake.text.replacing("parts[0].name", with: part)
                    let failure = try await cluster.send("POST", widgets, cluster.widget("w", spec: mistake.spec))
                        .refused(422, "Invalid", text)
                    let fields = (failure[at: "details.causes"]?.array ?? []).compactMap { $0["field"]?.string }
                    #expect(fields.contains(mistake.field.replacing("parts[0].name", with: part)), "\(fields)")
                }
            }
        }

    private struct SchemaMistake: Sendable {
        var name: String
        var spec: JSONValue
        var field: String
        var text: String

        init(_ name: String, _ spec: JSONValue, _ field: String, _ text: String) {
            self.name = name
            self.spec = spec
            self.field = field
            self.text = text
        }
    }

    /// Both servers say the same of these, word for word.
    private static let schemaMistakes = [
        SchemaMistake(
            "a value that is not listed", ["size": "huge"], "spec.size", "supported values: \"small\", \"large\""),
        SchemaMistake(
            "a number below the minimum", ["port": 0], "spec.port",
            "spec.port in body should be greater than or equal to 1"),
        SchemaMistake(
            "a number above the maximum", ["port": 65_536], "spec.port",
            "spec.port in body should be less than or equal to 65535"),
        SchemaMistake(
            "the minimum itself when it is exclusive", ["weight": 0], "spec.weight",
            "spec.weight in body should be greater than 0"),
        SchemaMistake(
            "text that does not match", ["label": "UP"], "spec.label", "spec.label in body should match '^[a-z]+$'"),
        SchemaMistake("text that is too long", ["label": "abcdef"], "spec.label", "5"),
        SchemaMistake(
            "a list that is too long", ["parts": [["name": "a"], ["name": "b"], ["name": "c"]]], "spec.parts", "2"),
        SchemaMistake(
            "a member that is missing", ["parts": [["count": 2]]], "spec.parts[0].name",
            "spec.parts[0].name: Required value"),
        SchemaMistake(
            "text for a number", ["port": "80"], "spec.port", "spec.port in body must be of type integer: \"string\""),
        SchemaMistake(
            "a fraction for an integer", ["port": 1.5], "spec.port",
            "spec.port in body must be of type integer: \"number\""),
        SchemaMistake(
            "a list for an object", ["tags": ["a"]], "spec.tags", "spec.tags in body must be of type object: \"array\""),
        SchemaMistake(
            "a boolean for text", ["label": true], "spec.label",
            "spec.label in body must be of type string: \"boolean\""),
        SchemaMistake(
            "a boolean where a number or text may be", ["either": true], "spec.either",
            "spec.either in body must be of type integer,string: \"boolean\""),
        SchemaMistake(
            "a value of the wrong type in a map", ["tags": ["a": 1]], "spec.tags.a",
            "spec.tags.a in body must be of type string: \"integer\""),
    ]
}
