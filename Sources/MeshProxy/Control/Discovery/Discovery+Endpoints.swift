import MeshModel
import MeshPolicy
import MeshWire
import SwiftProtobuf

extension Discovery {
    /// The endpoints of a name.
    struct Resolution {
        var state = BackendSet.State.waiting
        var members: [SocketAddress: BackendSet.Member] = [:]
    }

    static let getPath = "/io.linkerd.proxy.destination.Destination/Get"

    /// Starts to follow the endpoints of `path`, if nobody does yet.
    mutating func follow(_ path: String, now: MonotonicTime) {
        guard self.resolutions[path] == nil else { return }
        self.resolutions[path] = Resolution()
        var request = Io_Linkerd_Proxy_Destination_GetDestination()
        request.path = path
        request.contextToken = self.settings.destinationContext
        self.watch(.endpoints(path), .destination, path: Self.getPath, message: request.serialized, now: now)
    }

    /// Forgets the endpoints of `path`.
    mutating func unfollow(_ path: String) {
        self.resolutions[path] = nil
        self.unwatch(.endpoints(path))
    }

    mutating func receivedEndpoints(_ message: [UInt8], _ path: String, isFirst: Bool) {
        guard var resolution = self.resolutions[path] else { return }
        do {
            let update = try EndpointUpdate(Io_Linkerd_Proxy_Destination_Update(serializedBytes: message))
            guard self.apply(update, to: &resolution, isFirst: isFirst) else { return }
        } catch {
            self.complain(.endpoints(path), error)
            return
        }
        self.resolutions[path] = resolution
        self.registry.update(path, resolution)
        self.isChanged = true
    }

    /// True when something changed.
    private mutating func apply(_ update: EndpointUpdate, to resolution: inout Resolution, isFirst: Bool) -> Bool {
        switch update {
        case .add(let endpoints, let labels):
            guard !endpoints.isEmpty else { return false }
            // What a new stream says first is everything: whatever it leaves out has gone meanwhile.
            let known = resolution.members
            if isFirst { resolution.members = [:] }
            for var endpoint in endpoints {
                endpoint.labels.merge(labels) { own, _ in own }
                if let member = known[endpoint.address], member.endpoint == endpoint {
                    resolution.members[endpoint.address] = member
                } else if resolution.members.count < Self.endpointsMax {
                    resolution.members[endpoint.address] = BackendSet.Member(
                        endpoint: endpoint, id: self.registry.makeMember())
                }
            }
        case .remove(let addresses):
            guard !isFirst, !addresses.isEmpty else { return false }
            for address in addresses { resolution.members[address] = nil }
        case .noEndpoints(let exists):
            resolution.members = [:]
            resolution.state = exists ? .known : .unresolvable
            return true
        }
        resolution.state = .known
        return true
    }

    /// True when there is no point in asking again.
    mutating func endedEndpoints(_ path: String, _ code: UInt8) -> Bool {
        guard GRPCCode.isPermanent(code) else { return false }
        var resolution = Resolution()
        resolution.state = .unresolvable
        self.resolutions[path] = resolution
        self.registry.update(path, resolution)
        self.isChanged = true
        return true
    }
}
