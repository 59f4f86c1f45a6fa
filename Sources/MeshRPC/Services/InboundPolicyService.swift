public import GRPCCore
import GRPCProtobuf
import MeshWire

/// `io.linkerd.proxy.inbound.InboundServerPolicies`: what holds for the ports of a workload.
public struct InboundPolicyService<Source: PolicySource>: RegistrableRPCService {
    private typealias Service = Io_Linkerd_Proxy_Inbound_InboundServerPolicies

    private let source: Source

    /// Answers from `source`.
    public init(source: Source) { self.source = source }

    /// Registers both methods; their answers are encoded once for all streams.
    public func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(
            forMethod: Service.Method.GetPort.descriptor,
            deserializer: ProtobufDeserializer<Io_Linkerd_Proxy_Inbound_PortSpec>(),
            serializer: EncodedMessageSerializer()
        ) { request, _ in
            let message = try await ServerRequest(stream: request).message
            return StreamingServerResponse(single: ServerResponse(message: try await self.getPort(message)))
        }
        router.registerHandler(
            forMethod: Service.Method.WatchPort.descriptor,
            deserializer: ProtobufDeserializer<Io_Linkerd_Proxy_Inbound_PortSpec>(),
            serializer: EncodedMessageSerializer()
        ) { request, _ in
            let message = try await ServerRequest(stream: request).message
            return StreamingServerResponse { writer in
                try await self.watchPort(message, writer)
                return [:]
            }
        }
    }

    /// The policy of now.
    private func getPort(_ request: Io_Linkerd_Proxy_Inbound_PortSpec) async throws -> EncodedMessage {
        guard let policy = await (try self.updates(request)).first() ?? nil else { throw Self.unknown }
        return policy
    }

    /// The policy of now and each changed one; the stream ends with the workload.
    private func watchPort(
        _ request: Io_Linkerd_Proxy_Inbound_PortSpec, _ writer: RPCWriter<EncodedMessage>
    ) async throws {
        try await self.updates(request).forEach(true) { isFirst, policy in
            guard let policy else {
                if isFirst { throw Self.unknown }
                return false
            }
            isFirst = false
            try await writer.write(policy)
            return true
        }
    }

    private func updates(_ request: Io_Linkerd_Proxy_Inbound_PortSpec) async throws -> Updates<EncodedMessage?> {
        do {
            return try await self.source.inboundPolicy(workload: request.workload, port: request.port)
        } catch {
            throw RPCError(error)
        }
    }

    private static var unknown: RPCError { RPCError(.notFound("unknown server")) }
}
