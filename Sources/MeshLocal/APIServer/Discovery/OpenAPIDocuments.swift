import MeshCodec
import MeshModel

/// OpenAPI of what is served: enough for kubectl to explain, to apply and to know that the server validates fields.
struct OpenAPIDocuments {
    let catalog: Catalog.Snapshot
    let table: TypeTable

    private func path(_ group: String, _ version: String) -> String {
        group.isEmpty ? "api/\(version)" : "apis/\(group)/\(version)"
    }

    /// `/openapi/v3`: where the document of each group and version is.
    var index: JSONValue {
        var paths: [String: JSONValue] = [:]
        for group in self.catalog.groups {
            for version in self.catalog.versions(of: group) {
                let path = self.path(group, version)
                let kinds = self.catalog.kinds(group: group, version: version)
                // Changes with what is served, so that clients do not keep an old document.
                let text = kinds.map { "\($0.kind) \($0.custom.map { GoText.quoted($0.source) } ?? "")" }.joined(
                    separator: "\n")
                let hash = Discovery.tag(of: Array(text.utf8))
                paths[path] = ["serverRelativeURL": .string("/openapi/v3/\(path)?hash=\(hash)")]
            }
        }
        return ["paths": .object(paths)]
    }

    /// The document of one group and version; nil when it is not served.
    func version3(_ path: String) -> JSONValue? {
        let parts = path.split(separator: "/").map(String.init)
        let kinds: [ResourceKind]
        if parts.count == 2, parts[0] == "api" {
            kinds = self.catalog.kinds(group: "", version: parts[1])
        } else if parts.count == 3, parts[0] == "apis" {
            kinds = self.catalog.kinds(group: parts[1], version: parts[2])
        } else {
            return nil
        }
        guard !kinds.isEmpty else { return nil }
        var writer = SchemaWriter(table: self.table, prefix: "#/components/schemas/")
        var paths: [String: JSONValue] = [:]
        for kind in kinds {
            writer.add(kind)
            paths.merge(self.paths(of: kind, writer.name(of: kind))) { $1 }
        }
        return [
            "openapi": "3.0.0", "info": ["title": "Kubernetes", "version": "v1.36.2"], "paths": .object(paths),
            "components": ["schemas": .object(writer.schemas)],
        ]
    }

    /// `/openapi/v2`: all types in one document.
    var version2: JSONValue {
        var writer = SchemaWriter(table: self.table, prefix: "#/definitions/")
        for kind in self.catalog.kinds { writer.add(kind) }
        return [
            "swagger": "2.0", "info": ["title": "Kubernetes", "version": "v1.36.2"], "paths": [:],
            "definitions": .object(writer.schemas),
        ]
    }

    private func paths(of kind: ResourceKind, _ schema: String) -> [String: JSONValue] {
        let identity: JSONValue = [
            "group": .string(kind.group), "version": .string(kind.version), "kind": .string(kind.kind),
        ]
        let reference: JSONValue = ["$ref": .string("#/components/schemas/\(schema)")]
        func parameter(_ name: String) -> JSONValue {
            ["name": .string(name), "in": "query", "schema": ["type": "string"]]
        }
        func operation(_ action: String, _ types: [String] = [], isWrite: Bool = false) -> JSONValue {
            var value: JSONValue = [
                "x-kubernetes-action": .string(action), "x-kubernetes-group-version-kind": identity,
                "responses": ["200": ["description": "OK", "content": ["application/json": ["schema": reference]]]],
            ]
            if isWrite {
                value["parameters"] = .array(["dryRun", "fieldManager", "fieldValidation"].map(parameter))
            }
            if !types.isEmpty {
                let content = Dictionary(
                    uniqueKeysWithValues: types.map { ($0, JSONValue.object(["schema": reference])) })
                value["requestBody"] = ["content": .object(content)]
            }
            return value
        }
        var patches = ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"]
        if !kind.isCustom { patches.append("application/strategic-merge-patch+json") }
        var collection: JSONValue = [:]
        var object: JSONValue = [:]
        if kind.verbs.contains("create") { collection["post"] = operation("post", ["application/json"], isWrite: true) }
        if kind.verbs.contains("list") { collection["get"] = operation("list") }
        if kind.verbs.contains("get") { object["get"] = operation("get") }
        if kind.verbs.contains("update") { object["put"] = operation("put", ["application/json"], isWrite: true) }
        if kind.verbs.contains("patch") { object["patch"] = operation("patch", patches, isWrite: true) }
        if kind.verbs.contains("delete") { object["delete"] = operation("delete") }
        let root = "/" + self.path(kind.group, kind.version) + (kind.isNamespaced ? "/namespaces/{namespace}" : "")
        var paths = ["\(root)/\(kind.plural)": collection]
        if object.object?.isEmpty == false { paths["\(root)/\(kind.plural)/{name}"] = object }
        return paths
    }
}

/// Writes types as OpenAPI schemas, each with everything that it refers to.
private struct SchemaWriter {
    let table: TypeTable
    let prefix: String
    private(set) var schemas: [String: JSONValue] = [:]

    init(table: TypeTable, prefix: String) {
        self.table = table
        self.prefix = prefix
    }

    func name(of kind: ResourceKind) -> String {
        if kind.isCustom {
            let group = kind.group.split(separator: ".").reversed().joined(separator: ".")
            return "\(group).\(kind.version).\(kind.kind)"
        }
        if case .named(let type) = kind.shape { return self.name(ofType: type) }
        return kind.kind
    }

    private func name(ofType type: String) -> String { "io.k8s.api.\(type)" }

    mutating func add(_ kind: ResourceKind) {
        let identity: JSONValue = [
            ["group": .string(kind.group), "version": .string(kind.version), "kind": .string(kind.kind)]
        ]
        let name = self.name(of: kind)
        if let custom = kind.custom {
            var schema = custom.source
            schema.set(["properties", "apiVersion"], ["type": "string"])
            schema.set(["properties", "kind"], ["type": "string"])
            schema.set(["properties", "metadata"], self.reference("ObjectMeta"))
            self.schemas[name] = schema
        } else if case .named(let type) = kind.shape {
            _ = self.reference(type)
        }
        self.schemas[name]?["x-kubernetes-group-version-kind"] = identity
    }

    private mutating func reference(_ type: String) -> JSONValue {
        let name = self.name(ofType: type)
        let reference: JSONValue = ["$ref": .string(self.prefix + name)]
        guard self.schemas[name] == nil, let structure = self.table.types[type] else { return reference }
        self.schemas[name] = [:]  // Types may contain themselves.
        var properties: [String: JSONValue] = [:]
        for (field, value) in structure.fields { properties[field] = self.property(value) }
        var schema: JSONValue = ["type": "object", "properties": .object(properties)]
        let required = structure.fields.filter(\.value.isRequired).keys.sorted()
        if !required.isEmpty { schema["required"] = .array(required.map(JSONValue.string)) }
        if structure.isAtomic { schema["x-kubernetes-map-type"] = "atomic" }
        self.schemas[name] = schema
        return reference
    }

    private mutating func property(_ field: Shape.Field) -> JSONValue {
        var schema = self.schema(field.shape)
        // A reference alone cannot carry more members.
        if schema["$ref"] != nil { schema = ["allOf": [schema], "default": [:]] }
        if field.mergesStrategically {
            schema["x-kubernetes-patch-strategy"] = field.retainsKeys ? "merge,retainKeys" : "merge"
            if let key = field.patchKey { schema["x-kubernetes-patch-merge-key"] = .string(key) }
        } else if field.retainsKeys {
            schema["x-kubernetes-patch-strategy"] = "retainKeys"
        }
        return schema
    }

    private mutating func schema(_ shape: Shape) -> JSONValue {
        switch shape {
        case .named(let type): return self.reference(type)
        case .list(let element, let topology):
            var schema: JSONValue = ["type": "array", "items": self.schema(element)]
            switch topology {
            case .atomic: schema["x-kubernetes-list-type"] = "atomic"
            case .set: schema["x-kubernetes-list-type"] = "set"
            case .map(let keys):
                schema["x-kubernetes-list-type"] = "map"
                schema["x-kubernetes-list-map-keys"] = .array(keys.map(JSONValue.string))
            }
            return schema
        case .map(let value, _): return ["type": "object", "additionalProperties": self.schema(value)]
        case .object, .any: return [:]
        case .scalar(let scalar): return Self.schema(scalar)
        }
    }

    private static func schema(_ scalar: Shape.Scalar) -> JSONValue {
        switch scalar {
        case .string, .quantity: ["type": "string"]
        case .bytes: ["type": "string", "format": "byte"]
        case .int32: ["type": "integer", "format": "int32"]
        case .int64: ["type": "integer", "format": "int64"]
        case .boolean: ["type": "boolean"]
        case .number: ["type": "number", "format": "double"]
        case .time, .microTime: ["type": "string", "format": "date-time"]
        case .intOrString: ["oneOf": [["type": "integer"], ["type": "string"]], "format": "int-or-string"]
        }
    }
}
