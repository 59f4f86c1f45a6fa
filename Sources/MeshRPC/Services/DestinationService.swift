public import GRPCCore
import MeshPolicy
public import MeshWire

/// `io.linkerd.proxy.destination.Destination`: who is behind a name, and how to speak with them.
public struct DestinationService<Source: DestinationSource>:
    Io_Linkerd_Proxy_Destination_Destination.SimpleServiceProtocol
{
    private let source: Source

    /// Answers from `source`.
    public init(source: Source) { self.source = source }

    /// Streams the endpoints behind a Service's name.
    ///
    /// A Service without endpoints yields silence; one that goes away has its endpoints removed.
    public func get(
        request: Io_Linkerd_Proxy_Destination_GetDestination,
        response: RPCWriter<Io_Linkerd_Proxy_Destination_Update>, context: ServerContext
    ) async throws {
        let updates: Updates<EndpointLookup>
        do {
            updates = try await self.source.endpoints(path: request.path, contextToken: request.contextToken)
        } catch {
            throw RPCError(error)
        }
        let path = request.path
        try await updates.forEach((isFirst: true, delta: EndpointDelta())) { state, lookup in
            let changes: [EndpointUpdate]
            switch lookup {
            case .found(let endpoints, let labels): changes = state.delta.updates(to: endpoints, labels: labels)
            case .missing where state.isFirst: throw RPCError(.notFound("Service not found: \(path)"))
            case .missing: changes = state.delta.updates(to: [], labels: [:])
            case .external: throw RPCError(.invalid("Service of type ExternalName: \(path)"))
            }
            state.isFirst = false
            for change in changes { try await response.write(change.wire) }
            return true
        }
    }

    /// Streams the profile of a name or an address.
    public func getProfile(
        request: Io_Linkerd_Proxy_Destination_GetDestination,
        response: RPCWriter<Io_Linkerd_Proxy_Destination_DestinationProfile>, context: ServerContext
    ) async throws {
        let updates: Updates<ProfileLookup>
        do {
            updates = try await self.source.profile(path: request.path, contextToken: request.contextToken)
        } catch {
            throw RPCError(error)
        }
        let path = request.path
        try await updates.forEach(true) { isFirst, lookup in
            switch lookup {
            case .found(let profile): try await response.write(profile.wire)
            case .missing where isFirst: throw RPCError(.notFound("not found: \(path)"))
            case .missing: return false  // The client asks anew and learns it.
            case .external: throw RPCError(.invalid("Service of type ExternalName: \(path)"))
            case .ambiguous: throw RPCError(.precondition("several objects have the address \(path)"))
            }
            isFirst = false
            return true
        }
    }
}
