import MeshModel
import Testing

/// Widgets: custom resources of a definition that the cases share, or of one of the case's own.
extension Cluster {
    private static let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

    /// Runs `body` with the path of the namespace's Widgets.
    func withWidgets(_ body: (String) async throws -> Void) async throws {
        try await body(try await self.define([Self.version("v1", isStored: true)]))
    }

    /// Runs `body` with a definition of the case's own, in these versions.
    func withOwnWidgets(_ versions: JSONValue, _ body: (Cluster, String) async throws -> Void) async throws {
        var own = self
        own.group = "\(self.namespace).dev"
        let path = try await own.define(versions)
        try await body(own, path)
        _ = try await self.send("DELETE", "\(Self.definitions)/widgets.\(own.group)")
    }

    /// Takes away the definition that the cases share.
    static func forgetWidgets(at peer: Peer) async throws {
        _ = try await peer.send("DELETE", "\(Self.definitions)/widgets.\(Self.sharedGroup)")
    }

    /// Makes a definition, unless it is there, and waits until its kind is served.
    private func define(_ versions: JSONValue) async throws -> String {
        let definition: JSONValue = [
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": ["name": .string("widgets.\(self.group)")],
            "spec": [
                "group": .string(self.group), "scope": "Namespaced",
                "names": [
                    "plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wd"],
                    "listKind": "WidgetList",
                ],
                "versions": versions,
            ],
        ]
        let name = versions.array?.first?["name"]?.string ?? "v1"
        let path = self.path("widgets", group: self.group, version: name)
        let answer = try await self.send("POST", Self.definitions, definition)
        if answer.status == 409 { return path }
        _ = try answer.accepted(201)
        // The real server opens a new kind for writes a moment after it answers lists.
        try await self.eventually("Widgets can be written") {
            try await self.send("POST", "\(path)?dryRun=All", self.widget("try", version: name)).status == 201
        }
        return path
    }

    /// How the path of a member of the first part is written; old servers leave out which part it is.
    func path(ofPart member: String) -> String { self.isOld ? "spec.parts.\(member)" : "spec.parts[0].\(member)" }

    /// A Widget.
    func widget(_ name: String, version: String = "v1", spec: JSONValue = [:], status: JSONValue? = nil) -> JSONValue {
        var document: JSONValue = [
            "apiVersion": .string("\(self.group)/\(version)"), "kind": "Widget", "metadata": ["name": .string(name)],
            "spec": spec,
        ]
        document["status"] = status
        return document
    }

    /// One version of the usual definition.
    static func version(_ name: String, isStored: Bool, spec: JSONValue? = nil, isServed: Bool = true) -> JSONValue {
        let usual: JSONValue = [
            "size": ["type": "string", "enum": ["small", "large"], "default": "small"],
            "port": ["type": "integer", "minimum": 1, "maximum": 65_535],
            "weight": ["type": "number", "exclusiveMinimum": true, "minimum": 0],
            "label": ["type": "string", "pattern": "^[a-z]+$", "maxLength": 5],
            "parts": [
                "type": "array", "maxItems": 2,
                "items": [
                    "type": "object", "required": ["name"],
                    "properties": ["name": ["type": "string"], "count": ["type": "integer", "default": 1]],
                ],
            ],
            "either": ["x-kubernetes-int-or-string": true],
            "anything": ["type": "object", "x-kubernetes-preserve-unknown-fields": true],
            "tags": ["type": "object", "additionalProperties": ["type": "string"]],
            "nothing": ["type": "string", "nullable": true],
        ]
        return [
            "name": .string(name), "served": .bool(isServed), "storage": .bool(isStored),
            "subresources": ["status": [:]],
            "additionalPrinterColumns": [
                ["name": "Size", "type": "string", "jsonPath": ".spec.size"],
                ["name": "Port", "type": "integer", "jsonPath": ".spec.port"],
                ["name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"],
            ],
            "schema": [
                "openAPIV3Schema": [
                    "type": "object",
                    "properties": [
                        "spec": ["type": "object", "properties": spec ?? usual],
                        "status": ["type": "object", "properties": ["ready": ["type": "boolean"]]],
                    ],
                ]
            ],
        ]
    }
}
