import MeshModel

/// A structural schema of a CustomResourceDefinition, ready to prune, default and validate with.
final class JSONSchema: Sendable {
    let type: String?
    let format: String?
    let isNullable: Bool
    let properties: [String: JSONSchema]
    let additional: JSONSchema?
    /// `additionalProperties: true`, or not.
    let allowsAdditional: Bool
    let items: JSONSchema?
    let required: [String]
    let allowed: [JSONValue]?
    let pattern: String?
    let limits: Limits
    let allOf: [JSONSchema]
    let anyOf: [JSONSchema]
    let oneOf: [JSONSchema]
    let not: JSONSchema?
    let defaultValue: JSONValue?
    let preservesUnknown: Bool
    let isIntOrString: Bool
    let isEmbedded: Bool
    let listType: String?
    let listKeys: [String]
    let mapType: String?
    /// The rules of `x-kubernetes-validations`, as written.
    let rules: [JSONValue]
    /// Whether this schema or one inside it has rules.
    let hasRules: Bool

    /// The numbers that bound a value.
    struct Limits: Sendable {
        var minLength: Int64?, maxLength: Int64?
        var minItems: Int64?, maxItems: Int64?
        var minProperties: Int64?, maxProperties: Int64?
        var minimum: Double?, maximum: Double?, multipleOf: Double?
        var exclusiveMinimum = false, exclusiveMaximum = false, uniqueItems = false
    }

    /// Reads an `openAPIV3Schema`.
    init(_ source: JSONValue) {
        self.type = source["type"]?.string
        self.format = source["format"]?.string
        self.isNullable = source["nullable"]?.bool ?? false
        self.properties = (source["properties"]?.object ?? [:]).mapValues(JSONSchema.init)
        let additional = source["additionalProperties"]
        self.additional = additional?.object.map { _ in JSONSchema(additional ?? [:]) }
        self.allowsAdditional = additional?.bool ?? false
        self.items = source["items"].map(JSONSchema.init)
        self.required = (source["required"]?.array ?? []).compactMap(\.string)
        self.allowed = source["enum"]?.array
        self.pattern = source["pattern"]?.string
        var limits = Limits()
        limits.minLength = source["minLength"]?.integer
        limits.maxLength = source["maxLength"]?.integer
        limits.minItems = source["minItems"]?.integer
        limits.maxItems = source["maxItems"]?.integer
        limits.minProperties = source["minProperties"]?.integer
        limits.maxProperties = source["maxProperties"]?.integer
        limits.minimum = source["minimum"]?.double
        limits.maximum = source["maximum"]?.double
        limits.multipleOf = source["multipleOf"]?.double
        limits.exclusiveMinimum = source["exclusiveMinimum"]?.bool ?? false
        limits.exclusiveMaximum = source["exclusiveMaximum"]?.bool ?? false
        limits.uniqueItems = source["uniqueItems"]?.bool ?? false
        self.limits = limits
        self.allOf = (source["allOf"]?.array ?? []).map(JSONSchema.init)
        self.anyOf = (source["anyOf"]?.array ?? []).map(JSONSchema.init)
        self.oneOf = (source["oneOf"]?.array ?? []).map(JSONSchema.init)
        self.not = source["not"].map(JSONSchema.init)
        self.defaultValue = source["default"]
        self.preservesUnknown = source["x-kubernetes-preserve-unknown-fields"]?.bool ?? false
        self.isIntOrString = source["x-kubernetes-int-or-string"]?.bool ?? false
        self.isEmbedded = source["x-kubernetes-embedded-resource"]?.bool ?? false
        self.listType = source["x-kubernetes-list-type"]?.string
        self.listKeys = (source["x-kubernetes-list-map-keys"]?.array ?? []).compactMap(\.string)
        self.mapType = source["x-kubernetes-map-type"]?.string
        self.rules = source["x-kubernetes-validations"]?.array ?? []
        self.hasRules =
            !self.rules.isEmpty || self.items?.hasRules ?? false || self.additional?.hasRules ?? false
            || self.properties.values.contains { $0.hasRules }
    }

    /// How values merge under server-side apply.
    ///
    /// The whole object when `isRoot`: metadata is that of every kind.
    func shape(isRoot: Bool = false) -> Shape {
        if self.isIntOrString { return .scalar(.intOrString) }
        switch self.type {
        case "string": return .scalar(.string)
        case "integer": return .scalar(.int64)
        case "number": return .scalar(.number)
        case "boolean": return .scalar(.boolean)
        case "array":
            let element = self.items?.shape() ?? .any
            switch self.listType {
            case "set": return .list(element, .set)
            case "map": return .list(element, .map(keys: self.listKeys))
            default: return .list(element, .atomic)
            }
        case "object": break
        default: return .any
        }
        if let additional = self.additional, self.properties.isEmpty, !isRoot {
            return .map(additional.shape(), isAtomic: self.mapType == "atomic")
        }
        if self.properties.isEmpty, self.preservesUnknown, !isRoot { return .any }
        var structure = Shape.Structure(isAtomic: self.mapType == "atomic", preservesUnknown: self.preservesUnknown)
        for (name, property) in self.properties {
            structure.fields[name] = Shape.Field(shape: property.shape(), defaultValue: property.defaultValue)
        }
        if isRoot || self.isEmbedded {
            structure.fields["apiVersion"] = Shape.Field(shape: .scalar(.string))
            structure.fields["kind"] = Shape.Field(shape: .scalar(.string))
            structure.fields["metadata"] = Shape.Field(shape: .named("ObjectMeta"))
        }
        return .object(structure)
    }
}

extension JSONValue {
    /// The value of any number.
    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
