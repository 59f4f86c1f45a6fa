import MeshModel

extension Validation {
    static func lease(_ object: JSONValue) -> [FieldError] {
        let spec = object["spec"] ?? [:]
        var errors: [FieldError] = []
        if let seconds = spec["leaseDurationSeconds"]?.integer, seconds <= 0 {
            errors.append(.invalid("spec.leaseDurationSeconds", .integer(seconds), "must be greater than 0"))
        }
        if let count = spec["leaseTransitions"]?.integer, count < 0 {
            errors.append(.invalid("spec.leaseTransitions", .integer(count), "must be greater than or equal to 0"))
        }
        return errors
    }

    static func event(_ object: JSONValue, _ old: JSONValue?) -> [FieldError] {
        // Events that came by the core group keep its looser rules.
        guard object["eventTime"] != nil || old == nil else { return [] }
        var errors: [FieldError] = []
        if object["eventTime"] == nil {
            errors.append(.required("eventTime"))
            if object["type"] == nil { errors.append(.invalid("type", "", "has invalid value: ")) }
            return errors
        }
        func text(_ name: String, _ max: Int, isRequired: Bool = true) {
            let value = object[name]?.string ?? ""
            if value.isEmpty, isRequired { errors.append(.required(name)) }
            if value.utf8.count > max {
                errors.append(.invalid(name, "", "can have at most \(max) characters"))
            }
        }
        text("reportingController", 128)
        text("reportingInstance", 128)
        text("action", 128)
        text("reason", 128)
        if let type = object["type"]?.string, type == "Normal" || type == "Warning" {
        } else {
            errors.append(.invalid("type", "", "has invalid value: \(object["type"]?.string ?? "")"))
        }
        if (object["note"]?.string ?? "").utf8.count > 1_024 {
            errors.append(.invalid("message", "", "can have at most 1024 characters"))
        }
        if let series = object["series"], (series["count"]?.integer ?? 0) < 2 {
            errors.append(.invalid("series.count", "", "should be at least 2"))
        }
        if let old {
            for name in ["note", "reason", "action", "regarding", "type", "eventTime", "reportingController"]
            where object[name] != old[name] {
                errors.append(.invalid(name == "note" ? "message" : name, object[name] ?? .null, "field is immutable"))
            }
        }
        return errors
    }

    /// An event is in the namespace of its subject, or in `default` when that has none.
    static func eventNamespace(_ object: JSONValue, _ field: String) -> [FieldError] {
        let subject = object[field]?["namespace"]?.string ?? ""
        let namespace = object.objectNamespace
        guard subject != namespace, !(subject.isEmpty && namespace == "default") else { return [] }
        // The newer group lets a controller write about objects elsewhere.
        if field == "regarding", !subject.isEmpty { return [] }
        return [.invalid("involvedObject.namespace", .string(subject), "does not match event.namespace")]
    }

    static func endpointSlice(_ object: JSONValue, _ old: JSONValue?) -> [FieldError] {
        var errors: [FieldError] = []
        let type = object["addressType"]?.string ?? ""
        if type.isEmpty {
            errors.append(.required("addressType"))
        } else if !["FQDN", "IPv4", "IPv6"].contains(type) {
            errors.append(.notSupported("addressType", .string(type), ["FQDN", "IPv4", "IPv6"]))
        }
        if let before = old?["addressType"], before != object["addressType"] {
            errors.append(.invalid("addressType", .string(type), "field is immutable"))
        }
        let endpoints = object["endpoints"]?.array ?? []
        if endpoints.count > 1_000 {
            errors.append(
                FieldError(.tooMany, "endpoints", "Too many: \(endpoints.count): must have at most 1000 items"))
        }
        for (index, endpoint) in endpoints.enumerated() {
            let addresses = endpoint["addresses"]?.array ?? []
            if addresses.isEmpty {
                errors.append(.required("endpoints[\(index)].addresses", "must contain at least 1 address"))
            }
            for (position, address) in addresses.enumerated() where type != "FQDN" {
                guard IPAddress(address.string ?? "") == nil else { continue }
                errors.append(
                    .invalid(
                        "endpoints[\(index)].addresses[\(position)]", address,
                        "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"))
            }
        }
        return errors
    }
}

/// Checks of custom resources.
enum CustomValidation {
    static func errors(of object: JSONValue, old: JSONValue?, _ custom: CustomVersion) -> [FieldError] {
        var subject = object
        // Metadata has checks of its own.
        subject["metadata"] = [:]
        var errors = SchemaValidator.errors(of: subject, against: custom.schema)
        if let old {
            // What was wrong before and has not changed may stay.
            var before = old
            before["metadata"] = [:]
            let known = Set(SchemaValidator.errors(of: before, against: custom.schema))
            errors.removeAll { known.contains($0) && Self.value(at: $0.field, object) == Self.value(at: $0.field, old) }
        }
        if !errors.isEmpty, custom.schema.hasRules {
            errors.append(
                FieldError(
                    .invalid, "<nil>",
                    "Invalid value: null: some validation rules were not checked because the object was invalid; "
                        + "correct the existing errors to complete validation"))
        }
        return errors
    }

    private static func value(at field: String, _ object: JSONValue) -> JSONValue? {
        JSONPath(".\(field)").values(in: object).first
    }
}

/// Checks of CustomResourceDefinitions.
enum DefinitionValidation {
    static func errors(of object: JSONValue, old: JSONValue?) -> [FieldError] {
        let spec = object["spec"] ?? [:]
        var errors: [FieldError] = []
        let group = spec["group"]?.string ?? ""
        let plural = spec["names"]?["plural"]?.string ?? ""
        if object.objectName != "\(plural).\(group)" {
            errors.append(
                .invalid("metadata.name", .string(object.objectName), "must be spec.names.plural+\".\"+spec.group"))
        }
        if !group.contains(".") {
            errors.append(.invalid("spec.group", .string(group), "should be a domain with at least one dot"))
        }
        let scope = spec["scope"]?.string ?? ""
        if scope != "Cluster", scope != "Namespaced" {
            errors.append(.notSupported("spec.scope", .string(scope), ["Cluster", "Namespaced"]))
        }
        let isProtected = group.hasSuffix(".k8s.io") || group.hasSuffix(".kubernetes.io")
        let approval = object["metadata"]?["annotations"]?["api-approved.kubernetes.io"]?.string ?? ""
        if isProtected, approval.isEmpty {
            errors.append(
                .required(
                    "metadata.annotations[api-approved.kubernetes.io]",
                    "protected groups must have approval annotation \"api-approved.kubernetes.io\", see "
                        + "https://github.com/kubernetes/enhancements/pull/1111"))
        }
        if spec["preserveUnknownFields"]?.bool ?? false {
            errors.append(
                .invalid(
                    "spec.preserveUnknownFields", true,
                    "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
                        + "spec.versions[*].schema instead"))
        }
        let versions = spec["versions"]?.array ?? []
        if versions.count(where: { $0["storage"]?.bool ?? false }) != 1 {
            errors.append(
                .invalid(
                    "spec.versions", .array(versions), "must have exactly one version marked as storage version"))
        }
        for (index, version) in versions.enumerated() {
            let field = "spec.versions[\(index)].schema.openAPIV3Schema"
            guard let schema = version["schema"]?["openAPIV3Schema"] else {
                errors.append(.required(field))
                continue
            }
            errors += StructuralCheck.errors(
                of: schema, versions.count == 1 ? "spec.validation.openAPIV3Schema" : field)
        }
        if spec["conversion"]?["strategy"]?.string == "Webhook" {
            if spec["conversion"]?["webhook"]?["clientConfig"] == nil {
                errors.append(
                    .required("spec.conversion.webhookClientConfig", "required when strategy is set to Webhook"))
            }
            if spec["conversion"]?["webhook"]?["conversionReviewVersions"] == nil {
                errors.append(.required("spec.conversion.conversionReviewVersions"))
            }
        }
        let names = Set(versions.compactMap { $0["name"]?.string })
        for (index, stored) in (object["status"]?["storedVersions"]?.array ?? []).enumerated() where old != nil {
            guard let name = stored.string, !names.contains(name) else { continue }
            errors.append(
                .invalid(
                    "status.storedVersions[\(index)]", .string(name),
                    "missing from spec.versions; \(name) was previously a storage version, and must remain in "
                        + "spec.versions until a storage migration ensures no data remains persisted in \(name) and "
                        + "removes \(name) from status.storedVersions"))
        }
        if let old {
            if old["spec"]?["scope"] != spec["scope"] {
                errors.append(.invalid("spec.scope", .string(scope), "field is immutable"))
            }
            if old["spec"]?["names"]?["kind"] != spec["names"]?["kind"] {
                errors.append(.invalid("spec.names.kind", spec["names"]?["kind"] ?? .null, "field is immutable"))
            }
        }
        return errors
    }
}

/// Checks that a schema is structural: every place has a type, what it demands can be read.
enum StructuralCheck {
    static func errors(of schema: JSONValue, _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        Self.check(schema, field, isRoot: true, &errors)
        return errors
    }

    private static let intOrString: JSONValue = [["type": "integer"], ["type": "string"]]

    private static func check(_ schema: JSONValue, _ field: String, isRoot: Bool = false, _ errors: inout [FieldError])
    {
        let isFree = schema["x-kubernetes-preserve-unknown-fields"]?.bool ?? false
        let isIntOrString = schema["x-kubernetes-int-or-string"]?.bool ?? false
        for (name, property) in (schema["properties"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            Self.check(property, "\(field).properties[\(name)]", &errors)
        }
        if let items = schema["items"] { Self.check(items, "\(field).items", &errors) }
        if let additional = schema["additionalProperties"], additional.object != nil {
            Self.check(additional, "\(field).additionalProperties", &errors)
        }
        for list in ["allOf", "anyOf", "oneOf"] {
            // The one place where a type may stand below a junctor: what an integer or a string is.
            if isIntOrString, list == "anyOf", schema[list] == Self.intOrString { continue }
            for (index, part) in (schema[list]?.array ?? []).enumerated() {
                for name in ["type", "default", "nullable"] where part[name] != nil {
                    errors.append(.forbidden("\(field).\(list)[\(index)].\(name)", "must be empty to be structural"))
                }
            }
        }
        if schema["type"] == nil, !isFree, !isIntOrString {
            let place =
                isRoot
                ? "at the root"
                : field.hasSuffix(".items") ? "for specified array items" : "for specified object fields"
            errors.append(.required("\(field).type", "must not be empty \(place)"))
        }
        if let pattern = schema["pattern"]?.string, !Pattern.isValid(pattern) {
            errors.append(
                .invalid(
                    "\(field).pattern", .string(pattern),
                    "must be a valid regular expression, but isn't: error parsing regexp: `\(pattern)`"))
        }
        if let value = schema["default"] {
            let parsed = JSONSchema(schema)
            var dropped: [String] = []
            let pruned = parsed.pruned(value, dropped: &dropped)
            for error in SchemaValidator.errors(of: parsed.defaulted(pruned), against: parsed) {
                let path = error.field == "<nil>" || error.field.isEmpty ? "" : ".\(error.field)"
                errors.append(FieldError(error.type, "\(field).default\(path)", error.text))
            }
        }
        if schema["x-kubernetes-list-type"]?.string == "map" {
            for key in (schema["x-kubernetes-list-map-keys"]?.array ?? []).compactMap(\.string) {
                let isRequired = schema["items"]?["required"]?.array?.contains(.string(key)) ?? false
                if !isRequired, schema["items"]?["properties"]?[key]?["default"] == nil {
                    errors.append(
                        .required(
                            "\(field).items.properties[\(key)].default",
                            "this property is in x-kubernetes-list-map-keys, so it must have a default or be a "
                                + "required property"))
                }
            }
        }
    }
}
