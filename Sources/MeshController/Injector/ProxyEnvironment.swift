import MeshCompiler
import MeshModel

/// The proxy container's environment, in the order that proxies' manifests have had since long.
struct ProxyEnvironment {
    let settings: InjectionSettings
    let options: ProxyOptions
    let pod: PodView
    let trustAnchors: String

    private static let prefix = "LINKERD2_PROXY_"

    func entries() -> [JSONValue] {
        self.downward + self.resources + self.basics + self.control + self.timeouts + self.listeners + self.inbound
            + self.keepalives + self.identity + self.ends + self.options.additionalEnvironment
    }

    private var downward: [JSONValue] {
        [
            Self.field("_pod_name", "metadata.name"), Self.field("_pod_ns", "metadata.namespace"),
            Self.field("_pod_uid", "metadata.uid"), Self.field("_pod_ip", "status.podIP"),
            Self.field("_pod_nodeName", "spec.nodeName"), Self.variable("_pod_containerName", "linkerd-proxy"),
        ]
    }

    private var resources: [JSONValue] {
        let minimum = CoreCount.roundedUp(self.options.resources.requests["cpu"]) ?? 1
        var entries = [Self.setting("CORES", "\(minimum)"), Self.setting("CORES_MIN", "\(minimum)")]
        if let maximum = CoreCount.roundedUp(self.options.resources.limits["cpu"]) {
            entries.append(Self.setting("CORES_MAX", "\(maximum)"))
        }
        if let ratio = self.options.coreRatioMax { entries.append(Self.setting("CORES_MAX_RATIO", ratio)) }
        return entries
    }

    private var basics: [JSONValue] {
        let logging = self.options.logging
        var entries: [JSONValue] = []
        if !self.options.portLists.requireIdentity.isEmpty {
            entries.append(Self.setting("INBOUND_PORTS_REQUIRE_IDENTITY", self.options.portLists.requireIdentity))
        }
        entries.append(Self.setting("SHUTDOWN_ENDPOINT_ENABLED", "\(self.options.isShutdownEnabled)"))
        let secrecy = logging.showsHeaders ? "" : ",[{headers}]=off,[{request}]=off"
        entries.append(Self.setting("LOG", logging.level + secrecy))
        entries.append(Self.setting("LOG_FORMAT", logging.format))
        return entries
    }

    private var control: [JSONValue] {
        let networks = self.settings.mesh.clusterNetworks.map(\.description).joined(separator: ",")
        return [
            Self.setting("DESTINATION_SVC_ADDR", self.settings.controlAddress(port: 8086)),
            Self.setting("DESTINATION_PROFILE_NETWORKS", networks),
            Self.setting("POLICY_SVC_ADDR", self.settings.controlAddress(port: 8090)),
            Self.setting("POLICY_WORKLOAD", #"{"ns":"$(_pod_ns)", "pod":"$(_pod_name)"}"# + "\n"),
            Self.setting("INBOUND_DEFAULT_POLICY", self.options.defaultInboundPolicy),
            Self.setting("POLICY_CLUSTER_NETWORKS", networks),
            Self.setting("CONTROL_STREAM_INITIAL_TIMEOUT", "3s"),
            Self.setting("CONTROL_STREAM_IDLE_TIMEOUT", "5m"),
            Self.setting("CONTROL_STREAM_LIFETIME", "1h"),
        ]
    }

    private var timeouts: [JSONValue] {
        let timeouts = self.options.timeouts
        var entries = [
            Self.setting("INBOUND_CONNECT_TIMEOUT", timeouts.inboundConnect.milliseconds),
            Self.setting("OUTBOUND_CONNECT_TIMEOUT", timeouts.outboundConnect.milliseconds),
            Self.setting("OUTBOUND_DISCOVERY_IDLE_TIMEOUT", "\(timeouts.outboundDiscoveryIdle.components.seconds)s"),
            Self.setting("INBOUND_DISCOVERY_IDLE_TIMEOUT", "\(timeouts.inboundDiscoveryIdle.components.seconds)s"),
        ]
        if timeouts.isOutboundDetectUnbounded { entries.append(Self.setting("OUTBOUND_DETECT_TIMEOUT", "365d")) }
        if timeouts.isInboundDetectUnbounded { entries.append(Self.setting("INBOUND_DETECT_TIMEOUT", "365d")) }
        return entries
    }

    private var listeners: [JSONValue] {
        let ports = self.options.ports
        let any = self.settings.mesh.ipv6 ? "[::]" : "0.0.0.0"
        let loopbacks = "127.0.0.1:\(ports.outbound)" + (self.settings.mesh.ipv6 ? ",[::1]:\(ports.outbound)" : "")
        return [
            Self.setting("CONTROL_LISTEN_ADDR", "\(any):\(ports.control)"),
            Self.setting("ADMIN_LISTEN_ADDR", "\(any):\(ports.admin)"),
            Self.setting("OUTBOUND_LISTEN_ADDR", "127.0.0.1:\(ports.outbound)"),
            Self.setting("OUTBOUND_LISTEN_ADDRS", loopbacks),
            Self.setting("INBOUND_LISTEN_ADDR", "\(any):\(ports.inbound)"),
            Self.field(Self.prefix + "INBOUND_IPS", "status.podIPs"),
        ]
    }

    private var inbound: [JSONValue] {
        let suffix = "svc.\(self.settings.mesh.clusterDomain)."
        var entries = [Self.setting("INBOUND_PORTS", self.pod.inboundPorts)]
        if self.options.isGateway { entries.append(Self.setting("INBOUND_GATEWAY_SUFFIXES", suffix)) }
        if self.options.isIngress { entries.append(Self.setting("INGRESS_MODE", "true")) }
        entries.append(
            Self.setting("DESTINATION_PROFILE_SUFFIXES", self.options.usesExternalProfiles ? "." : suffix))
        return entries
    }

    private var keepalives: [JSONValue] {
        var entries = [
            Self.setting("INBOUND_ACCEPT_KEEPALIVE", "10000ms"),
            Self.setting("OUTBOUND_CONNECT_KEEPALIVE", "10000ms"),
            Self.setting("INBOUND_ACCEPT_USER_TIMEOUT", "30s"),
            Self.setting("OUTBOUND_CONNECT_USER_TIMEOUT", "30s"),
            Self.setting("OUTBOUND_METRICS_HOSTNAME_LABELS", "\(self.options.hasHostnameLabels)"),
        ]
        for side in ["INBOUND", "OUTBOUND"] {
            entries.append(Self.setting("\(side)_SERVER_HTTP2_KEEP_ALIVE_INTERVAL", "10s"))
            entries.append(Self.setting("\(side)_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT", "3s"))
        }
        let opaque = OpaquePorts.resolved(self.options.portLists.opaque, in: self.pod)
        entries.append(Self.setting("INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION", opaque))
        let context = #"{"ns":"$(_pod_ns)", "nodeName":"$(_pod_nodeName)", "pod":"$(_pod_name)"}"# + "\n"
        entries.append(Self.setting("DESTINATION_CONTEXT", context))
        return entries
    }

    private var identity: [JSONValue] {
        let mesh = self.settings.mesh
        let name = "$(_pod_sa).$(_pod_ns).serviceaccount.identity.\(mesh.identityNamespace).\(mesh.trustDomain)"
        return [
            Self.field("_pod_sa", "spec.serviceAccountName"),
            Self.variable("_l5d_ns", mesh.controlNamespace),
            Self.variable("_l5d_trustdomain", mesh.trustDomain),
            Self.setting("IDENTITY_DIR", "/var/run/linkerd/identity/end-entity"),
            Self.setting("IDENTITY_TRUST_ANCHORS", self.trustAnchors),
            Self.setting("IDENTITY_TOKEN_FILE", "/var/run/secrets/tokens/linkerd-identity-token"),
            Self.setting("IDENTITY_SVC_ADDR", self.settings.controlAddress(port: 8080)),
            Self.setting("IDENTITY_LOCAL_NAME", name),
            Self.setting("IDENTITY_SVC_NAME", self.settings.controlIdentity),
            Self.setting("DESTINATION_SVC_NAME", self.settings.controlIdentity),
            Self.setting("POLICY_SVC_NAME", self.settings.controlIdentity),
        ]
    }

    private var ends: [JSONValue] {
        var entries: [JSONValue] = []
        if let format = self.options.logging.access { entries.append(Self.setting("ACCESS_LOG", format)) }
        if let grace = self.options.timeouts.shutdownGrace {
            entries.append(Self.setting("SHUTDOWN_GRACE_PERIOD", grace.milliseconds))
        }
        return entries
    }

    private static func setting(_ name: String, _ value: String) -> JSONValue {
        Self.variable(Self.prefix + name, value)
    }

    private static func variable(_ name: String, _ value: String) -> JSONValue {
        ["name": .string(name), "value": .string(value)]
    }

    private static func field(_ name: String, _ path: String) -> JSONValue {
        ["name": .string(name), "valueFrom": ["fieldRef": ["fieldPath": .string(path)]]]
    }
}

extension Duration {
    /// Whole milliseconds with their unit, as the proxy reads them.
    fileprivate var milliseconds: String {
        "\(self.components.seconds * 1000 + self.components.attoseconds / 1_000_000_000_000_000)ms"
    }
}
