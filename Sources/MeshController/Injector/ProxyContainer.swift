import MeshModel

/// The proxy's container.
struct ProxyContainer {
    let settings: InjectionSettings
    let options: ProxyOptions
    let pod: PodView
    let trustAnchors: String

    func document() -> JSONValue {
        let environment = ProxyEnvironment(
            settings: self.settings, options: self.options, pod: self.pod, trustAnchors: self.trustAnchors)
        var container: JSONValue = [
            "name": "linkerd-proxy",
            "image": .string("\(self.options.images.proxy):\(self.options.images.version)"),
            "imagePullPolicy": .string(self.options.images.pullPolicy),
            "env": .array(environment.entries()),
            "ports": [
                ["name": "linkerd-proxy", "containerPort": .integer(Int64(self.options.ports.inbound))],
                ["name": "linkerd-admin", "containerPort": .integer(Int64(self.options.ports.admin))],
            ],
            "livenessProbe": self.probe("/live", delay: 10),
            "readinessProbe": self.probe("/ready", delay: 2),
            "securityContext": self.securityContext,
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "volumeMounts": .array(self.mounts),
        ]
        if let resources = self.options.resources.document { container["resources"] = resources }
        if self.options.isNativeSidecar {
            container["restartPolicy"] = "Always"
            if self.options.awaitsProxy {
                container["startupProbe"] = [
                    "httpGet": ["path": "/ready", "port": .integer(Int64(self.options.ports.admin))],
                    "initialDelaySeconds": 0, "periodSeconds": 1, "failureThreshold": 120,
                ]
            }
        } else if let lifecycle = self.lifecycle {
            container["lifecycle"] = lifecycle
        }
        return container
    }

    private func probe(_ path: String, delay: Int64) -> JSONValue {
        [
            "httpGet": ["path": .string(path), "port": .integer(Int64(self.options.ports.admin))],
            "initialDelaySeconds": .integer(delay), "timeoutSeconds": 1,
        ]
    }

    private var lifecycle: JSONValue? {
        var lifecycle: [String: JSONValue] = [:]
        if self.options.awaitsProxy {
            lifecycle["postStart"] = [
                "exec": [
                    "command": [
                        "/usr/bin/heddle-proxy", "await", "--timeout=2m", .string("--port=\(self.options.ports.admin)"),
                    ]
                ]
            ]
        }
        let seconds = self.options.timeouts.waitBeforeExitSeconds
        if seconds > 0 { lifecycle["preStop"] = ["exec": ["command": ["/bin/sleep", .string("\(seconds)")]]] }
        return lifecycle.isEmpty ? nil : .object(lifecycle)
    }

    /// As restricted as the strictest pod security standard asks; capabilities as the application's.
    private var securityContext: JSONValue {
        var context: JSONValue = [
            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true,
            "runAsUser": .integer(Int64(self.options.user)), "seccompProfile": ["type": "RuntimeDefault"],
        ]
        if self.options.group >= 0 { context["runAsGroup"] = .integer(Int64(self.options.group)) }
        if let capabilities = self.pod.containers.first?[path: "securityContext", "capabilities"] {
            context["capabilities"] = capabilities
        }
        return context
    }

    private var mounts: [JSONValue] {
        var mounts: [JSONValue] = [
            ["name": "linkerd-identity-end-entity", "mountPath": "/var/run/linkerd/identity/end-entity"],
            ["name": "linkerd-identity-token", "mountPath": "/var/run/secrets/tokens"],
        ]
        if let token = self.pod.accountTokenMount { mounts.append(token) }
        return mounts
    }
}

extension ProxyOptions.Resources {
    /// As a container's `resources`; nil when nothing is set.
    var document: JSONValue? {
        var document: [String: JSONValue] = [:]
        if !self.requests.isEmpty { document["requests"] = .object(self.requests.mapValues { .string($0) }) }
        if !self.limits.isEmpty { document["limits"] = .object(self.limits.mapValues { .string($0) }) }
        return document.isEmpty ? nil : .object(document)
    }
}
