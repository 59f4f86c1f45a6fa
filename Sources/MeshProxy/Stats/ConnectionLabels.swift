public import MeshModel
public import MeshPolicy

/// What distinguishes connections in metrics.
public enum ConnectionLabels: Hashable, Sendable {
    /// Accepted from another workload or program.
    case acceptedInbound(target: SocketAddress, tls: ServerTLS, server: PolicyMetadata)
    /// Opened to this workload's application.
    case openedInbound
    /// Accepted from this workload's application.
    case acceptedOutbound(target: SocketAddress)
    /// Opened to an endpoint; `authority` is the concrete name, nil for forwarded addresses.
    case openedOutbound(target: SocketAddress, authority: String?, tls: ClientTLS, labels: [String: String])

    var text: String {
        var labels = LabelText()
        switch self {
        case .acceptedInbound(let target, let tls, let server):
            labels.append(direction: .inbound)
            labels.append("peer", "src")
            labels.append(target: target)
            tls.append(to: &labels)
            labels.append(server: server, port: target.port)
        case .openedInbound:
            labels.append(direction: .inbound)
            labels.append("peer", "dst")
            ClientTLS.loopback.append(to: &labels)
        case .acceptedOutbound(let target):
            labels.append(direction: .outbound)
            labels.append("peer", "src")
            labels.append(target: target)
            ServerTLS.loopback.append(to: &labels)
        case .openedOutbound(let target, let authority, let tls, let endpoint):
            labels.append(direction: .outbound)
            labels.append("peer", "dst")
            if let authority { labels.append("authority", authority) }
            labels.append(target: target)
            tls.append(to: &labels)
            labels.append(prefix: "dst_", endpoint)
        }
        return labels.text
    }
}

/// Where the series of one kind of connections lie.
struct ConnectionGroup: Sendable {
    let labels: String
    let opened: Int32
    let open: Int32
    let read: Int32
    let written: Int32
}
