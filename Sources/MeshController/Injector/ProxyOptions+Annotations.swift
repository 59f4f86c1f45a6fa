import MeshCodec
import MeshCompiler
import MeshModel
import MeshResources

extension ProxyOptions {
    /// The options after a pod's annotations, which include those taken over from its namespace.
    ///
    /// Values that cannot be read are left at what they were, and named in `ignored`.
    /// - Throws: ``InjectionError/invalidAnnotation(name:value:expected:)`` for those whose being ignored would expose
    ///   secrets or let in more than was asked for.
    func applying(_ annotations: [String: String], ignored: inout [String]) throws(InjectionError) -> ProxyOptions {
        var options = self
        var reader = AnnotationReader(annotations: annotations)
        options.applyImages(&reader)
        options.applyPorts(&reader)
        options.applyResources(&reader)
        options.applyTimeouts(&reader)
        options.applySwitches(&reader)
        try options.applyLogging(&reader)
        try options.applyAccess(annotations)
        ignored += reader.ignored
        return options
    }

    /// Environment of the mesh, then the namespace, then the pod, merged by name in order of first appearance.
    mutating func mergeEnvironment(_ text: String?) -> Bool {
        guard let text else { return true }
        // Anything but a list of named variables is not for us.
        guard let entries = (try? JSONReader.read(Array(text.utf8), sizeMax: 64 << 10))?.array,
            entries.allSatisfy({ $0["name"]?.string?.isEmpty == false })
        else { return false }
        for entry in entries {
            if let index = self.additionalEnvironment.firstIndex(where: { $0["name"] == entry["name"] }) {
                self.additionalEnvironment[index] = entry
            } else {
                self.additionalEnvironment.append(entry)
            }
        }
        return true
    }

    private mutating func applyImages(_ reader: inout AnnotationReader) {
        reader.text("proxy-image") { self.images.proxy = $0 }
        reader.text("init-image") { self.images.initializer = $0 }
        reader.text("init-image-version") { self.images.initializerVersion = $0 }
        reader.text("proxy-version") { self.images.version = $0 }
        reader.text("image-pull-policy") { self.images.pullPolicy = $0 }
        reader.text("debug-image") { self.images.debug = $0 }
        reader.text("debug-image-version") { self.images.debugVersion = $0 }
        reader.text("debug-image-pull-policy") { self.images.debugPullPolicy = $0 }
    }

    private mutating func applyPorts(_ reader: inout AnnotationReader) {
        reader.value("admin-port", Self.port) { self.ports.admin = $0 }
        reader.value("control-port", Self.port) { self.ports.control = $0 }
        reader.value("inbound-port", Self.port) { self.ports.inbound = $0 }
        reader.value("outbound-port", Self.port) { self.ports.outbound = $0 }
        reader.value("proxy-uid", Self.user) { self.user = $0 }
        reader.value("proxy-gid", Self.user) { self.group = $0 }
        reader.text("skip-inbound-ports") { self.portLists.skipInbound = $0 }
        reader.text("skip-outbound-ports") { self.portLists.skipOutbound = $0 }
        reader.value("skip-subnets", Self.subnets) { self.portLists.skipSubnets = $0 }
        reader.text("opaque-ports") { self.portLists.opaque = $0 }
    }

    private mutating func applyResources(_ reader: inout AnnotationReader) {
        for (name, resource) in [
            ("cpu", "cpu"), ("memory", "memory"), ("ephemeral-storage", "ephemeral-storage"),
        ] {
            reader.value("proxy-\(name)-request", Self.quantity) { self.resources.requests[resource] = $0 }
            reader.value("proxy-\(name)-limit", Self.quantity) { self.resources.limits[resource] = $0 }
        }
        reader.value("proxy-cpu-ratio-limit", { text in Double(text).flatMap { $0 > 0 && $0 < 1 ? text : nil } }) {
            self.coreRatioMax = $0
        }
    }

    private mutating func applyTimeouts(_ reader: inout AnnotationReader) {
        let duration = { (text: String) in Duration(goText: text).flatMap { $0 >= .zero ? $0 : nil } }
        reader.value("proxy-outbound-connect-timeout", duration) { self.timeouts.outboundConnect = $0 }
        reader.value("proxy-inbound-connect-timeout", duration) { self.timeouts.inboundConnect = $0 }
        reader.value("proxy-outbound-discovery-cache-unused-timeout", duration) {
            self.timeouts.outboundDiscoveryIdle = $0
        }
        reader.value("proxy-inbound-discovery-cache-unused-timeout", duration) {
            self.timeouts.inboundDiscoveryIdle = $0
        }
        reader.value("proxy-disable-outbound-protocol-detect-timeout", Self.boolean) {
            self.timeouts.isOutboundDetectUnbounded = $0
        }
        reader.value("proxy-disable-inbound-protocol-detect-timeout", Self.boolean) {
            self.timeouts.isInboundDetectUnbounded = $0
        }
        reader.value("shutdown-grace-period", duration) { self.timeouts.shutdownGrace = $0 }
        reader.value("close-wait-timeout", duration) { self.timeouts.closeWait = $0 }
        reader.value("proxy-wait-before-exit-seconds", { UInt64($0) }, prefix: Annotations.alpha) {
            self.timeouts.waitBeforeExitSeconds = $0
        }
    }

    private mutating func applySwitches(_ reader: inout AnnotationReader) {
        reader.value("enable-debug-sidecar", Self.boolean) { self.hasDebugContainer = $0 }
        reader.value("enable-external-profiles", Self.boolean) { self.usesExternalProfiles = $0 }
        reader.value("enable-gateway", Self.boolean) { self.isGateway = $0 }
        reader.value("proxy-admin-shutdown", Self.enabled) { self.isShutdownEnabled = $0 }
        reader.value("proxy-metrics-hostname-labels", Self.boolean) { self.hasHostnameLabels = $0 }
        reader.value("proxy-await", Self.enabled) { self.awaitsProxy = $0 }
        // The last one that is given wins.
        for prefix in [Annotations.alpha, Annotations.beta, Annotations.config] {
            reader.value("proxy-enable-native-sidecar", Self.boolean, prefix: prefix) { self.isNativeSidecar = $0 }
        }
        self.isIngress = reader.annotations[Annotations.inject] == "ingress"
    }

    private mutating func applyLogging(_ reader: inout AnnotationReader) throws(InjectionError) {
        reader.text("proxy-log-level") { self.logging.level = $0 }
        reader.value("proxy-log-format", { ["plain", "json"].contains($0) ? $0 : nil }) { self.logging.format = $0 }
        reader.value("access-log", { ["apache", "json"].contains($0) ? $0 : nil }) { self.logging.access = $0 }
        switch reader.annotations[Annotations.config + "proxy-log-http-headers"] {
        case nil: break
        case "insecure": self.logging.showsHeaders = true
        case "off", "": self.logging.showsHeaders = false
        case .some(let value):
            throw .invalidAnnotation(
                name: Annotations.config + "proxy-log-http-headers", value: value, expected: "insecure or off")
        }
    }

    private mutating func applyAccess(_ annotations: [String: String]) throws(InjectionError) {
        let policies = [
            "all-unauthenticated", "all-authenticated", "cluster-unauthenticated", "cluster-authenticated", "deny",
            "audit",
        ]
        let policy = Annotations.config + "default-inbound-policy"
        if let value = annotations[policy] {
            guard policies.contains(value) else {
                throw .invalidAnnotation(
                    name: policy, value: value, expected: "one of \(policies.joined(separator: ", "))")
            }
            self.defaultInboundPolicy = value
        }
        let ports = Annotations.config + "proxy-require-identity-inbound-ports"
        if let value = annotations[ports] {
            guard PortSet(parsing: value) != nil else {
                throw .invalidAnnotation(name: ports, value: value, expected: "a comma-separated list of ports")
            }
            self.portLists.requireIdentity = value
        }
    }

    private static func port(_ text: String) -> Int? { Int(text).flatMap { (1...65_535).contains($0) ? $0 : nil } }
    private static func user(_ text: String) -> Int? {
        Int(text).flatMap { (1...Int(Int32.max)).contains($0) ? $0 : nil }
    }
    private static func quantity(_ text: String) -> String? { Quantity(text).map { _ in text } }
    private static func enabled(_ text: String) -> Bool? { ["enabled": true, "disabled": false][text] }

    /// As Go's parser takes them.
    private static func boolean(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }

    private static func subnets(_ text: String) -> String? {
        text.split(separator: ",").allSatisfy { IPNetwork($0) != nil } ? text : nil
    }
}

/// Reads annotations one by one and remembers those that made no sense.
private struct AnnotationReader {
    let annotations: [String: String]
    var ignored: [String] = []

    init(annotations: [String: String]) { self.annotations = annotations }

    mutating func text(_ name: String, apply: (String) -> Void) {
        self.value(name, { $0 }, apply: apply)
    }

    mutating func value<Value>(
        _ name: String, _ parse: (String) -> Value?, prefix: String = Annotations.config, apply: (Value) -> Void
    ) {
        guard let text = self.annotations[prefix + name] else { return }
        guard let value = parse(text) else { return self.ignored.append(prefix + name) }
        apply(value)
    }
}
