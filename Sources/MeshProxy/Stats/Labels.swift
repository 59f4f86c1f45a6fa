public import MeshModel
import MeshPolicy

/// Labels being written, in the exposition format without the braces.
struct LabelText {
    private(set) var text = ""

    mutating func append(_ name: StaticString, _ value: some StringProtocol) {
        if !self.text.isEmpty { self.text += "," }
        self.text += "\(name)=\""
        self.appendEscaped(value)
        self.text += "\""
    }

    mutating func append(prefix: StaticString, _ labels: [String: String]) {
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) {
            if !self.text.isEmpty { self.text += "," }
            self.text += "\(prefix)\(Self.sanitized(name))=\""
            self.appendEscaped(value)
            self.text += "\""
        }
    }

    private mutating func appendEscaped(_ value: some StringProtocol) {
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": self.text += "\\\\"
            case "\"": self.text += "\\\""
            case "\n": self.text += "\\n"
            default: self.text.unicodeScalars.append(scalar)
            }
        }
    }

    /// Label names admit letters, digits and underscores only.
    private static func sanitized(_ name: String) -> String {
        String(
            name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
    }
}

/// Which way traffic goes.
public enum Direction: Hashable, Sendable {
    /// To the workload.
    case inbound
    /// From the workload.
    case outbound

    var name: String {
        switch self {
        case .inbound: "inbound"
        case .outbound: "outbound"
        }
    }
}

/// What is known of TLS on a connection that was accepted.
public enum ServerTLS: Hashable, Sendable {
    /// Terminated here; the client's identity when it showed a certificate.
    case established(client: ByteString?)
    /// Passed through to the application.
    case passthrough(serverName: ByteString)
    /// The client spoke no TLS.
    case noneFromRemote
    /// The client is on this host.
    case loopback
    /// The port is opaque: nobody looked.
    case portSkipped

    func append(to labels: inout LabelText) {
        switch self {
        case .established(let client):
            labels.append("tls", "true")
            labels.append("client_id", client?.string ?? "")
        case .passthrough(let serverName):
            labels.append("tls", "opaque")
            labels.append("sni", serverName.string)
        case .noneFromRemote: Self.append(reason: "no_tls_from_remote", to: &labels)
        case .loopback: Self.append(reason: "loopback", to: &labels)
        case .portSkipped: Self.append(reason: "port_skipped", to: &labels)
        }
    }

    private static func append(reason: String, to labels: inout LabelText) {
        labels.append("tls", "no_identity")
        labels.append("no_tls_reason", reason)
    }
}

/// What is known of TLS on a connection that was opened.
public enum ClientTLS: Hashable, Sendable {
    /// With a server of this identity.
    case established(server: String)
    /// The server is on this host.
    case loopback
    /// Discovery names no identity.
    case notProvided

    func append(to labels: inout LabelText) {
        switch self {
        case .established(let server):
            labels.append("tls", "true")
            labels.append("server_id", server)
        case .loopback:
            labels.append("tls", "no_identity")
            labels.append("no_tls_reason", "loopback")
        case .notProvided:
            labels.append("tls", "no_identity")
            labels.append("no_tls_reason", "not_provided_by_service_discovery")
        }
    }
}

extension LabelText {
    mutating func append(direction: Direction) { self.append("direction", direction.name) }

    mutating func append(target: SocketAddress) {
        self.append("target_addr", "\(target)")
        self.append("target_ip", "\(target.ip)")
        self.append("target_port", "\(target.port)")
    }

    mutating func append(server: PolicyMetadata, port: UInt16) {
        self.append("srv_group", server.group)
        self.append("srv_kind", server.kind)
        self.append("srv_name", server.name)
        self.append("srv_port", "\(port)")
    }

    mutating func append(route: PolicyMetadata) {
        self.append("route_group", route.group)
        self.append("route_kind", route.kind)
        self.append("route_name", route.name)
    }

    mutating func append(authorization: PolicyMetadata) {
        self.append("authz_group", authorization.group)
        self.append("authz_kind", authorization.kind)
        self.append("authz_name", authorization.name)
    }

    mutating func append(parent: PolicyMetadata) {
        self.append("parent_group", parent.group)
        self.append("parent_kind", parent.kind)
        self.append("parent_namespace", parent.namespace)
        self.append("parent_name", parent.name)
        self.append("parent_port", parent.port.map { "\($0)" } ?? "")
        self.append("parent_section_name", "")
    }

    mutating func append(outboundRoute route: PolicyMetadata) {
        self.append("route_group", route.group)
        self.append("route_kind", route.kind)
        self.append("route_namespace", route.namespace)
        self.append("route_name", route.name)
    }

    mutating func append(backend: PolicyMetadata) {
        self.append("backend_group", backend.group)
        self.append("backend_kind", backend.kind)
        self.append("backend_namespace", backend.namespace)
        self.append("backend_name", backend.name)
        self.append("backend_port", backend.port.map { "\($0)" } ?? "")
        self.append("backend_section_name", "")
    }
}
