public import MeshModel

/// What a proxy asks discovery for: `host[:port]`.
public struct Authority: Hashable, Sendable {
    /// A name or an address.
    public enum Host: Hashable, Sendable {
        /// An address.
        case address(IPAddress)
        /// Anything else.
        case name(String)
    }

    /// The host.
    public var host: Host
    /// 1…65535; 80 when none was written.
    public var port: UInt16

    /// Reads `host`, `host:port`, `address:port` or `[address]:port`; nil for anything else and for port 0.
    public init?(parsing text: some StringProtocol) {
        let text = Substring(text)
        guard !text.isEmpty, text.utf8.count <= 512 else { return nil }
        if let address = SocketAddress(text) {
            guard address.port > 0 else { return nil }
            (self.host, self.port) = (.address(address.ip), address.port)
            return
        }
        if let address = IPAddress(text) {
            (self.host, self.port) = (.address(address), 80)
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty, !name.contains("[") else { return nil }
        guard parts.count == 2 else {
            (self.host, self.port) = (.name(String(name)), 80)
            return
        }
        guard let port = PortSet.port(parts[1]) else { return nil }
        (self.host, self.port) = (.name(String(name)), port)
    }
}

/// A Service's DNS name, with or without one of its instances.
public struct ServiceName: Hashable, Sendable {
    /// The Service.
    public var service: ObjectKey
    /// The hostname of a pod behind a headless Service.
    public var instance: String?

    /// Reads `<svc>.<ns>.svc.<domain>` or `<instance>.<svc>.<ns>.svc.<domain>`; nil for anything else.
    ///
    /// Names are case-sensitive, and a dot at the end is not stripped: proxies ask for what discovery told them.
    public init?(_ name: some StringProtocol, clusterDomain: String) {
        guard name.hasSuffix(".svc.\(clusterDomain)") else { return nil }
        let labels = name.dropLast(clusterDomain.count + 5).split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count == 2 || labels.count == 3, labels.allSatisfy({ !$0.isEmpty }) else { return nil }
        let (namespace, service) = (labels[labels.count - 1], labels[labels.count - 2])
        self.service = ObjectKey(namespace: String(namespace), name: String(service))
        self.instance = labels.count == 3 ? String(labels[0]) : nil
    }
}
