import MeshModel

/// Decides what users may do, from the roles and bindings in the store.
struct Authorizer: Sendable {
    /// What somebody wants to do.
    struct Attempt: Hashable, Sendable {
        var user: UserInfo
        var verb: String
        var namespace = ""
        var group = ""
        var resource = ""
        var subresource = ""
        var name = ""
        /// Set instead of the resource for paths that name none.
        var path: String?
    }

    let store: ObjectStore

    private static let group = "rbac.authorization.k8s.io"

    func mayImpersonate(_ user: UserInfo) -> Bool {
        self.allows(Attempt(user: user, verb: "impersonate", resource: "users"))
    }

    /// Whether a rule of a role that is bound to the user allows it; no rule, no right.
    func allows(_ attempt: Attempt) -> Bool {
        if attempt.user.isMaster { return true }
        if let path = attempt.path {
            let open = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
            if open.contains(path), attempt.verb == "get" { return true }
            let known = ["/api", "/apis", "/openapi", "/.well-known/openid-configuration", "/openid/v1/jwks"]
            let isAuthenticated = attempt.user.groups.contains("system:authenticated")
            if isAuthenticated, attempt.verb == "get", known.contains(where: { path == $0 || path.hasPrefix($0 + "/") })
            {
                return true
            }
        } else if attempt.group == "authorization.k8s.io", attempt.resource.hasPrefix("self"),
            attempt.user.groups.contains("system:authenticated")
        {
            return true
        } else if attempt.group == "authentication.k8s.io", attempt.resource == "selfsubjectreviews",
            attempt.user.groups.contains("system:authenticated")
        {
            return true
        }
        return self.rules(for: attempt.user, namespace: attempt.namespace).contains { Self.allows($0, attempt) }
    }

    /// The rules that reach a user in a namespace; empty for the cluster as a whole.
    func rules(for user: UserInfo, namespace: String) -> [JSONValue] {
        var rules: [JSONValue] = []
        for binding in self.store.list(ResourceID(group: Self.group, plural: "clusterrolebindings")).items
        where Self.binds(binding.object, user) {
            rules += self.rules(of: binding.object["roleRef"], namespace: "")
        }
        guard !namespace.isEmpty else { return rules }
        for binding in self.store.list(ResourceID(group: Self.group, plural: "rolebindings"), namespace: namespace)
            .items
        where Self.binds(binding.object, user) {
            rules += self.rules(of: binding.object["roleRef"], namespace: namespace)
        }
        return rules
    }

    private func rules(of reference: JSONValue?, namespace: String) -> [JSONValue] {
        let name = reference?["name"]?.string ?? ""
        let isCluster = reference?["kind"]?.string == "ClusterRole"
        let resource = ResourceID(group: Self.group, plural: isCluster ? "clusterroles" : "roles")
        let key = ObjectKey(namespace: isCluster ? "" : namespace, name: name)
        return self.store.get(resource, key)?.object["rules"]?.array ?? []
    }

    private static func binds(_ binding: JSONValue, _ user: UserInfo) -> Bool {
        (binding["subjects"]?.array ?? []).contains { subject in
            let name = subject["name"]?.string ?? ""
            switch subject["kind"]?.string {
            case "User": return user.name == name
            case "Group": return user.groups.contains(name)
            case "ServiceAccount":
                let namespace = subject["namespace"]?.string ?? binding.objectNamespace
                return user.name == "system:serviceaccount:\(namespace):\(name)"
            default: return false
            }
        }
    }

    private static func allows(_ rule: JSONValue, _ attempt: Attempt) -> Bool {
        func texts(_ name: String) -> [String] { (rule[name]?.array ?? []).compactMap(\.string) }
        func has(_ name: String, _ wanted: String) -> Bool {
            let values = texts(name)
            return values.contains("*") || values.contains(wanted)
        }
        guard has("verbs", attempt.verb) else { return false }
        if let path = attempt.path {
            return texts("nonResourceURLs").contains { pattern in
                pattern == "*" || pattern == path || pattern.hasSuffix("*") && path.hasPrefix(pattern.dropLast())
            }
        }
        guard has("apiGroups", attempt.group) else { return false }
        let full = attempt.subresource.isEmpty ? attempt.resource : "\(attempt.resource)/\(attempt.subresource)"
        let resources = texts("resources")
        let isNamed =
            resources.contains("*") || resources.contains(full)
            || !attempt.subresource.isEmpty && resources.contains("*/\(attempt.subresource)")
        guard isNamed else { return false }
        let names = texts("resourceNames")
        return names.isEmpty || names.contains(attempt.name)
    }

    /// The refusal that tells the user what is missing.
    static func refusal(_ attempt: Attempt) -> APIFailure {
        if let path = attempt.path {
            return APIFailure(
                code: 403, reason: "Forbidden",
                message: "forbidden: User \"\(attempt.user.name)\" cannot \(attempt.verb) path \"\(path)\"",
                showsEmptyDetails: true)
        }
        let resource = attempt.subresource.isEmpty ? attempt.resource : "\(attempt.resource)/\(attempt.subresource)"
        let scope = attempt.namespace.isEmpty ? "at the cluster scope" : "in the namespace \"\(attempt.namespace)\""
        let subject = attempt.group.isEmpty ? attempt.resource : "\(attempt.resource).\(attempt.group)"
        return APIFailure(
            code: 403, reason: "Forbidden",
            message: subject + (attempt.name.isEmpty ? "" : " \"\(attempt.name)\"")
                + " is forbidden: User \"\(attempt.user.name)\" cannot \(attempt.verb) resource \"\(resource)\" in API "
                + "group \"\(attempt.group)\" \(scope)", name: attempt.name, group: attempt.group,
            kind: attempt.resource)
    }
}
