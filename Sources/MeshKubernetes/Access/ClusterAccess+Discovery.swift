extension ClusterAccess {
    /// Where a pod finds its account's token, CA bundle and namespace.
    public static let serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The API server of the cluster that this pod runs in.
    ///
    /// - Throws: when the variables or files of a pod are missing.
    public static func inCluster(
        environment: [String: String], folder: String = serviceAccountFolder
    ) throws(KubernetesError) -> ClusterAccess {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
            let port = environment["KUBERNETES_SERVICE_PORT"], !port.isEmpty
        else { throw .invalidAccess(reason: "KUBERNETES_SERVICE_HOST and _PORT are not set: this is no pod") }
        let namespace = try SmallFile.text("\(folder)/namespace")
        // Reading it here reports a missing token at the start; requests read it again.
        _ = try SmallFile.text("\(folder)/token")
        return ClusterAccess(
            server: host.contains(":") ? "https://[\(host)]:\(port)" : "https://\(host):\(port)",
            trust: .authorities(pem: try SmallFile.text("\(folder)/ca.crt")),
            credentials: .tokenFile(path: "\(folder)/token"),
            namespace: String(namespace.filter { !$0.isWhitespace }))
    }

    /// The first of: `path`, the files of `KUBECONFIG`, this pod's cluster, `~/.kube/config`.
    ///
    /// Proxies are not used; that one is set is a warning.
    public static func discover(
        path: String? = nil, context: String? = nil, environment: [String: String]
    ) throws(KubernetesError) -> ClusterAccess {
        var access = try Self.find(path: path, context: context, environment: environment)
        let scheme = access.server.hasPrefix("http://") ? "HTTP_PROXY" : "HTTPS_PROXY"
        for name in [scheme, scheme.lowercased()] where environment[name].map({ !$0.isEmpty }) ?? false {
            access.warnings.append("\(name) is ignored")
        }
        return access
    }

    private static func find(
        path: String?, context: String?, environment: [String: String]
    ) throws(KubernetesError) -> ClusterAccess {
        if let path { return try Kubeconfig(paths: [path]).access(context: context) }
        if let paths = environment["KUBECONFIG"], !paths.isEmpty {
            let existing = paths.split(separator: ":").map(String.init)
            return try Kubeconfig(paths: existing).access(context: context)
        }
        if context == nil, environment["KUBERNETES_SERVICE_HOST"] != nil {
            return try Self.inCluster(environment: environment)
        }
        guard let home = environment["HOME"] else { throw .invalidAccess(reason: "HOME is not set") }
        return try Kubeconfig(paths: ["\(home)/.kube/config"]).access(context: context)
    }
}
