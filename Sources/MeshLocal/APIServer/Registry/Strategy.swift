import MeshModel
import MeshResources

/// What a write to each kind does by itself: fields that clients cannot set, and the part that an endpoint writes.
enum Strategy {
    /// Whether `metadata.generation` counts changes of the spec.
    static func hasGeneration(_ kind: ResourceKind) -> Bool {
        if kind.isCustom { return true }
        switch kind.group {
        case "apps", "batch", "policy", "networking.k8s.io", "admissionregistration.k8s.io", "apiextensions.k8s.io",
            "discovery.k8s.io", "autoscaling":
            return !["ControllerRevision", "HorizontalPodAutoscaler"].contains(kind.kind)
        case "": return ["Pod", "ReplicationController"].contains(kind.kind)
        default: return false
        }
    }

    /// Prepares a new object.
    static func prepareForCreate(_ object: inout JSONValue, _ kind: ResourceKind) {
        if Self.hasGeneration(kind) { object.set(["metadata", "generation"], 1) }
        if kind.isCustom {
            if kind.hasStatus { object["status"] = nil }
            return
        }
        switch (kind.group, kind.kind) {
        case ("", "Pod"):
            object["status"] = ["phase": "Pending", "qosClass": .string(Self.qualityOfService(object))]
        case ("", "Namespace"):
            object["spec"] = ["finalizers": ["kubernetes"]]
            object["status"] = ["phase": "Active"]
        case ("", "Service"): object["status"] = ["loadBalancer": [:]]
        case ("", "Node"): object.setDefault("status", [:])
        case ("", "PersistentVolumeClaim"): object["status"] = ["phase": "Pending"]
        case ("apiextensions.k8s.io", _):
            let storage = object["spec"]?["versions"]?.array?.first { $0["storage"]?.bool ?? false }
            object["status"] = [
                "conditions": nil, "acceptedNames": ["plural": "", "kind": ""],
                "storedVersions": .array(storage?["name"].map { [$0] } ?? []),
            ]
        case ("apps", "ReplicaSet"), ("", "ReplicationController"): object["status"] = ["replicas": 0]
        case ("apps", "StatefulSet"): object["status"] = ["replicas": 0, "availableReplicas": 0]
        case ("apps", "DaemonSet"):
            object["status"] = [
                "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
            ]
        default: if kind.hasStatus { object["status"] = [:] }
        }
    }

    /// Prepares a replacement: keeps of `old` what the endpoint does not write.
    static func prepareForUpdate(_ new: inout JSONValue, old: JSONValue, _ kind: ResourceKind, subresource: String) {
        switch subresource {
        case "status":
            let written = new
            let status = new["status"]
            var result = old
            result["status"] = status
            if !kind.isCustom {
                for name in ["labels", "annotations", "finalizers", "managedFields"] {
                    result.set(["metadata", name], written["metadata"]?[name])
                }
            }
            result.set(["metadata", "managedFields"], written["metadata"]?["managedFields"])
            new = result
        case "finalize":
            let finalizers = new["spec"]?["finalizers"]
            new = old
            new.set(["spec", "finalizers"], finalizers)
        default: Self.prepareMain(&new, old: old, kind)
        }
        Self.carryMetadata(&new, old)
        guard Self.hasGeneration(kind), subresource.isEmpty || kind.isCustom else { return }
        let generation = old["metadata"]?["generation"]?.integer ?? 0
        if Self.specDiffers(new, old, kind) { new.set(["metadata", "generation"], .integer(generation + 1)) }
    }

    private static func prepareMain(_ new: inout JSONValue, old: JSONValue, _ kind: ResourceKind) {
        if kind.hasStatus, kind.kind != "Node" || kind.group != "" { new["status"] = old["status"] }
        switch (kind.group, kind.kind) {
        case ("", "Node"): new["status"] = old["status"]
        case ("", "Namespace"): new["spec"] = old["spec"]
        case ("", "Service"): Self.keepAddresses(&new, old)
        case ("apiextensions.k8s.io", _):
            // A new storage version joins the stored ones.
            let storage = new["spec"]?["versions"]?.array?.first { $0["storage"]?.bool ?? false }
            if let name = storage?["name"], var stored = new["status"]?["storedVersions"]?.array, !stored.contains(name)
            {
                stored.append(name)
                new.set(["status", "storedVersions"], .array(stored))
            }
        default: break
        }
    }

    /// A Service keeps its address and node ports when the client leaves them out.
    private static func keepAddresses(_ new: inout JSONValue, _ old: JSONValue) {
        guard new["spec"]?["type"]?.string != "ExternalName", old["spec"]?["type"]?.string != "ExternalName" else {
            return
        }
        for name in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"] {
            if new["spec"]?[name]?.isEmptyValue ?? true { new.set(["spec", name], old["spec"]?[name]) }
        }
        guard new["spec"]?["type"]?.string != "ClusterIP" else { return }
        let before = old["spec"]?["ports"]?.array ?? []
        new.update("spec") { spec in
            spec.updateEach("ports") { port in
                guard port["nodePort"] == nil else { return }
                let twin = before.first { $0["port"] == port["port"] && $0["protocol"] == port["protocol"] }
                port["nodePort"] = twin?["nodePort"]
            }
        }
    }

    private static func carryMetadata(_ new: inout JSONValue, _ old: JSONValue) {
        for name in [
            "uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName",
            "name", "namespace", "selfLink",
        ] { new.set(["metadata", name], old["metadata"]?[name]) }
    }

    private static func specDiffers(_ new: JSONValue, _ old: JSONValue, _ kind: ResourceKind) -> Bool {
        var left = new
        var right = old
        for name in ["metadata", "apiVersion", "kind"] {
            left[name] = nil
            right[name] = nil
        }
        if kind.hasStatus {
            left["status"] = nil
            right["status"] = nil
        }
        return left != right
    }

    private static func qualityOfService(_ pod: JSONValue) -> String {
        let containers =
            (pod["spec"]?["initContainers"]?.array ?? []) + (pod["spec"]?["containers"]?.array ?? [])
        var isGuaranteed = true
        var hasAny = false
        for container in containers {
            let requests = container["resources"]?["requests"]?.object ?? [:]
            let limits = container["resources"]?["limits"]?.object ?? [:]
            if !requests.isEmpty || !limits.isEmpty { hasAny = true }
            for name in ["cpu", "memory"] where limits[name] == nil || limits[name] != requests[name] {
                isGuaranteed = false
            }
        }
        return !hasAny ? "BestEffort" : isGuaranteed ? "Guaranteed" : "Burstable"
    }
}
