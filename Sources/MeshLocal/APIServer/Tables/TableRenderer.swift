import MeshModel
import MeshResources

/// Turns objects into the Table that `kubectl get` prints.
struct TableRenderer: Sendable {
    /// What the rows carry of their objects.
    enum Include: String, Sendable { case none = "None", metadata = "Metadata", object = "Object" }

    let kind: ResourceKind
    let now: Timestamp
    let include: Include

    /// A Table of objects; `withColumns` is false for all but the first event of a watch.
    func table(_ objects: [JSONValue], metadata: JSONValue, withColumns: Bool = true) -> JSONValue {
        let layout = TableLayout.layout(for: self.kind)
        let columns = layout.columns.map { column -> JSONValue in
            [
                "name": .string(column.name), "type": .string(column.type), "format": .string(column.format),
                "description": .string(column.description), "priority": .integer(column.priority),
            ]
        }
        return [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": withColumns ? .array(columns) : nil,
            "rows": .array(objects.map { self.row($0, layout) }),
        ]
    }

    private func row(_ object: JSONValue, _ layout: TableLayout) -> JSONValue {
        var row: JSONValue = ["cells": .array(layout.cells(object, self.now))]
        switch self.include {
        case .none: break
        case .object: row["object"] = object
        case .metadata: row["object"] = PartialMetadata.object(object)
        }
        return row
    }
}

/// Objects reduced to their metadata.
enum PartialMetadata {
    static func object(_ object: JSONValue) -> JSONValue {
        ["kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] ?? [:]]
    }
}

/// The columns of a kind and how a row is filled.
struct TableLayout: Sendable {
    var columns: [PrinterColumn]
    var cells: @Sendable (JSONValue, Timestamp) -> [JSONValue]

    init(_ columns: [PrinterColumn], _ cells: @escaping @Sendable (JSONValue, Timestamp) -> [JSONValue]) {
        self.columns = columns
        self.cells = cells
    }

    /// A column of text; `wide` ones show with `-o wide`.
    static func column(_ name: String, _ type: String = "string", wide: Bool = false) -> PrinterColumn {
        PrinterColumn(name: name, type: type, description: "\(name) of the object.", priority: wide ? 1 : 0)
    }

    static let name = PrinterColumn(
        name: "Name", type: "string", format: "name", description: "The name, unique within a namespace.")
    static let age = PrinterColumn(name: "Age", type: "string", description: "The time since the object was created.")

    static func layout(for kind: ResourceKind) -> TableLayout {
        if let custom = kind.custom { return Self.custom(custom) }
        switch (kind.group, kind.kind) {
        case ("", "Pod"): return Self.pods
        case ("", "Service"): return Self.services
        case ("", "Namespace"): return Self.namespaces
        case ("", "ConfigMap"): return Self.configMaps
        case ("", "Secret"): return Self.secrets
        case ("", "ServiceAccount"): return Self.serviceAccounts
        case ("", "Event"), ("events.k8s.io", "Event"): return Self.events
        case ("", "Node"): return Self.nodes
        case ("", "Endpoints"): return Self.endpoints
        case ("apps", "Deployment"): return Self.deployments
        case ("apps", "ReplicaSet"), ("", "ReplicationController"): return Self.replicaSets
        case ("apps", "StatefulSet"): return Self.statefulSets
        case ("apps", "DaemonSet"): return Self.daemonSets
        case ("batch", "Job"): return Self.jobs
        case ("discovery.k8s.io", "EndpointSlice"): return Self.endpointSlices
        case ("coordination.k8s.io", "Lease"): return Self.leases
        case ("apiextensions.k8s.io", "CustomResourceDefinition"): return Self.definitions
        case ("admissionregistration.k8s.io", _): return Self.webhooks
        case ("rbac.authorization.k8s.io", "RoleBinding"), ("rbac.authorization.k8s.io", "ClusterRoleBinding"):
            return Self.roleBindings
        case ("rbac.authorization.k8s.io", _): return Self.roles
        default: return Self.plain
        }
    }

    private static let plain = TableLayout([name, age]) {
        [.string($0.objectName), .string(HumanDuration.age($0, now: $1))]
    }

    private static func custom(_ custom: CustomVersion) -> TableLayout {
        let paths = custom.columns.map { JSONPath($0.path) }
        let types = custom.columns.map(\.type)
        return TableLayout([self.name] + custom.columns) { object, now in
            [.string(object.objectName)]
                + zip(paths, types).map { path, type in Self.cell(path.values(in: object), type, now) }
        }
    }

    private static func cell(_ values: [JSONValue], _ type: String, _ now: Timestamp) -> JSONValue {
        guard let value = values.first, !value.isNull else { return type == "date" ? "<unknown>" : .null }
        switch type {
        case "date": return .string(HumanDuration.since(value, now: now))
        case "integer": return value.integer.map(JSONValue.integer) ?? .null
        case "number": return value.double == nil ? .null : value
        case "boolean": return value.bool == nil ? .null : value
        default: return .string(values.count == 1 ? Self.text(value) : values.map(Self.text).joined(separator: ","))
        }
    }

    private static func text(_ value: JSONValue) -> String { value.string ?? GoText.quoted(value) }
}
