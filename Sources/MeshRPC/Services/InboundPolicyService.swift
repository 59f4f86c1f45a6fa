public import GRPCCore
import MeshPolicy
public import MeshWire

/// `io.linkerd.proxy.inbound.InboundServerPolicies`: what holds for the ports of a workload.
public struct InboundPolicyService<Source: PolicySource>:
    Io_Linkerd_Proxy_Inbound_InboundServerPolicies.SimpleServiceProtocol
{
    private let source: Source

    /// Answers from `source`.
    public init(source: Source) { self.source = source }

    /// The policy of now.
    public func getPort(
        request: Io_Linkerd_Proxy_Inbound_PortSpec, context: ServerContext
    ) async throws -> Io_Linkerd_Proxy_Inbound_Server {
        guard let policy = await (try self.updates(request)).first() ?? nil else { throw Self.unknown }
        return policy.wire
    }

    /// The policy of now and each changed one; the stream ends with the workload.
    public func watchPort(
        request: Io_Linkerd_Proxy_Inbound_PortSpec, response: RPCWriter<Io_Linkerd_Proxy_Inbound_Server>,
        context: ServerContext
    ) async throws {
        try await self.updates(request).forEach(true) { isFirst, policy in
            guard let policy else {
                if isFirst { throw Self.unknown }
                return false
            }
            isFirst = false
            try await response.write(policy.wire)
            return true
        }
    }

    private func updates(_ request: Io_Linkerd_Proxy_Inbound_PortSpec) async throws -> Updates<InboundPolicy?> {
        do {
            return try await self.source.inboundPolicy(workload: request.workload, port: request.port)
        } catch {
            throw RPCError(error)
        }
    }

    private static var unknown: RPCError { RPCError(.notFound("unknown server")) }
}
