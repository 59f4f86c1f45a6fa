public import MeshModel
public import MeshPolicy

/// What holds for the whole mesh and every compilation: names, networks, defaults.
public struct MeshSettings: Hashable, Sendable {
    /// The namespace of this control plane; pods labelled with it get our identities.
    public var controlNamespace = "heddle"
    /// The part of identities between `identity` and the trust domain.
    public var identityNamespace = "linkerd"
    /// The trust domain of identities.
    public var trustDomain = "cluster.local"
    /// The DNS domain of the cluster.
    public var clusterDomain = "cluster.local"
    /// Where pods, nodes and Services live.
    public var clusterNetworks = Self.privateNetworks
    /// What holds for a port that no Server governs and whose pod says nothing.
    public var defaultPolicy = DefaultPolicy.allUnauthenticated
    /// Ports that are not HTTP unless something says otherwise; used for outbound policies and discovery.
    public var opaquePorts = PortSet.usualOpaque
    /// Where probes come from; empty: no probe routes.
    public var probeNetworks = [IPNetwork.all4, IPNetwork.all6]
    /// The namespace whose EgressNetworks serve every namespace without own ones.
    public var globalEgressNamespace = "linkerd-egress"
    /// Let request headers override retries and timeouts.
    public var allowsRequestHeaders = false
    /// How long a proxy looks for a protocol.
    public var detectTimeout = Duration.seconds(10)
    /// Publish IPv6 endpoints.
    public var ipv6 = false
    /// Tell proxies that meshed endpoints take HTTP/2, also for what was HTTP/1.
    public var upgradesHTTP1 = true
    /// Tell proxies to reach every port of a meshed endpoint through its proxy's port, with a transport header; opaque
    /// ports are always reached that way.
    public var usesTransportHeader = false
    /// How proxies keep HTTP/2 connections to meshed endpoints.
    public var meshedHTTP2 = HTTP2ClientSettings(
        keepAlive: .init(interval: .seconds(10), timeout: .seconds(3), whileIdle: true))

    /// The defaults.
    public init() {}

    /// The identity of the ServiceAccount `account`.
    public func identity(of account: ObjectKey) -> String {
        "\(account.name).\(account.namespace).serviceaccount.identity.\(self.identityNamespace).\(self.trustDomain)"
    }

    /// RFC 1918, RFC 6598 and unique local IPv6.
    public static let privateNetworks: [IPNetwork] = [
        .init(.v4(0x0A00_0000), prefixLength: 8), .init(.v4(0x6440_0000), prefixLength: 10),
        .init(.v4(0xAC10_0000), prefixLength: 12), .init(.v4(0xC0A8_0000), prefixLength: 16),
        .init(.v6(0xFD00_0000_0000_0000, 0), prefixLength: 8),
    ].compactMap(\.self)
}
