public import MeshModel

/// One port of one virtual address, and the endpoints that take its connections.
public struct VirtualService: Hashable, Sendable {
    /// What the node agent can forward.
    public enum Transport: String, Hashable, Sendable, CaseIterable {
        /// TCP.
        case tcp
        /// UDP.
        case udp
    }

    /// Where clients connect.
    public var address: SocketAddress
    /// Its protocol.
    public var transport: Transport
    /// Who answers, each with the same share; empty means that connections are refused.
    public var endpoints: [SocketAddress]

    /// A virtual address with its endpoints.
    public init(address: SocketAddress, transport: Transport, endpoints: [SocketAddress]) {
        self.address = address
        self.transport = transport
        self.endpoints = endpoints
    }
}
