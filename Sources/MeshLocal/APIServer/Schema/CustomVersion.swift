import MeshModel
import MeshResources

/// What a version of a CustomResourceDefinition says beyond names.
struct CustomVersion: Sendable {
    /// The name of the definition.
    let definition: String
    let schema: JSONSchema
    /// The schema as written, for OpenAPI.
    let source: JSONValue
    let listKind: String
    let columns: [PrinterColumn]
    let selectableFields: Set<String>
    let deprecationWarning: String?
    /// The paths of the scale subresource.
    let scale: Scale?
    /// The definition is being deleted: nothing may be created.
    let isTerminating: Bool

    struct Scale: Sendable {
        let specReplicas: String
        let statusReplicas: String
        let labelSelector: String?
    }
}

/// A column of a Table.
struct PrinterColumn: Sendable {
    var name: String
    var type: String
    var format = ""
    var description: String
    var priority: Int64 = 0
    /// Where the value is; for built-in kinds the table's code knows.
    var path: String = ""
}

extension ResourceKind {
    /// The served versions of an accepted CustomResourceDefinition.
    static func custom(from definition: JSONValue) -> [ResourceKind] {
        guard let spec = definition["spec"], let group = spec["group"]?.string, let names = spec["names"],
            let plural = names["plural"]?.string, let kind = names["kind"]?.string
        else { return [] }
        let versions = spec["versions"]?.array ?? []
        let storage = versions.first { $0["storage"]?.bool ?? false }?["name"]?.string ?? "v1"
        var result: [ResourceKind] = []
        for version in versions where version["served"]?.bool ?? false {
            guard let name = version["name"]?.string else { continue }
            let custom = CustomVersion(version, of: definition, names: names, group: group, kind: kind)
            var subresources: [Subresource] = []
            let verbs: Set<String> = ["get", "patch", "update"]
            if custom.scale != nil {
                subresources.append(
                    Subresource(name: "scale", verbs: verbs, group: "autoscaling", version: "v1", kind: "Scale"))
            }
            if version["subresources"]?["status"] != nil {
                subresources.append(Subresource(name: "status", verbs: verbs))
            }
            result.append(
                ResourceKind(
                    group: group, version: name, kind: kind, plural: plural,
                    singular: names["singular"]?.string ?? kind.lowercased(),
                    shortNames: (names["shortNames"]?.array ?? []).compactMap(\.string),
                    categories: (names["categories"]?.array ?? []).compactMap(\.string),
                    isNamespaced: spec["scope"]?.string != "Cluster", subresources: subresources,
                    shape: custom.schema.shape(isRoot: true), custom: custom,
                    storage: ResourceID(group: group, plural: plural), storageVersion: storage,
                    updatesUnconditionally: false))
        }
        return result
    }
}

extension CustomVersion {
    fileprivate init(
        _ version: JSONValue, of definition: JSONValue, names: JSONValue, group: String, kind: String
    ) {
        let source = version["schema"]?["openAPIV3Schema"] ?? [:]
        self.definition = definition.objectName
        self.schema = JSONSchema(source)
        self.source = source
        self.listKind = names["listKind"]?.string ?? "\(kind)List"
        var columns = (version["additionalPrinterColumns"]?.array ?? []).map { column in
            PrinterColumn(
                name: column["name"]?.string ?? "", type: column["type"]?.string ?? "string",
                format: column["format"]?.string ?? "", description: column["description"]?.string ?? "",
                priority: column["priority"]?.integer ?? 0, path: column["jsonPath"]?.string ?? "")
        }
        if columns.isEmpty {
            columns = [
                PrinterColumn(
                    name: "Age", type: "date", description: PrinterColumn.ageDescription,
                    path: ".metadata.creationTimestamp")
            ]
        }
        self.columns = columns
        let fields = version["selectableFields"]?.array ?? []
        self.selectableFields = Set(fields.compactMap { $0["jsonPath"]?.string.map { String($0.dropFirst()) } })
        let isDeprecated = version["deprecated"]?.bool ?? false
        let name = version["name"]?.string ?? ""
        self.deprecationWarning =
            isDeprecated ? version["deprecationWarning"]?.string ?? "\(group)/\(name) \(kind) is deprecated" : nil
        self.scale = version["subresources"]?["scale"].map { scale in
            Scale(
                specReplicas: scale["specReplicasPath"]?.string ?? "",
                statusReplicas: scale["statusReplicasPath"]?.string ?? "",
                labelSelector: scale["labelSelectorPath"]?.string)
        }
        self.isTerminating = definition.isDeleting
    }
}

extension PrinterColumn {
    static let ageDescription =
        "CreationTimestamp is a timestamp representing the server time when this object was created. It is not "
        + "guaranteed to be set in happens-before order across separate operations. Clients may not set this value. "
        + "It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. "
        + "More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata"
}
