public import Logging
public import MeshAdmin
public import MeshCompiler
import MeshModel
import MeshPolicy

/// The parts of the control plane that `--components` can choose.
public enum ComponentName: String, Hashable, Sendable, CaseIterable {
    /// Who is where: `Get` and `GetProfile`.
    case destination
    /// What is allowed and routed how, and the status of policies.
    case policy
    /// Certificates for proxies, and our own.
    case identity
    /// The webhook that adds proxies to pods.
    case injector
    /// The webhook that refuses broken policies.
    case validator
    /// Progressive delivery.
    case rollout
    /// Probes and metrics.
    case admin
}

/// Everything that is settled when the controller starts.
public struct ControllerSettings: Sendable {
    /// Which parts run in this process.
    public var components = Set(ComponentName.allCases)
    /// The kubeconfig file; nil: in-cluster credentials.
    public var kubeconfig: String?
    /// What every compilation needs to know.
    public var mesh = MeshSettings()
    /// What proxies are given unless a namespace or a pod says otherwise: annotations without their prefix.
    public var proxyDefaults: [String: String] = [:]
    /// Our own name, the holder of leases: the pod's name.
    public var hostName = "heddle-controller"
    /// Ports.
    public var ports = Ports()
    /// The address that all listeners bind.
    public var listenHost = "0.0.0.0"
    /// Lines below are not logged.
    public var logLevel = Logger.Level.info
    /// How lines look.
    public var logFormat = LogFormat.plain
    /// How long open streams get to end after a signal.
    public var shutdownGrace = Duration.seconds(5)

    /// The ports that we serve; 0 lets the kernel choose.
    public struct Ports: Hashable, Sendable {
        /// gRPC, TLS.
        public var destination = 8086
        /// gRPC, TLS.
        public var policy = 8090
        /// gRPC, TLS.
        public var identity = 8080
        /// HTTPS webhook.
        public var injector = 8443
        /// HTTPS webhook.
        public var validator = 9443
        /// Plain HTTP.
        public var admin = 9990

        /// The defaults.
        public init() {}
    }

    /// The defaults.
    public init() {}

    /// The effective values, none of them secret, as shown at `/config`.
    public var summary: [String: String] {
        [
            "components": self.components.map(\.rawValue).sorted().joined(separator: ","),
            "kubeconfig": self.kubeconfig ?? "in-cluster",
            "controller-namespace": self.mesh.controlNamespace,
            "identity-namespace": self.mesh.identityNamespace,
            "identity-trust-domain": self.mesh.trustDomain,
            "cluster-domain": self.mesh.clusterDomain,
            "cluster-networks": self.mesh.clusterNetworks.map(\.description).joined(separator: ","),
            "probe-networks": self.mesh.probeNetworks.map(\.description).joined(separator: ","),
            "default-policy": self.mesh.defaultPolicy.rawValue,
            "default-opaque-ports": self.mesh.opaquePorts.description,
            "proxy-defaults": self.proxyDefaults.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                .joined(separator: "\n"),
            "log-level": self.logLevel.rawValue,
            "log-format": self.logFormat.rawValue,
        ]
    }
}
