public import Configuration
import Logging
import MeshAdmin
import MeshCompiler
import MeshModel
import MeshPolicy

extension ControllerSettings {
    /// Every key that ``init(config:)`` reads; each is a flag `--KEY` and a variable `HEDDLE_KEY`.
    static let keys: Set<String> = [
        "components", "kubeconfig", "controller-namespace", "identity-namespace", "identity-trust-domain",
        "cluster-domain", "cluster-networks", "probe-networks", "default-policy", "default-opaque-ports",
        "global-egress-network-namespace", "allow-l5d-request-headers", "enable-ipv6", "host-name", "listen-host",
        "destination-port", "policy-port", "identity-port", "injector-port", "validator-port", "admin-port",
        "log-level", "log-format", "shutdown-grace-seconds", "proxy-defaults",
    ]

    /// Reads the settings, flags before environment.
    ///
    /// ## Configuration keys
    /// - `components`: comma list of destination, policy, identity, injector, validator, rollout, admin; default all.
    /// - `kubeconfig`: path; default: the credentials of the pod.
    /// - `controller-namespace`: name, default `heddle`. `identity-namespace`: name, default `linkerd`.
    /// - `identity-trust-domain`, `cluster-domain`: DNS names, default `cluster.local`.
    /// - `cluster-networks`, `probe-networks`: comma lists of CIDRs.
    /// - `default-policy`: one of ``DefaultPolicy``, default `all-unauthenticated`.
    /// - `default-opaque-ports`: ports and ranges.
    /// - `global-egress-network-namespace`: name, default `linkerd-egress`.
    /// - `allow-l5d-request-headers`, `enable-ipv6`: true or false, default false.
    /// - `host-name`: our name as the holder of leases, default the environment's `HOSTNAME`.
    /// - `listen-host`: address, default `0.0.0.0`.
    /// - `destination-port`, `policy-port`, `identity-port`, `injector-port`, `validator-port`, `admin-port`:
    ///   0…65535, default 8086, 8090, 8080, 8443, 9443, 9990; 0 lets the kernel choose.
    /// - `log-level`: trace…critical, default info. `log-format`: plain or json, default plain.
    /// - `shutdown-grace-seconds`: 0…600, default 5.
    /// - `proxy-defaults`: what proxies are given unless a namespace or a pod says otherwise: lines `NAME=VALUE`, each an
    ///   annotation without its prefix `config.linkerd.io/`, such as `proxy-cpu-request=100m`.
    ///
    /// - Throws: the first value that cannot be read.
    public init(config: ConfigReader) throws(SettingsError) {
        self.init()
        let values = Values(config: config.scoped(to: "heddle"))
        self.components = try values.list("components", "names of components", default: self.components) {
            ComponentName(rawValue: $0)
        }
        self.kubeconfig = values.text("kubeconfig")
        self.hostName = values.text("host-name") ?? config.string(forKey: "hostname") ?? self.hostName
        self.listenHost = values.text("listen-host") ?? self.listenHost
        self.mesh = try Self.mesh(values)
        self.ports = try Self.ports(values)
        self.proxyDefaults = try Self.proxyDefaults(values)
        let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        self.logLevel = try values.one("log-level", levels, default: self.logLevel) { Logger.Level(rawValue: $0) }
        self.logFormat = try values.one("log-format", "plain or json", default: self.logFormat) {
            LogFormat(rawValue: $0)
        }
        self.shutdownGrace = .seconds(
            try values.one("shutdown-grace-seconds", "0…600", default: 5) { text in
                Int(text).flatMap { (0...600).contains($0) ? $0 : nil }
            })
    }

    private static func proxyDefaults(_ values: Values) throws(SettingsError) -> [String: String] {
        try values.one("proxy-defaults", "lines NAME=VALUE", default: [:]) { text in
            var defaults: [String: String] = [:]
            for line in text.split(whereSeparator: \.isNewline) {
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                guard parts.count == 2, defaults.updateValue(parts[1], forKey: parts[0]) == nil else { return nil }
            }
            return defaults
        }
    }

    private static func mesh(_ values: Values) throws(SettingsError) -> MeshSettings {
        var mesh = MeshSettings()
        mesh.controlNamespace = values.text("controller-namespace") ?? mesh.controlNamespace
        mesh.identityNamespace = values.text("identity-namespace") ?? mesh.identityNamespace
        mesh.trustDomain = values.text("identity-trust-domain") ?? mesh.trustDomain
        mesh.clusterDomain = values.text("cluster-domain") ?? mesh.clusterDomain
        mesh.clusterNetworks = try values.networks("cluster-networks", default: mesh.clusterNetworks)
        mesh.probeNetworks = try values.networks("probe-networks", default: mesh.probeNetworks)
        let policies = DefaultPolicy.allCases.map(\.rawValue).joined(separator: ", ")
        mesh.defaultPolicy = try values.one("default-policy", policies, default: mesh.defaultPolicy) {
            DefaultPolicy(rawValue: $0)
        }
        mesh.opaquePorts = try values.one("default-opaque-ports", "ports and ranges", default: mesh.opaquePorts) {
            PortSet(parsing: $0)
        }
        mesh.globalEgressNamespace = values.text("global-egress-network-namespace") ?? mesh.globalEgressNamespace
        mesh.allowsRequestHeaders = try values.one("allow-l5d-request-headers", "true or false", default: false) {
            Bool($0)
        }
        mesh.ipv6 = try values.one("enable-ipv6", "true or false", default: false) { Bool($0) }
        return mesh
    }

    private static func ports(_ values: Values) throws(SettingsError) -> Ports {
        var ports = Ports()
        ports.destination = try values.port("destination-port", default: ports.destination)
        ports.policy = try values.port("policy-port", default: ports.policy)
        ports.identity = try values.port("identity-port", default: ports.identity)
        ports.injector = try values.port("injector-port", default: ports.injector)
        ports.validator = try values.port("validator-port", default: ports.validator)
        ports.admin = try values.port("admin-port", default: ports.admin)
        return ports
    }

    /// Typed reading with errors that name the key.
    private struct Values {
        let config: ConfigReader

        func text(_ key: String) -> String? {
            guard let value = self.config.string(forKey: ConfigKey([key])), !value.isEmpty else { return nil }
            return value
        }

        func one<Value>(
            _ key: String, _ expected: String, default fallback: Value, parse: (String) -> Value?
        ) throws(SettingsError) -> Value {
            guard let text = self.text(key) else { return fallback }
            guard let value = parse(text) else { throw .invalid(key: key, value: text, expected: expected) }
            return value
        }

        func list<Value: Hashable>(
            _ key: String, _ expected: String, default fallback: Set<Value>, parse: (String) -> Value?
        ) throws(SettingsError) -> Set<Value> {
            guard let text = self.text(key) else { return fallback }
            var result: Set<Value> = []
            for item in text.split(separator: ",") {
                guard let value = parse(String(item)) else {
                    throw .invalid(key: key, value: String(item), expected: expected)
                }
                result.insert(value)
            }
            return result
        }

        func networks(_ key: String, default fallback: [IPNetwork]) throws(SettingsError) -> [IPNetwork] {
            try self.one(key, "networks such as 10.0.0.0/8", default: fallback) { text in
                let items = text.split(separator: ",")
                let networks = items.compactMap { IPNetwork($0) }
                return networks.count == items.count ? networks : nil
            }
        }

        func port(_ key: String, default fallback: Int) throws(SettingsError) -> Int {
            try self.one(key, "a port", default: fallback) { text in UInt16(text).map(Int.init) }
        }
    }
}
