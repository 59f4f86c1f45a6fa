import MeshModel
import MeshPolicy

extension Settings {
    /// Reads the variables of the environment; names are those of the Linkerd proxy, with the prefix
    /// `LINKERD2_PROXY_`.
    ///
    /// ## Configuration keys
    /// | variable | type, default |
    /// |---|---|
    /// | `LOG`, `LOG_FORMAT` | filter, `warn,linkerd=info`; `plain` or `json` |
    /// | `CORES`, `CORES_MIN`, `CORES_MAX`, `CORES_MAX_RATIO` | worker threads, 1 |
    /// | `INBOUND_LISTEN_ADDR`, `OUTBOUND_LISTEN_ADDR(S)`, `ADMIN_LISTEN_ADDR` | addresses, 0.0.0.0:4143, 127.0.0.1:4140, 127.0.0.1:4191 |
    /// | `{IN,OUT}BOUND_CONNECT_TIMEOUT` | duration, 300 ms and 1 s |
    /// | `{IN,OUT}BOUND_CONNECT_EXP_BACKOFF_{MIN,MAX,JITTER}` | all or none; 100 ms, 10 s or 60 s, 0.1 |
    /// | `{IN,OUT}BOUND_DETECT_TIMEOUT` | duration, 10 s |
    /// | `{IN,OUT}BOUND_{ACCEPT,CONNECT}_{KEEPALIVE,USER_TIMEOUT}` | duration, none |
    /// | `{IN,OUT}BOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT` | duration, 3 s |
    /// | `MAX_IDLE_CONNS_PER_ENDPOINT`, `OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT` | count, 10,000 |
    /// | `{IN,OUT}BOUND_MAX_IN_FLIGHT` | count, 100,000 |
    /// | `{IN,OUT}BOUND_HTTP_QUEUE_CAPACITY`, `…_FAILFAST_TIMEOUT` | 10,000; 1 s and 3 s |
    /// | `{IN,OUT}BOUND_DISCOVERY_IDLE_TIMEOUT` | duration, 90 s and 5 s |
    /// | `DESTINATION_SVC_{ADDR,NAME}`, `POLICY_SVC_…`, `IDENTITY_SVC_…` | `host:port`, identity; required |
    /// | `DESTINATION_CONTEXT`, `POLICY_WORKLOAD` | text; the latter required |
    /// | `DESTINATION_PROFILE_NETWORKS`, `POLICY_CLUSTER_NETWORKS` | networks, none |
    /// | `INBOUND_DEFAULT_POLICY` | policy name, `all-unauthenticated` |
    /// | `INBOUND_PORTS`, `INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION` | ports, none |
    /// | `INBOUND_IPS` | addresses, any |
    /// | `IDENTITY_TRUST_ANCHORS`, `IDENTITY_TOKEN_FILE`, `IDENTITY_LOCAL_NAME` (or `IDENTITY_SERVER_NAME`) | required |
    /// | `IDENTITY_MIN_REFRESH`, `IDENTITY_MAX_REFRESH` | duration, 10 s and 24 h |
    /// | `CONTROL_STREAM_{INITIAL_TIMEOUT,IDLE_TIMEOUT,LIFETIME}` | duration, none |
    /// | `SHUTDOWN_GRACE_PERIOD`, `SHUTDOWN_ENDPOINT_ENABLED` | duration, 2 m; bool, false |
    /// | `HTTP2_INITIAL_{STREAM,CONNECTION}_WINDOW_SIZE` | bytes, 65,535 and 1 MiB |
    ///
    /// - Throws: for the first variable that is missing or malformed, and for `IDENTITY_DISABLED`.
    public init(environment: [String: String], processors: Int) throws(SettingsError) {
        let reader = EnvironmentReader(environment)
        guard reader.string("IDENTITY_DISABLED") == nil else {
            throw .inconsistent("LINKERD2_PROXY_IDENTITY_DISABLED is set, but the mesh needs identities")
        }
        let filter = LogFilter(reader.string("LOG") ?? "warn,linkerd=info")
        guard let filter else { throw .invalid("LINKERD2_PROXY_LOG", value: reader.string("LOG") ?? "") }
        let policyName = reader.string("INBOUND_DEFAULT_POLICY") ?? DefaultPolicy.allUnauthenticated.rawValue
        guard let policy = DefaultPolicy(rawValue: policyName) else {
            throw .invalid("LINKERD2_PROXY_INBOUND_DEFAULT_POLICY", value: policyName)
        }
        let clusterNetworks = try reader.networks("POLICY_CLUSTER_NETWORKS") ?? []
        guard !clusterNetworks.isEmpty || (policy != .clusterAuthenticated && policy != .clusterUnauthenticated) else {
            throw .inconsistent("\(policyName) needs LINKERD2_PROXY_POLICY_CLUSTER_NETWORKS")
        }
        self.init(
            workers: try Self.workers(reader, processors: processors),
            inboundAddress: try reader.address("INBOUND_LISTEN_ADDR")
                ?? SocketAddress(.v4(0), port: 4143),
            outboundAddresses: try Self.outboundAddresses(reader),
            adminAddress: try reader.address("ADMIN_LISTEN_ADDR") ?? SocketAddress(.v4(0x7F00_0001), port: 4191),
            inbound: try Traffic(
                reader, "INBOUND", connectTimeout: .milliseconds(300), backoffMax: .seconds(10),
                failfastTimeout: .seconds(1), idleTimeout: .seconds(90), idleMaxName: "MAX_IDLE_CONNS_PER_ENDPOINT"),
            outbound: try Traffic(
                reader, "OUTBOUND", connectTimeout: .seconds(1), backoffMax: .seconds(60),
                failfastTimeout: .seconds(3), idleTimeout: .seconds(5),
                idleMaxName: "OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT"),
            identity: try Identity(reader),
            destination: try ControlService(reader, "DESTINATION"), policy: try ControlService(reader, "POLICY"),
            certification: try ControlService(reader, "IDENTITY"),
            destinationContext: reader.string("DESTINATION_CONTEXT") ?? "",
            workload: try reader.required("POLICY_WORKLOAD"),
            profileNetworks: try reader.networks("DESTINATION_PROFILE_NETWORKS") ?? [],
            clusterNetworks: clusterNetworks, defaultPolicy: policy,
            inboundPorts: try reader.ports("INBOUND_PORTS") ?? [],
            opaquePorts: try reader.ports("INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION") ?? [],
            inboundIPs: try reader.ips("INBOUND_IPS") ?? [], streams: try StreamLimits(reader),
            shutdownGrace: try reader.duration("SHUTDOWN_GRACE_PERIOD") ?? .seconds(120),
            allowsShutdown: try reader.bool("SHUTDOWN_ENDPOINT_ENABLED") ?? false,
            http2StreamWindow: try reader.integer("HTTP2_INITIAL_STREAM_WINDOW_SIZE") ?? 65_535,
            http2ConnectionWindow: try reader.integer("HTTP2_INITIAL_CONNECTION_WINDOW_SIZE") ?? 1 << 20,
            logFilter: filter, logsJSON: try Self.logsJSON(reader))
    }

    private static func logsJSON(_ reader: EnvironmentReader) throws(SettingsError) -> Bool {
        switch reader.string("LOG_FORMAT") {
        case nil, "plain": return false
        case "json": return true
        case .some(let other): throw .invalid("LINKERD2_PROXY_LOG_FORMAT", value: other)
        }
    }

    /// At least the minimum, at most the maximum, never more than there are processors.
    private static func workers(_ reader: EnvironmentReader, processors: Int) throws(SettingsError) -> Int {
        let single = try reader.integer("CORES") ?? 1
        let minimum = try reader.integer("CORES_MIN") ?? single
        var maximum = try reader.integer("CORES_MAX")
        if maximum == nil, let ratio = try reader.number("CORES_MAX_RATIO") {
            guard ratio > 0, ratio <= 1 else {
                throw .invalid("LINKERD2_PROXY_CORES_MAX_RATIO", value: "\(ratio)")
            }
            maximum = Int((Double(processors) * ratio).rounded())
        }
        return min(max(processors, 1), max(minimum, maximum ?? 1, 1))
    }

    private static func outboundAddresses(_ reader: EnvironmentReader) throws(SettingsError) -> [SocketAddress] {
        if let several = try reader.addresses("OUTBOUND_LISTEN_ADDRS"), !several.isEmpty {
            guard several.count <= 2 else {
                throw .invalid("LINKERD2_PROXY_OUTBOUND_LISTEN_ADDRS", value: "\(several.count) addresses")
            }
            return several
        }
        return [try reader.address("OUTBOUND_LISTEN_ADDR") ?? SocketAddress(.v4(0x7F00_0001), port: 4140)]
    }
}

extension Settings.Traffic {
    fileprivate init(
        _ reader: EnvironmentReader, _ direction: String, connectTimeout: Duration, backoffMax: Duration,
        failfastTimeout: Duration, idleTimeout: Duration, idleMaxName: String
    ) throws(SettingsError) {
        self.init(
            connectTimeout: try reader.duration("\(direction)_CONNECT_TIMEOUT") ?? connectTimeout,
            connectBackoff: try reader.backoff("\(direction)_CONNECT_EXP_BACKOFF")
                ?? Backoff(minimum: .milliseconds(100), maximum: backoffMax, jitter: 0.1),
            detectTimeout: try reader.duration("\(direction)_DETECT_TIMEOUT") ?? .seconds(10),
            acceptKeepalive: try reader.duration("\(direction)_ACCEPT_KEEPALIVE"),
            connectKeepalive: try reader.duration("\(direction)_CONNECT_KEEPALIVE"),
            acceptUserTimeout: try reader.duration("\(direction)_ACCEPT_USER_TIMEOUT"),
            connectUserTimeout: try reader.duration("\(direction)_CONNECT_USER_TIMEOUT"),
            poolIdleTimeout: try reader.duration("\(direction)_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT") ?? .seconds(3),
            poolIdleMax: try reader.integer(idleMaxName) ?? 10_000,
            inFlightMax: try reader.integer("\(direction)_MAX_IN_FLIGHT") ?? 100_000,
            queueCapacity: try reader.integer("\(direction)_HTTP_QUEUE_CAPACITY") ?? 10_000,
            failfastTimeout: try reader.duration("\(direction)_HTTP_FAILFAST_TIMEOUT") ?? failfastTimeout,
            discoveryIdleTimeout: try reader.duration("\(direction)_DISCOVERY_IDLE_TIMEOUT") ?? idleTimeout)
    }
}

extension EnvironmentReader {
    /// All three variables or none.
    fileprivate func backoff(_ name: String) throws(SettingsError) -> Backoff? {
        let minimum = try self.duration("\(name)_MIN")
        let maximum = try self.duration("\(name)_MAX")
        let jitter = try self.number("\(name)_JITTER")
        if minimum == nil, maximum == nil, jitter == nil { return nil }
        guard let minimum, let maximum, let jitter, minimum > .zero, minimum <= maximum, jitter >= 0 else {
            throw .inconsistent("\(Self.prefix)\(name)_{MIN,MAX,JITTER} need 0 < MIN ≤ MAX and a JITTER ≥ 0")
        }
        return Backoff(minimum: minimum, maximum: maximum, jitter: jitter)
    }
}

extension Settings.ControlService {
    fileprivate init(_ reader: EnvironmentReader, _ service: String) throws(SettingsError) {
        let text = try reader.required("\(service)_SVC_ADDR")
        let invalid = SettingsError.invalid("LINKERD2_PROXY_\(service)_SVC_ADDR", value: text)
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            throw invalid
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty, host.utf8.count <= 254 else { throw invalid }
        let isLocal = IPAddress(host)?.isLoopback ?? (host == "localhost" || host == "localhost.")
        let name = reader.string("\(service)_SVC_NAME")
        guard isLocal || name != nil else { throw .missing("LINKERD2_PROXY_\(service)_SVC_NAME") }
        self.init(host: host, port: port, identity: isLocal ? nil : name)
    }
}

extension Settings.Identity {
    fileprivate init(_ reader: EnvironmentReader) throws(SettingsError) {
        let name: String
        if let local = reader.string("IDENTITY_LOCAL_NAME") {
            name = local
        } else {
            name = try reader.required("IDENTITY_SERVER_NAME")
            guard try reader.required("IDENTITY_SERVER_ID") == name else {
                throw .inconsistent("LINKERD2_PROXY_IDENTITY_SERVER_ID must equal IDENTITY_SERVER_NAME")
            }
        }
        self.init(
            name: name, trustAnchors: try reader.required("IDENTITY_TRUST_ANCHORS"),
            tokenPath: try reader.required("IDENTITY_TOKEN_FILE"),
            refreshMin: try reader.duration("IDENTITY_MIN_REFRESH") ?? .seconds(10),
            refreshMax: try reader.duration("IDENTITY_MAX_REFRESH") ?? .seconds(86400))
        guard self.refreshMin <= self.refreshMax else {
            throw .inconsistent("LINKERD2_PROXY_IDENTITY_MIN_REFRESH is more than IDENTITY_MAX_REFRESH")
        }
    }
}

extension Settings.StreamLimits {
    fileprivate init(_ reader: EnvironmentReader) throws(SettingsError) {
        self.init(
            initial: try reader.duration("CONTROL_STREAM_INITIAL_TIMEOUT"),
            idle: try reader.duration("CONTROL_STREAM_IDLE_TIMEOUT"),
            lifetime: try reader.duration("CONTROL_STREAM_LIFETIME"))
        let given = [self.initial, self.idle, self.lifetime].compactMap { $0 }
        guard zip(given, given.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw .inconsistent("LINKERD2_PROXY_CONTROL_STREAM_{INITIAL_TIMEOUT,IDLE_TIMEOUT,LIFETIME} must increase")
        }
    }
}
