import MeshModel
import MeshResources

/// What new namespaces and pods get of service accounts.
struct ServiceAccountSettings: Sendable {
    /// The certificate authority in PEM, which every namespace gets as `kube-root-ca.crt`.
    var authority: String
    /// How long the token in a pod is good for, in seconds.
    var tokenSeconds: Int64 = 3_607
}

extension Registry {
    /// What the server's own admission does before webhooks: service accounts in pods.
    func admitInternally(
        _ object: inout JSONValue, old: JSONValue?, _ kind: ResourceKind, _ options: WriteOptions
    ) throws(APIFailure) {
        guard kind.kind == "Pod", kind.group.isEmpty, old == nil else { return }
        Self.tolerate(&object)
        if object["spec"]?["priority"] == nil { object.set(["spec", "priority"], 0) }
        object.update("spec") { spec in
            spec.setDefault("preemptionPolicy", "PreemptLowerPriority")
        }
        let name = object["spec"]?["serviceAccountName"]?.string ?? "default"
        object.set(["spec", "serviceAccountName"], .string(name))
        object.set(["spec", "serviceAccount"], .string(name))
        let key = ObjectKey(namespace: object.objectNamespace, name: name)
        guard let account = self.store.get(ResourceID(group: "", plural: "serviceaccounts"), key) else {
            throw .forbidden(
                kind.id, object.objectName,
                "error looking up service account \(key.namespace)/\(name): serviceaccount \"\(name)\" not found")
        }
        if let secrets = account.object["imagePullSecrets"] {
            object.update("spec") { $0.setDefault("imagePullSecrets", secrets) }
        }
        let wantsToken =
            object["spec"]?["automountServiceAccountToken"]?.bool
            ?? account.object["automountServiceAccountToken"]?.bool ?? true
        if wantsToken { self.mountToken(&object) }
    }

    private static let tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"

    private func mountToken(_ object: inout JSONValue) {
        let existing = object["spec"]?["volumes"]?.array?.compactMap { $0["name"]?.string }
            .first { $0.hasPrefix("kube-api-access-") }
        let name = existing ?? "kube-api-access-" + self.surroundings.makeSuffix(5)
        var isMounted = false
        object.update("spec") { spec in
            for list in ["initContainers", "containers"] {
                spec.updateEach(list) { container in
                    var mounts = container["volumeMounts"]?.array ?? []
                    guard !mounts.contains(where: { $0["mountPath"]?.string == Self.tokenPath }) else { return }
                    mounts.append(["name": .string(name), "readOnly": true, "mountPath": .string(Self.tokenPath)])
                    container["volumeMounts"] = .array(mounts)
                    isMounted = true
                }
            }
            guard isMounted, existing == nil else { return }
            var volumes = spec["volumes"]?.array ?? []
            volumes.append(self.tokenVolume(name))
            spec["volumes"] = .array(volumes)
        }
    }

    private func tokenVolume(_ name: String) -> JSONValue {
        [
            "name": .string(name),
            "projected": [
                "sources": [
                    [
                        "serviceAccountToken": [
                            "expirationSeconds": .integer(self.accounts.tokenSeconds), "path": "token",
                        ]
                    ],
                    [
                        "configMap": [
                            "name": "kube-root-ca.crt", "items": [["key": "ca.crt", "path": "ca.crt"]],
                        ]
                    ],
                    [
                        "downwardAPI": [
                            "items": [
                                [
                                    "path": "namespace",
                                    "fieldRef": ["apiVersion": "v1", "fieldPath": "metadata.namespace"],
                                ]
                            ]
                        ]
                    ],
                ], "defaultMode": 420,
            ],
        ]
    }

    private static func tolerate(_ object: inout JSONValue) {
        var tolerations = object["spec"]?["tolerations"]?.array ?? []
        for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
            let isTolerated = tolerations.contains {
                ($0["key"]?.string ?? key) == key && ["NoExecute", ""].contains($0["effect"]?.string ?? "")
            }
            guard !isTolerated else { continue }
            tolerations.append(
                ["key": .string(key), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300])
        }
        object.set(["spec", "tolerations"], .array(tolerations))
    }

    /// Gives every namespace its default account and the certificate authority; true when something was missing.
    @discardableResult
    func furnishNamespaces() -> Bool {
        let accounts = ResourceID(group: "", plural: "serviceaccounts")
        let maps = ResourceID(group: "", plural: "configmaps")
        var wasMissing = false
        for namespace in self.store.list(ResourceID(group: "", plural: "namespaces")).items
        where !namespace.object.isDeleting {
            let name = namespace.object.objectName
            if self.store.get(accounts, ObjectKey(namespace: name, name: "default")) == nil {
                wasMissing = true
                self.plant(["apiVersion": "v1", "kind": "ServiceAccount"], "default", in: name, accounts)
            }
            if self.store.get(maps, ObjectKey(namespace: name, name: "kube-root-ca.crt")) == nil {
                wasMissing = true
                let object: JSONValue = [
                    "apiVersion": "v1", "kind": "ConfigMap", "data": ["ca.crt": .string(self.accounts.authority)],
                    "metadata": [
                        "annotations": [
                            "kubernetes.io/description":
                                "Holds the certificate authority that verifies connections to the API server of this cluster."
                        ]
                    ],
                ]
                self.plant(object, "kube-root-ca.crt", in: name, maps)
            }
        }
        return wasMissing
    }

    /// Stores an object of the server's own.
    func plant(_ template: JSONValue, _ name: String, in namespace: String, _ resource: ResourceID) {
        var object = template
        object.objectName = name
        if !namespace.isEmpty { object.set(["metadata", "namespace"], .string(namespace)) }
        object.set(["metadata", "uid"], .string(self.surroundings.makeUID()))
        object.set(["metadata", "creationTimestamp"], .string(self.surroundings.now().description))
        do {
            _ = try self.store.create(resource, object)
        } catch {
            // Somebody else made it meanwhile, which is as good.
        }
    }

    /// The namespaces and roles that every cluster starts with.
    func furnishCluster() {
        let namespaces = ResourceID(group: "", plural: "namespaces")
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            let object: JSONValue = [
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": ["labels": ["kubernetes.io/metadata.name": .string(name)]],
                "spec": ["finalizers": ["kubernetes"]], "status": ["phase": "Active"],
            ]
            self.plant(object, name, in: "", namespaces)
        }
        let group = "rbac.authorization.k8s.io"
        let all: JSONValue = [
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "rules": [
                ["apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]], ["nonResourceURLs": ["*"], "verbs": ["*"]],
            ],
        ]
        self.plant(all, "cluster-admin", in: "", ResourceID(group: group, plural: "clusterroles"))
        self.plant(
            [
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
                "roleRef": ["apiGroup": .string(group), "kind": "ClusterRole", "name": "cluster-admin"],
                "subjects": [["apiGroup": .string(group), "kind": "Group", "name": "system:masters"]],
            ], "cluster-admin", in: "", ResourceID(group: group, plural: "clusterrolebindings"))
        self.furnishNamespaces()
    }
}
