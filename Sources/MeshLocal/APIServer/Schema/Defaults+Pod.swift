import MeshModel

extension Defaults {
    /// The defaults of a pod, which are those of every template.
    static func podSpec(_ spec: inout JSONValue) {
        spec.setDefault("restartPolicy", "Always")
        spec.setDefault("terminationGracePeriodSeconds", 30)
        spec.setDefault("dnsPolicy", "ClusterFirst")
        spec.setDefault("securityContext", [:])
        spec.setDefault("schedulerName", "default-scheduler")
        if let account = spec["serviceAccountName"] {
            spec["serviceAccount"] = account
        } else if let account = spec["serviceAccount"] {
            spec["serviceAccountName"] = account
        }
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            spec.updateEach(list) { Self.container(&$0) }
        }
        spec.updateEach("volumes") { Self.volume(&$0) }
    }

    private static func container(_ container: inout JSONValue) {
        container.setDefault("resources", [:])
        container.setDefault("terminationMessagePath", "/dev/termination-log")
        container.setDefault("terminationMessagePolicy", "File")
        let image = container["image"]?.string ?? ""
        let name = image.split(separator: "/").last ?? ""
        let isLatest = !image.contains("@") && (!name.contains(":") || name.hasSuffix(":latest"))
        container.setDefault("imagePullPolicy", isLatest ? "Always" : "IfNotPresent")
        container.updateEach("ports") { $0.setDefault("protocol", "TCP") }
        container.updateEach("env") { variable in
            variable.update("valueFrom") { source in
                source.update("fieldRef") { $0.setDefault("apiVersion", "v1") }
                source.update("resourceFieldRef") { $0.setDefault("divisor", "0") }
            }
        }
        container.update("resources") { resources in
            guard let limits = resources["limits"]?.object else { return }
            for (name, limit) in limits where resources["requests"]?[name] == nil {
                resources.set(["requests", name], limit)
            }
        }
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] { container.update(probe) { Self.probe(&$0) } }
        container.update("lifecycle") { lifecycle in
            for hook in ["postStart", "preStop"] {
                lifecycle.update(hook) { $0.update("httpGet") { Self.httpGet(&$0) } }
            }
        }
    }

    private static func probe(_ probe: inout JSONValue) {
        probe.setDefault("timeoutSeconds", 1)
        probe.setDefault("periodSeconds", 10)
        probe.setDefault("successThreshold", 1)
        probe.setDefault("failureThreshold", 3)
        probe.update("httpGet") { Self.httpGet(&$0) }
        probe.update("grpc") { $0.setDefault("service", "") }
    }

    private static func httpGet(_ get: inout JSONValue) {
        get.setDefault("path", "/")
        get.setDefault("scheme", "HTTP")
    }

    private static func volume(_ volume: inout JSONValue) {
        for source in ["configMap", "secret", "downwardAPI"] {
            volume.update(source) { $0.setDefault("defaultMode", 420) }
        }
        volume.update("hostPath") { $0.setDefault("type", "") }
        volume.update("downwardAPI") { $0.updateEach("items") { Self.downwardItem(&$0) } }
        volume.update("projected") { projected in
            projected.setDefault("defaultMode", 420)
            projected.updateEach("sources") { source in
                source.update("serviceAccountToken") { $0.setDefault("expirationSeconds", 3_600) }
                source.update("downwardAPI") { $0.updateEach("items") { Self.downwardItem(&$0) } }
            }
        }
    }

    private static func downwardItem(_ item: inout JSONValue) {
        item.update("fieldRef") { $0.setDefault("apiVersion", "v1") }
        item.update("resourceFieldRef") { $0.setDefault("divisor", "0") }
    }
}
