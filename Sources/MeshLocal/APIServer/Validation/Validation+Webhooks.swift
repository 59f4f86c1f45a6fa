import MeshModel

extension Validation {
    /// What is wrong with the webhooks of a configuration, in the order in which the real server says it.
    static func webhooks(_ object: JSONValue) -> [FieldError] {
        var errors: [FieldError] = []
        var names: Set<String> = []
        for (index, hook) in (object["webhooks"]?.array ?? []).enumerated() {
            let field = "webhooks[\(index)]"
            let name = hook["name"]?.string ?? ""
            if name.split(separator: ".").count < 3 {
                errors.append(
                    .invalid(
                        "\(field).name", .string(name),
                        "should be a domain with at least three segments separated by dots"))
            }
            for (position, rule) in (hook["rules"]?.array ?? []).enumerated() {
                errors += Self.rule(rule, "\(field).rules[\(position)]")
            }
            errors += Self.webhookPolicies(hook, field) + Self.webhookClient(hook["clientConfig"], field)
            errors += Self.reviewVersions(hook, field)
            if !names.insert(name).inserted { errors.append(.duplicate("\(field).name", .string(name))) }
        }
        return errors
    }

    private static func rule(_ rule: JSONValue, _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        func texts(_ name: String) -> [String] { (rule[name]?.array ?? []).compactMap(\.string) }
        let known = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"]
        let operations = texts("operations")
        if operations.isEmpty { errors.append(.required("\(field).operations")) }
        if operations.count > 1, operations.contains("*") {
            errors.append(
                .invalid(
                    "\(field).operations", rule["operations"] ?? .null,
                    "if '*' is present, must not specify other operations"))
        }
        for (index, operation) in operations.enumerated() where !known.contains(operation) {
            errors.append(.notSupported("\(field).operations[\(index)]", .string(operation), known))
        }
        for (name, what) in [
            ("apiGroups", "API groups"), ("apiVersions", "API versions"),
            ("resources", "resources without subresources"),
        ] {
            let values = texts(name)
            if values.isEmpty {
                errors.append(.required("\(field).\(name)"))
            } else if values.contains("*"), values.contains(where: { $0 != "*" && !$0.contains("/") }) {
                errors.append(
                    .invalid(
                        "\(field).\(name)", rule[name] ?? .null,
                        "if '*' is present, must not specify other \(what)"))
            }
        }
        let scopes = ["*", "Cluster", "Namespaced"]
        if let scope = rule["scope"]?.string, !scopes.contains(scope) {
            errors.append(.notSupported("\(field).scope", .string(scope), scopes))
        }
        return errors
    }

    private static func webhookPolicies(_ hook: JSONValue, _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        for (name, values) in [
            ("failurePolicy", ["Fail", "Ignore"]), ("matchPolicy", ["Equivalent", "Exact"]),
            ("reinvocationPolicy", ["IfNeeded", "Never"]),
        ] {
            if let value = hook[name]?.string, !values.contains(value) {
                errors.append(.notSupported("\(field).\(name)", .string(value), values))
            }
        }
        if let effects = hook["sideEffects"]?.string {
            if effects != "None", effects != "NoneOnDryRun" {
                errors.append(.notSupported("\(field).sideEffects", .string(effects), ["None", "NoneOnDryRun"]))
            }
        } else {
            errors.append(.required("\(field).sideEffects", "must specify one of None, NoneOnDryRun"))
        }
        if let seconds = hook["timeoutSeconds"]?.integer, !(1...30).contains(seconds) {
            errors.append(
                .invalid(
                    "\(field).timeoutSeconds", .integer(seconds),
                    "the timeout value must be between 1 and 30 seconds"))
        }
        for selector in ["namespaceSelector", "objectSelector"] {
            for (index, expression) in (hook[selector]?["matchExpressions"]?.array ?? []).enumerated() {
                let name = expression["operator"]?.string ?? ""
                if ["In", "NotIn", "Exists", "DoesNotExist"].contains(name) { continue }
                errors.append(
                    .invalid(
                        "\(field).\(selector).matchExpressions[\(index)].operator", .string(name),
                        "not a valid selector operator"))
            }
        }
        return errors
    }

    private static func webhookClient(_ client: JSONValue?, _ field: String) -> [FieldError] {
        let field = "\(field).clientConfig"
        guard (client?["url"] == nil) != (client?["service"] == nil) else {
            return [.required(field, "exactly one of url or service is required")]
        }
        guard let url = client?["url"]?.string else { return [] }
        let form = "; desired format: https://host[:port]/path"
        let scheme = String(url.prefix { $0 != ":" })
        guard url.hasPrefix("\(scheme)://") else {
            return [.required("\(field).url", "url must be a valid URL" + form)]
        }
        var errors: [FieldError] = []
        if scheme != "https" {
            errors.append(.invalid("\(field).url", .string(scheme), "'https' is the only allowed URL scheme" + form))
        }
        let rest = url.dropFirst(scheme.count + 3)
        let authority = rest.prefix { !"/?#".contains($0) }
        if authority.isEmpty {
            errors.append(.invalid("\(field).url", "", "host must be specified" + form))
        }
        if let at = authority.lastIndex(of: "@") {
            errors.append(
                .invalid(
                    "\(field).url", .string(String(authority[..<at])), "user information is not permitted in the URL"))
        }
        for (mark, what) in [("#", "fragments"), ("?", "query parameters")] {
            guard let start = rest.firstRange(of: mark) else { continue }
            errors.append(
                .invalid(
                    "\(field).url", .string(String(rest[start.upperBound...])), "\(what) are not permitted in the URL"))
        }
        return errors
    }

    private static func reviewVersions(_ hook: JSONValue, _ field: String) -> [FieldError] {
        let versions = (hook["admissionReviewVersions"]?.array ?? []).compactMap(\.string)
        if versions.isEmpty {
            return [.required("\(field).admissionReviewVersions", "must specify one of v1, v1beta1")]
        }
        guard !versions.contains("v1"), !versions.contains("v1beta1") else { return [] }
        return [
            .invalid(
                "\(field).admissionReviewVersions", hook["admissionReviewVersions"] ?? .null,
                "must include at least one of v1, v1beta1")
        ]
    }
}
