import MeshModel

/// Server and ServerAuthorization.
enum ServerChecks {
    static func server(_ object: Field) throws(Rejection) {
        let spec = object["spec"]
        let (pods, workloads) = (spec["podSelector"], spec["externalWorkloadSelector"])
        guard pods.isPresent != workloads.isPresent else {
            throw Rejection(spec.path, "must have either podSelector or externalWorkloadSelector")
        }
        try Self.selector(pods)
        try Self.selector(workloads)
        try Self.port(spec["port"].required("a port number or name"))
        _ = try spec["proxyProtocol"].oneOf(["unknown", "HTTP/1", "HTTP/2", "gRPC", "opaque", "TLS"])
        _ = try spec["accessPolicy"].oneOf([
            "deny", "audit", "all-authenticated", "all-unauthenticated", "cluster-authenticated",
            "cluster-unauthenticated",
        ])
    }

    private static func port(_ field: Field) throws(Rejection) {
        if field.value?.string == nil {
            _ = try field.port()
            return
        }
        // A port name (IANA_SVC_NAME): at most 15 letters, digits and single dashes, with a letter among them.
        let name = field.value?.string ?? ""
        guard IdentitySyntax.isLabel(name), name.utf8.count <= 15, !name.contains("--"),
            name.utf8.contains(where: { (97...122).contains($0) })
        else { throw Rejection(field.path, "is \"\(name)\", which must be a port number or the name of a port") }
    }

    static func selector(_ field: Field) throws(Rejection) {
        guard try field.object() != nil else { return }
        for (key, value) in try field["matchLabels"].object() ?? [:] where value.string == nil {
            throw Rejection("\(field.path).matchLabels.\(key)", "must be text")
        }
        for expression in try field["matchExpressions"].elements() {
            guard let key = try expression["key"].text(), !key.isEmpty else {
                throw Rejection(expression["key"].path, "is missing: the label to look at")
            }
            let allowed = ["In", "NotIn", "Exists", "DoesNotExist"]
            let operation = try expression["operator"].required("one of \(allowed.joined(separator: ", "))").oneOf(
                allowed)
            let values = try expression["values"].elements()
            for value in values { _ = try value.text() }
            let needsValues = operation == "In" || operation == "NotIn"
            guard needsValues != values.isEmpty else {
                throw Rejection(
                    expression["values"].path, needsValues ? "must not be empty" : "must be empty for this operator")
            }
        }
    }

    static func authorization(_ object: Field) throws(Rejection) {
        let spec = object["spec"]
        let server = try spec["server"].required("name or selector of the Servers")
        guard server["name"].isPresent != server["selector"].isPresent else {
            throw Rejection(server.path, "must have either name or selector")
        }
        _ = try server["name"].text()
        try Self.selector(server["selector"])
        let client = try spec["client"].required("who is authorized")
        for network in try client["networks"].elements() { try NetworkChecks.network(network) }
        try Self.client(client)
    }

    private static func client(_ client: Field) throws(Rejection) {
        let meshTLS = client["meshTLS"]
        _ = try meshTLS.object()
        guard try !client["unauthenticated"].flag() || !meshTLS.isPresent else {
            throw Rejection(client["unauthenticated"].path, "must be false when meshTLS is given")
        }
        let identities = try meshTLS["identities"].elements()
        let accounts = try meshTLS["serviceAccounts"].elements()
        guard try !meshTLS["unauthenticatedTLS"].flag() || (identities.isEmpty && accounts.isEmpty) else {
            throw Rejection(
                meshTLS["unauthenticatedTLS"].path, "must be false when identities or serviceAccounts are given")
        }
        for identity in identities {
            if let problem = IdentitySyntax.nameProblem(try identity.text() ?? "") {
                throw Rejection(identity.path, problem)
            }
        }
        for account in accounts {
            guard let name = try account["name"].text(), !name.isEmpty else {
                throw Rejection(account["name"].path, "is missing: the name of a ServiceAccount")
            }
            _ = try account["namespace"].text()
        }
    }
}
