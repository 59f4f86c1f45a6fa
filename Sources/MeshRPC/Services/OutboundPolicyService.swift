public import GRPCCore
import MeshModel
import MeshPolicy
public import MeshWire

/// `io.linkerd.proxy.outbound.OutboundPolicies`: how connections to a target are routed.
public struct OutboundPolicyService<Source: PolicySource>:
    Io_Linkerd_Proxy_Outbound_OutboundPolicies.SimpleServiceProtocol
{
    private let source: Source

    /// Answers from `source`.
    public init(source: Source) { self.source = source }

    /// The policy of now.
    public func get(
        request: Io_Linkerd_Proxy_Outbound_TrafficSpec, context: ServerContext
    ) async throws -> Io_Linkerd_Proxy_Outbound_OutboundPolicy {
        guard let policy = await (try self.updates(request)).first()?.policy else { throw Self.unknown }
        return policy.wire
    }

    /// The policy of now and each changed one; the stream ends when the target becomes something else.
    public func watch(
        request: Io_Linkerd_Proxy_Outbound_TrafficSpec, response: RPCWriter<Io_Linkerd_Proxy_Outbound_OutboundPolicy>,
        context: ServerContext
    ) async throws {
        try await self.updates(request).forEach(String?.none) { origin, lookup in
            guard let policy = lookup.policy else {
                if origin == nil { throw Self.unknown }
                return false
            }
            guard origin == nil || origin == lookup.origin else { return false }
            origin = lookup.origin
            try await response.write(policy.wire)
            return true
        }
    }

    private func updates(_ request: Io_Linkerd_Proxy_Outbound_TrafficSpec) async throws -> Updates<OutboundLookup> {
        let target: OutboundLookup.Target
        switch request.target {
        case .addr(let address)?:
            guard let socket = Self.socketAddress(address) else {
                throw RPCError(.invalid("the address needs an IP and a port of 1 to 65535"))
            }
            target = .address(socket)
        case .authority(let authority)?: target = .authority(authority)
        case nil: throw RPCError(.invalid("the target is missing"))
        }
        do {
            return try await self.source.outboundPolicy(of: target, workload: request.sourceWorkload)
        } catch {
            throw RPCError(error)
        }
    }

    private static func socketAddress(_ address: Io_Linkerd_Proxy_Net_TcpAddress) -> SocketAddress? {
        guard let port = UInt16(exactly: address.port), port > 0 else { return nil }
        switch address.ip.ip {
        case .ipv4(let value)?: return SocketAddress(.v4(value), port: port)
        case .ipv6(let value)?: return SocketAddress(IPAddress.v6(value.first, value.last).canonical, port: port)
        case nil: return nil
        }
    }

    private static var unknown: RPCError { RPCError(.notFound("No such service")) }
}
