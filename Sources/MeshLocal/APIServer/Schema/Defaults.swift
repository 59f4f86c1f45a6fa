import MeshModel

/// The values that built-in kinds get for members that are left out.
enum Defaults {
    static func apply(to object: inout JSONValue, _ kind: ResourceKind) {
        switch (kind.group, kind.kind) {
        case ("", "Pod"):
            object.update("spec") { spec in
                Self.podSpec(&spec)
                spec.setDefault("enableServiceLinks", true)
            }
            object.update("status") { status in
                status.updateEach("conditions") { condition in
                    condition.setDefault("lastProbeTime", nil)
                    condition.setDefault("lastTransitionTime", nil)
                }
            }
        case ("", "Event"):
            object.setDefault("source", [:])
            object.setDefault("reportingComponent", "")
            object.setDefault("reportingInstance", "")
        case ("events.k8s.io", "Event"): object.setDefault("deprecatedSource", [:])
        case ("coordination.k8s.io", "Lease"):
            // Behind a feature gate that is off by default.
            object.update("spec") { spec in
                spec["strategy"] = nil
                spec["preferredHolder"] = nil
            }
        case ("", "Service"): object.update("spec") { Self.service(&$0) }
        case ("", "Namespace"): Self.namespace(&object)
        case ("", "Secret"): Self.secret(&object)
        case ("", "Endpoints"):
            object.updateEach("subsets") { $0.updateEach("ports") { $0.setDefault("protocol", "TCP") } }
        case ("", "ReplicationController"), ("apps", "ReplicaSet"):
            object.update("spec") { spec in
                spec.setDefault("replicas", 1)
                Self.template(&spec)
            }
        case ("apps", "Deployment"): object.update("spec") { Self.deployment(&$0) }
        case ("apps", "StatefulSet"): object.update("spec") { Self.statefulSet(&$0) }
        case ("apps", "DaemonSet"): object.update("spec") { Self.daemonSet(&$0) }
        case ("batch", "Job"): object.update("spec") { Self.job(&$0) }
        case ("batch", "CronJob"): object.update("spec") { Self.cronJob(&$0) }
        case ("discovery.k8s.io", "EndpointSlice"):
            object.updateEach("ports") { port in
                port.setDefault("name", "")
                port.setDefault("protocol", "TCP")
            }
        case ("admissionregistration.k8s.io", _): object.updateEach("webhooks") { Self.webhook(&$0, kind.kind) }
        case ("rbac.authorization.k8s.io", "RoleBinding"), ("rbac.authorization.k8s.io", "ClusterRoleBinding"):
            object.update("roleRef") { $0.setDefault("apiGroup", "rbac.authorization.k8s.io") }
            object.updateEach("subjects") { subject in
                if subject["kind"]?.string != "ServiceAccount" {
                    subject.setDefault("apiGroup", "rbac.authorization.k8s.io")
                }
            }
        case ("networking.k8s.io", "NetworkPolicy"): object.update("spec") { Self.networkPolicy(&$0) }
        case ("apiextensions.k8s.io", _): Self.definition(&object)
        case ("autoscaling", _): object.update("spec") { $0.setDefault("minReplicas", 1) }
        default: break
        }
    }

    private static func namespace(_ object: inout JSONValue) {
        let name = object.objectName
        if !name.isEmpty { object.set(["metadata", "labels", "kubernetes.io/metadata.name"], .string(name)) }
    }

    private static func secret(_ object: inout JSONValue) {
        object.setDefault("type", "Opaque")
        if let texts = object["stringData"]?.object {
            for (key, text) in texts {
                object.set(["data", key], .string(Base64.encode(Array((text.string ?? "").utf8))))
            }
            object["stringData"] = nil
        }
    }

    private static func service(_ spec: inout JSONValue) {
        spec.setDefault("sessionAffinity", "None")
        spec.setDefault("type", "ClusterIP")
        if spec["sessionAffinity"]?.string == "ClientIP" {
            if spec["sessionAffinityConfig"]?["clientIP"]?["timeoutSeconds"] == nil {
                spec.set(["sessionAffinityConfig", "clientIP", "timeoutSeconds"], 10_800)
            }
        }
        spec.updateEach("ports") { port in
            port.setDefault("protocol", "TCP")
            if port["targetPort"] == nil || port["targetPort"]?.integer == 0 || port["targetPort"]?.string == "" {
                port["targetPort"] = port["port"]
            }
        }
        let type = spec["type"]?.string ?? ""
        if type != "ExternalName" { spec.setDefault("internalTrafficPolicy", "Cluster") }
        if type == "NodePort" || type == "LoadBalancer" { spec.setDefault("externalTrafficPolicy", "Cluster") }
        if type == "LoadBalancer" { spec.setDefault("allocateLoadBalancerNodePorts", true) }
    }

    static func template(_ spec: inout JSONValue) {
        spec.update("template") { template in
            template.setDefault("metadata", [:])
            template.update("spec") { Self.podSpec(&$0) }
        }
    }

    private static func deployment(_ spec: inout JSONValue) {
        spec.setDefault("replicas", 1)
        spec.setDefault("revisionHistoryLimit", 10)
        spec.setDefault("progressDeadlineSeconds", 600)
        spec.setDefault("strategy", [:])
        spec.update("strategy") { strategy in
            strategy.setDefault("type", "RollingUpdate")
            if strategy["type"]?.string == "RollingUpdate" {
                strategy.setDefault("rollingUpdate", [:])
                strategy.update("rollingUpdate") { rolling in
                    rolling.setDefault("maxUnavailable", "25%")
                    rolling.setDefault("maxSurge", "25%")
                }
            }
        }
        Self.template(&spec)
    }

    private static func statefulSet(_ spec: inout JSONValue) {
        spec.setDefault("replicas", 1)
        spec.setDefault("revisionHistoryLimit", 10)
        spec.setDefault("podManagementPolicy", "OrderedReady")
        spec.setDefault("persistentVolumeClaimRetentionPolicy", ["whenDeleted": "Retain", "whenScaled": "Retain"])
        spec.setDefault("updateStrategy", ["type": "RollingUpdate", "rollingUpdate": ["partition": 0]])
        Self.template(&spec)
    }

    private static func daemonSet(_ spec: inout JSONValue) {
        spec.setDefault("revisionHistoryLimit", 10)
        spec.setDefault(
            "updateStrategy", ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": 1, "maxSurge": 0]])
        Self.template(&spec)
    }

    private static func job(_ spec: inout JSONValue) {
        if spec["completions"] == nil, spec["parallelism"] == nil { spec["completions"] = 1 }
        spec.setDefault("parallelism", 1)
        spec.setDefault("backoffLimit", 6)
        spec.setDefault("completionMode", "NonIndexed")
        spec.setDefault("suspend", false)
        spec.setDefault("podReplacementPolicy", "TerminatingOrFailed")
        Self.template(&spec)
    }

    private static func cronJob(_ spec: inout JSONValue) {
        spec.setDefault("concurrencyPolicy", "Allow")
        spec.setDefault("suspend", false)
        spec.setDefault("successfulJobsHistoryLimit", 3)
        spec.setDefault("failedJobsHistoryLimit", 1)
        spec.update("jobTemplate") { job in
            job.setDefault("metadata", [:])
            job.update("spec") { Self.template(&$0) }
        }
    }

    private static func webhook(_ hook: inout JSONValue, _ kind: String) {
        hook.setDefault("failurePolicy", "Fail")
        hook.setDefault("matchPolicy", "Equivalent")
        hook.setDefault("namespaceSelector", [:])
        hook.setDefault("objectSelector", [:])
        hook.setDefault("timeoutSeconds", 10)
        if kind == "MutatingWebhookConfiguration" { hook.setDefault("reinvocationPolicy", "Never") }
        hook.updateEach("rules") { $0.setDefault("scope", "*") }
        hook.update("clientConfig") { $0.update("service") { $0.setDefault("port", 443) } }
    }

    private static func networkPolicy(_ spec: inout JSONValue) {
        if spec["policyTypes"] == nil {
            spec["policyTypes"] = spec["egress"] == nil ? ["Ingress"] : ["Ingress", "Egress"]
        }
        for direction in ["ingress", "egress"] {
            spec.updateEach(direction) { $0.updateEach("ports") { $0.setDefault("protocol", "TCP") } }
        }
    }

    private static func definition(_ object: inout JSONValue) {
        object.update("spec") { spec in
            spec.setDefault("conversion", ["strategy": "None"])
            spec.update("names") { names in
                let kind = names["kind"]?.string ?? ""
                names.setDefault("singular", .string(kind.lowercased()))
                names.setDefault("listKind", .string("\(kind)List"))
            }
        }
    }
}
