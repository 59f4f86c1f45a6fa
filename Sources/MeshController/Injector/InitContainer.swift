import MeshCompiler
import MeshModel

/// The container that sets up redirection before the application starts.
struct InitContainer {
    let settings: InjectionSettings
    let options: ProxyOptions
    let pod: PodView

    func document() throws(InjectionError) -> JSONValue {
        if let closeWait = self.options.timeouts.closeWait, closeWait > .zero {
            // It needs to write a kernel setting, which the unprivileged user of this container cannot.
            throw .invalidAnnotation(
                name: Annotations.config + "close-wait-timeout", value: "\(closeWait.components.seconds)s",
                expected: "0s: this mesh sets up redirection without root")
        }
        let version = self.options.images.initializerVersion ?? self.options.images.version
        var container: JSONValue = [
            "name": "linkerd-init",
            "image": .string("\(self.options.images.initializer):\(version)"),
            "imagePullPolicy": .string(self.options.images.pullPolicy),
            "args": .array(self.arguments.map { .string($0) }),
            "securityContext": self.securityContext,
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "volumeMounts": [["name": "linkerd-proxy-init-xtables-lock", "mountPath": "/run"]],
        ]
        if let resources = self.options.resources.document { container["resources"] = resources }
        return container
    }

    private var arguments: [String] {
        let ports = self.options.ports
        let lists = self.options.portLists
        var arguments = ["--firewall-bin-path", "iptables-nft", "--firewall-save-bin-path", "iptables-nft-save"]
        if !self.settings.mesh.ipv6 { arguments.append("--ipv6=false") }
        arguments += [
            "--incoming-proxy-port", "\(ports.inbound)", "--outgoing-proxy-port", "\(ports.outbound)",
            "--proxy-uid", "\(self.options.user)",
        ]
        if self.options.group >= 0 { arguments += ["--proxy-gid", "\(self.options.group)"] }
        let skipped = lists.skipInbound.isEmpty ? "" : ",\(lists.skipInbound)"
        arguments += ["--inbound-ports-to-ignore", "\(ports.control),\(ports.admin)\(skipped)"]
        if !lists.skipOutbound.isEmpty { arguments += ["--outbound-ports-to-ignore", lists.skipOutbound] }
        if !lists.skipSubnets.isEmpty { arguments += ["--subnets-to-ignore", lists.skipSubnets] }
        return arguments
    }

    /// Two capabilities of the network and nothing else, besides what the application's own container has.
    private var securityContext: JSONValue {
        let application = self.pod.containers.first?[path: "securityContext", "capabilities"]
        let needed: [JSONValue] = ["NET_ADMIN", "NET_RAW"]
        let added = needed + (application?["add"]?.array ?? []).filter { !needed.contains($0) }
        var capabilities: JSONValue = ["add": .array(added)]
        if let dropped = application?["drop"]?.array {
            capabilities["drop"] = .array(dropped.filter { !needed.contains($0) })
        }
        return [
            "allowPrivilegeEscalation": false, "privileged": false, "readOnlyRootFilesystem": true,
            "runAsNonRoot": true, "runAsUser": 65_534, "runAsGroup": 65_534, "capabilities": capabilities,
            "seccompProfile": ["type": "RuntimeDefault"],
        ]
    }
}
