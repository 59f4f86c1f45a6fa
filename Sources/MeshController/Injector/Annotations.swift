/// The annotations that decide whether and how a pod gets its proxy.
enum Annotations {
    /// `enabled`, `disabled` or `ingress`.
    static let inject = "linkerd.io/inject"
    static let createdBy = "linkerd.io/created-by"
    static let proxyVersion = "linkerd.io/proxy-version"
    static let trustRoot = "linkerd.io/trust-root-sha256"
    static let opaquePorts = "config.linkerd.io/opaque-ports"

    static let config = "config.linkerd.io/"
    static let alpha = "config.alpha.linkerd.io/"
    static let beta = "config.beta.linkerd.io/"

    /// Those that a pod takes over from its namespace when it does not say otherwise itself.
    static let inherited: [String] =
        [
            "admin-port", "control-port", "inbound-port", "outbound-port", "pod-inbound-ports", "proxy-image",
            "proxy-version", "init-image", "init-image-version", "image-pull-policy", "enable-debug-sidecar",
            "enable-external-profiles",
            "proxy-cpu-request", "proxy-cpu-limit", "proxy-memory-request", "proxy-memory-limit",
            "proxy-ephemeral-storage-request", "proxy-ephemeral-storage-limit", "proxy-uid", "proxy-gid",
            "proxy-admin-shutdown", "proxy-log-level", "proxy-log-http-headers", "proxy-log-format", "access-log",
            "proxy-require-identity-inbound-ports", "skip-inbound-ports", "skip-outbound-ports", "skip-subnets",
            "opaque-ports", "proxy-metrics-hostname-labels", "proxy-outbound-connect-timeout",
            "proxy-inbound-connect-timeout", "proxy-outbound-discovery-cache-unused-timeout",
            "proxy-inbound-discovery-cache-unused-timeout", "proxy-disable-outbound-protocol-detect-timeout",
            "proxy-disable-inbound-protocol-detect-timeout", "proxy-await", "default-inbound-policy",
            "shutdown-grace-period", "proxy-enable-native-sidecar", "proxy-additional-env",
        ].map { Self.config + $0 } + [
            Self.inject, Self.alpha + "proxy-wait-before-exit-seconds", Self.alpha + "proxy-enable-native-sidecar",
        ]
}
