import MeshModel
import MeshPolicy
import MeshWire
import SwiftProtobuf

extension Discovery {
    /// A port of this workload.
    struct PortWatch {
        /// Nil until the control plane has answered: then the default applies.
        var policy: PortPolicy?
        /// Watched from the start, not because a connection came.
        let isPermanent: Bool
    }

    static let watchPortPath = "/io.linkerd.proxy.inbound.InboundServerPolicies/WatchPort"

    /// Watches the ports of the settings.
    mutating func watchPorts(now: MonotonicTime) {
        for port in self.settings.inboundPorts.union([self.settings.adminAddress.port]) {
            self.watchPort(port, isPermanent: true, now: now)
        }
    }

    /// Watches a port because a connection came for it.
    mutating func requestedPort(_ port: UInt16, now: MonotonicTime) {
        guard port != 0, self.ports[port] == nil else { return }
        guard self.ports.count(where: { !$0.value.isPermanent }) < Self.extraPortsMax else { return }
        self.watchPort(port, isPermanent: false, now: now)
    }

    private mutating func watchPort(_ port: UInt16, isPermanent: Bool, now: MonotonicTime) {
        guard self.ports[port] == nil else { return }
        self.ports[port] = PortWatch(isPermanent: isPermanent)
        var spec = Io_Linkerd_Proxy_Inbound_PortSpec()
        spec.workload = self.settings.workload
        spec.port = UInt32(port)
        self.watch(.port(port), .policy, path: Self.watchPortPath, message: spec.serialized, now: now)
    }

    mutating func receivedPort(_ message: [UInt8], _ port: UInt16) {
        var policy: InboundPolicy?
        do {
            policy = try InboundPolicy(Io_Linkerd_Proxy_Inbound_Server(serializedBytes: message))
        } catch {
            // Refuses everyone until something sensible comes.
            self.complain(.port(port), error)
        }
        if let known = self.ports[port]?.policy, known.policy == policy { return }
        self.ports[port]?.policy = PortPolicy(policy)
        self.isChanged = true
    }

    /// True when there is no point in asking again: the default stays.
    mutating func endedPort(_ port: UInt16, _ code: UInt8) -> Bool {
        GRPCCode.isPermanent(code)
    }

    /// True once every port of the settings has a policy from the control plane.
    var arePortsKnown: Bool { self.ports.allSatisfy { !$0.value.isPermanent || $0.value.policy != nil } }

    var inboundTable: InboundTable {
        InboundTable(
            ports: self.ports.compactMapValues(\.policy), fallback: self.fallback.detected,
            opaqueFallback: self.fallback.opaque, opaquePorts: self.settings.opaquePorts,
            watched: Set(self.ports.keys))
    }
}

/// What ports have until the control plane has answered; made once, so that it stays the same object.
struct InboundFallback {
    let detected: PortPolicy
    let opaque: PortPolicy

    init(_ settings: Settings) {
        let cluster = settings.clusterNetworks
        self.detected = PortPolicy(
            settings.defaultPolicy.policy(
                cluster: cluster, isOpaque: false, detectTimeout: settings.inbound.detectTimeout))
        self.opaque = PortPolicy(settings.defaultPolicy.policy(cluster: cluster, isOpaque: true))
    }
}

/// gRPC status codes as the control plane uses them.
enum GRPCCode {
    static let ok: UInt8 = 0
    static let unknown: UInt8 = 2
    static let invalidArgument: UInt8 = 3
    static let deadlineExceeded: UInt8 = 4
    static let notFound: UInt8 = 5
    static let failedPrecondition: UInt8 = 9
    static let unimplemented: UInt8 = 12
    static let `internal`: UInt8 = 13
    static let unavailable: UInt8 = 14

    /// The request itself is at fault: asking again would not help.
    static func isPermanent(_ code: UInt8) -> Bool { code == invalidArgument || code == failedPrecondition }
}

extension SwiftProtobuf.Message {
    /// The message's bytes; requests are made here and always complete.
    var serialized: [UInt8] {
        // Only proto2 messages with missing required fields cannot be serialised.
        (try? self.serializedBytes()) ?? []
    }
}
