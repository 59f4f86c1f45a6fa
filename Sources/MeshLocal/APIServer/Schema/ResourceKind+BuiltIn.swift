import MeshModel

extension ResourceKind {
    /// Every built-in resource.
    static let builtIn: [ResourceKind] = Self.core + Self.workloads + Self.access + Self.reviews + Self.others

    private static let status = Subresource(name: "status", verbs: ["get", "patch", "update"])
    private static let scale = Subresource(
        name: "scale", verbs: ["get", "patch", "update"], group: "autoscaling", version: "v1", kind: "Scale")

    /// A built-in resource whose type has the name of its kind unless `type` says otherwise.
    private static func make(
        _ group: String, _ version: String, _ kind: String, _ plural: String, short: [String] = [],
        categories: [String] = [], cluster: Bool = false, sub: [Subresource] = [], type: String? = nil,
        without: Set<String> = []
    ) -> ResourceKind {
        ResourceKind(
            group: group, version: version, kind: kind, plural: plural, singular: kind.lowercased(),
            shortNames: short, categories: categories, isNamespaced: !cluster,
            verbs: Self.allVerbs.subtracting(without), subresources: sub, shape: .named(type ?? kind),
            storage: ResourceID(group: group, plural: plural), storageVersion: version)
    }

    private static let core: [ResourceKind] = {
        let create: Set<String> = ["create"]
        var bindings = Self.make("", "v1", "Binding", "bindings")
        bindings.verbs = create
        var services = Self.make(
            "", "v1", "Service", "services", short: ["svc"], categories: ["all"], sub: [Self.status])
        services.createsOnUpdate = true
        let log = Subresource(name: "log", verbs: ["get"], kind: "Pod")
        let eviction = Subresource(
            name: "eviction", verbs: create, group: "policy", version: "v1", kind: "Eviction")
        return [
            bindings,
            Self.make("", "v1", "ConfigMap", "configmaps", short: ["cm"]),
            Self.make("", "v1", "Endpoints", "endpoints", short: ["ep"]),
            Self.make("", "v1", "Event", "events", short: ["ev"]),
            Self.make("", "v1", "LimitRange", "limitranges", short: ["limits"]),
            Self.make(
                "", "v1", "Namespace", "namespaces", short: ["ns"], cluster: true,
                sub: [Subresource(name: "finalize", verbs: ["update"]), Self.status], without: ["deletecollection"]),
            Self.make("", "v1", "Node", "nodes", short: ["no"], cluster: true, sub: [Self.status]),
            Self.make(
                "", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", short: ["pvc"], sub: [Self.status]),
            Self.make(
                "", "v1", "Pod", "pods", short: ["po"], categories: ["all"],
                sub: [
                    Subresource(name: "binding", verbs: create, kind: "Binding"), eviction, log, Self.status,
                ]),
            Self.make(
                "", "v1", "ReplicationController", "replicationcontrollers", short: ["rc"], categories: ["all"],
                sub: [Self.scale, Self.status]),
            Self.make("", "v1", "ResourceQuota", "resourcequotas", short: ["quota"], sub: [Self.status]),
            Self.make("", "v1", "Secret", "secrets"),
            Self.make(
                "", "v1", "ServiceAccount", "serviceaccounts", short: ["sa"],
                sub: [
                    Subresource(
                        name: "token", verbs: create, group: "authentication.k8s.io", version: "v1",
                        kind: "TokenRequest")
                ]),
            services,
        ]
    }()

    private static let workloads: [ResourceKind] = [
        Self.make("apps", "v1", "ControllerRevision", "controllerrevisions"),
        Self.make(
            "apps", "v1", "DaemonSet", "daemonsets", short: ["ds"], categories: ["all"], sub: [Self.status]),
        Self.make(
            "apps", "v1", "Deployment", "deployments", short: ["deploy"], categories: ["all"],
            sub: [Self.scale, Self.status]),
        Self.make(
            "apps", "v1", "ReplicaSet", "replicasets", short: ["rs"], categories: ["all"],
            sub: [Self.scale, Self.status]),
        Self.make(
            "apps", "v1", "StatefulSet", "statefulsets", short: ["sts"], categories: ["all"],
            sub: [Self.scale, Self.status]),
        Self.make("batch", "v1", "CronJob", "cronjobs", short: ["cj"], categories: ["all"], sub: [Self.status]),
        Self.make("batch", "v1", "Job", "jobs", categories: ["all"], sub: [Self.status]),
        Self.make(
            "autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", short: ["hpa"],
            categories: ["all"], sub: [Self.status]),
        Self.make(
            "policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", short: ["pdb"], sub: [Self.status]),
    ]

    private static let access: [ResourceKind] = [
        Self.make("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", cluster: true),
        Self.make("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", cluster: true),
        Self.make("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
        Self.make("rbac.authorization.k8s.io", "v1", "Role", "roles"),
        Self.make(
            "admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations",
            categories: ["api-extensions"], cluster: true),
        Self.make(
            "admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration",
            "validatingwebhookconfigurations", categories: ["api-extensions"], cluster: true),
        Self.make(
            "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions",
            short: ["crd", "crds"], categories: ["api-extensions"], cluster: true, sub: [Self.status]),
    ]

    /// Kinds that are answered and not kept.
    private static let reviews: [ResourceKind] = [
        ("authentication.k8s.io", "SelfSubjectReview", "selfsubjectreviews", true),
        ("authentication.k8s.io", "TokenReview", "tokenreviews", true),
        ("authorization.k8s.io", "LocalSubjectAccessReview", "localsubjectaccessreviews", false),
        ("authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews", true),
        ("authorization.k8s.io", "SelfSubjectRulesReview", "selfsubjectrulesreviews", true),
        ("authorization.k8s.io", "SubjectAccessReview", "subjectaccessreviews", true),
    ].map { group, kind, plural, isCluster in
        var resource = Self.make(group, "v1", kind, plural, cluster: isCluster)
        resource.verbs = ["create"]
        return resource
    }

    private static let others: [ResourceKind] = {
        var leases = Self.make("coordination.k8s.io", "v1", "Lease", "leases")
        leases.createsOnUpdate = true
        leases.updatesUnconditionally = false
        var events = Self.make("events.k8s.io", "v1", "Event", "events", short: ["ev"], type: "events.Event")
        events.storage = ResourceID(group: "", plural: "events")
        return [
            Self.make("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"),
            leases, events,
            Self.make("networking.k8s.io", "v1", "IngressClass", "ingressclasses", cluster: true),
            Self.make("networking.k8s.io", "v1", "Ingress", "ingresses", short: ["ing"], sub: [Self.status]),
            Self.make("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", short: ["netpol"]),
            Self.make(
                "scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", short: ["pc"], cluster: true),
            Self.make("storage.k8s.io", "v1", "StorageClass", "storageclasses", short: ["sc"], cluster: true),
        ]
    }()
}
