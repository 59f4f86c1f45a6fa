import MeshModel

/// What was made outside of the recordings, which shows in their lists.
enum Setup {
    /// What is to be made before an exchange: where it is posted, and what.
    static func objects(before exchange: String, of file: String) -> [(path: String, document: JSONValue)] {
        switch (file, exchange) {
        case ("02-crud-and-errors", "delete Background"):
            return ["delbackground", "delforeground", "delorphan", "delq", "delbad"].map { Self.map($0, in: "crud") }
        case ("02-crud-and-errors", "delete with a finalizer"):
            var (path, document) = Self.map("fin", in: "crud")
            document["metadata"]?["finalizers"] = ["example.com/hold"]
            return [(path, document)]
        case ("02-crud-and-errors", "delete collection by label"):
            return (0..<3).map { Self.map("dc\($0)", in: "crud", labels: ["dc": "1"]) }
        case ("03-lists", "list all"):
            return (0..<7).map { index in
                var labels: JSONValue = ["n": .string(String(index)), "par": index % 2 == 0 ? "even" : "odd"]
                if index == 3 { labels["rare"] = "x" }
                return Self.map("c\(index)", in: "lists", labels: labels, data: ["i": .string(String(index))])
            }
        case ("11-namespace-deletion", "another namespace"):
            return [("/api/v1/namespaces", ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "fz"]])]
        case ("08-auth", "token: defaults"): return Self.accounts
        default: return []
        }
    }

    private static func map(
        _ name: String, in namespace: String, labels: JSONValue? = nil, data: JSONValue? = nil
    ) -> (String, JSONValue) {
        var document: JSONValue = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)]]
        document["metadata"]?["labels"] = labels
        document["data"] = data
        return ("/api/v1/namespaces/\(namespace)/configmaps", document)
    }

    private static let accounts: [(String, JSONValue)] = [
        (
            "/api/v1/namespaces/auth/serviceaccounts",
            ["apiVersion": "v1", "kind": "ServiceAccount", "metadata": ["name": "app"]]
        ),
        (
            "/api/v1/namespaces/auth/pods",
            [
                "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"],
                "spec": ["serviceAccountName": "app", "containers": [["name": "a", "image": "i"]]],
            ]
        ),
        (
            "/apis/rbac.authorization.k8s.io/v1/namespaces/auth/roles",
            [
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": ["name": "rd"],
                "rules": [["apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]]],
            ]
        ),
    ]
}
