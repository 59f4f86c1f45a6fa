public import GRPCCore
import GRPCProtobuf
import MeshModel
import MeshWire

/// `io.linkerd.proxy.outbound.OutboundPolicies`: how connections to a target are routed.
public struct OutboundPolicyService<Source: PolicySource>: RegistrableRPCService {
    private typealias Service = Io_Linkerd_Proxy_Outbound_OutboundPolicies

    private let source: Source

    /// Answers from `source`.
    public init(source: Source) { self.source = source }

    /// Registers both methods; their answers are encoded once for all streams.
    public func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(
            forMethod: Service.Method.Get.descriptor,
            deserializer: ProtobufDeserializer<Io_Linkerd_Proxy_Outbound_TrafficSpec>(),
            serializer: EncodedMessageSerializer()
        ) { request, _ in
            let message = try await ServerRequest(stream: request).message
            return StreamingServerResponse(single: ServerResponse(message: try await self.get(message)))
        }
        router.registerHandler(
            forMethod: Service.Method.Watch.descriptor,
            deserializer: ProtobufDeserializer<Io_Linkerd_Proxy_Outbound_TrafficSpec>(),
            serializer: EncodedMessageSerializer()
        ) { request, _ in
            let message = try await ServerRequest(stream: request).message
            return StreamingServerResponse { writer in
                try await self.watch(message, writer)
                return [:]
            }
        }
    }

    /// The policy of now.
    private func get(_ request: Io_Linkerd_Proxy_Outbound_TrafficSpec) async throws -> EncodedMessage {
        guard let policy = await (try self.updates(request)).first()?.policy else { throw Self.unknown }
        return policy
    }

    /// The policy of now and each changed one; the stream ends when the target becomes something else.
    private func watch(
        _ request: Io_Linkerd_Proxy_Outbound_TrafficSpec, _ writer: RPCWriter<EncodedMessage>
    ) async throws {
        try await self.updates(request).forEach(String?.none) { origin, lookup in
            guard let policy = lookup.policy else {
                if origin == nil { throw Self.unknown }
                return false
            }
            guard origin == nil || origin == lookup.origin else { return false }
            origin = lookup.origin
            try await writer.write(policy)
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
