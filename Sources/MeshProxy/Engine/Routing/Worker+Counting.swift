import MeshModel
import MeshPolicy
import MeshReactor

/// The series that was looked up last, and for what; looking one up costs a hash over all its labels.
struct SeriesCache {
    private var version: UInt64 = 0
    private var key: UInt64 = .max
    private var series: RequestSeries?

    func known(_ key: UInt64, version: UInt64) -> RequestSeries? {
        self.key == key && self.version == version ? self.series : nil
    }

    mutating func remember(_ key: UInt64, version: UInt64, _ series: RequestSeries) {
        self.key = key
        self.version = version
        self.series = series
    }
}

extension Endpoint {
    /// What is known of TLS towards this endpoint.
    var clientTLS: ClientTLS { self.tls.map { .established(server: $0.identity.name) } ?? .notProvided }
}

/// What metrics learn.
extension Worker {
    /// Counts a connection from now on.
    mutating func count(_ handle: Handle, _ series: ConnectionSeries) {
        guard self.connections[handle].series == nil else { return }
        self.connections[handle].series = series
        self.stats.opened(series)
    }

    /// Counts an accepted connection, now that it is settled what it is.
    mutating func countAccepted(_ handle: Handle) {
        guard self.connections[handle].series == nil else { return }
        let target = self.connections[handle].target
        let labels: ConnectionLabels
        switch self.connections[handle].direction {
        case .inbound:
            labels = .acceptedInbound(target: target, tls: self.serverTLS(handle), server: self.portMetadata(handle))
        case .outbound: labels = .acceptedOutbound(target: target)
        }
        self.count(handle, self.stats.connection(labels))
    }

    /// Counts the end of a connection.
    mutating func countClosed(_ handle: Handle) {
        guard let series = self.connections[handle].series else { return }
        self.stats.closed(series, errno: self.connections[handle].failure?.code)
    }

    /// What is known of TLS on an accepted connection.
    func serverTLS(_ handle: Handle) -> ServerTLS {
        if self.connections[handle].tls != nil { return .established(client: self.connections[handle].identity.name) }
        if case .opaque = self.connections[handle].portPolicy?.policy?.protocol { return .portSkipped }
        return self.connections[handle].peer.ip.isLoopback ? .loopback : .noneFromRemote
    }

    func portMetadata(_ handle: Handle) -> PolicyMetadata {
        self.connections[handle].portPolicy?.metadata ?? .implicit("default")
    }

    /// The series of a request that `permit` admitted.
    mutating func inboundSeries(
        _ handle: Handle, _ policy: InboundPolicy, _ route: Int, _ permit: Permit
    ) -> RequestSeries {
        let key = UInt64(route) << 32 | permit.code
        let version = self.tables.snapshot.version
        if let known = self.connections[handle].requestSeries.known(key, version: version) { return known }
        let (metadata, authorizations, isGRPC) = policy.route(route)
        let series = self.stats.request(
            .inbound(
                target: self.connections[handle].target, tls: self.serverTLS(handle), server: policy.metadata,
                route: metadata, authorization: policy.metadata(of: permit, route: authorizations), isGRPC: isGRPC))
        self.connections[handle].requestSeries.remember(key, version: version, series)
        return series
    }

    /// The series of a request that goes to the endpoint of `choice`.
    mutating func outboundSeries(_ choice: Choice, _ labels: OutboundLabels) -> RequestSeries? {
        let version = self.tables.snapshot.version
        let members = self.tables.backends[Int(choice.slot)].members
        if let known = members[choice.member].series.known(labels.key, version: version) { return known }
        let endpoint = members[choice.member].endpoint
        let series = self.stats.request(
            .outbound(
                target: endpoint.address, authority: self.tables.backends[Int(choice.slot)].set?.authority,
                tls: endpoint.clientTLS, labels: endpoint.labels, parent: labels.parent, route: labels.route,
                backend: labels.backend, isGRPC: labels.isGRPC))
        self.withMember(choice) { $0.series.remember(labels.key, version: version, series) }
        return series
    }

    /// A request was refused by policy.
    mutating func countRefused(_ handle: Handle, _ policy: InboundPolicy, _ verdict: InboundVerdict) {
        self.counts.refused &+= 1
        let target = self.connections[handle].target
        let tls = self.serverTLS(handle)
        switch verdict {
        case .allow: return
        case .noRoute: self.stats.count(.inboundNoRoute(target: target, tls: tls, server: policy.metadata))
        case .deny(let choice):
            let route = policy.route(choice.route).metadata
            self.stats.count(.inboundDenied(target: target, tls: tls, server: policy.metadata, route: route))
        }
    }
}

/// What a request to an endpoint is counted under, besides the endpoint.
struct OutboundLabels {
    /// Target, route and backend in one number: the same only for the same, within one snapshot.
    var key: UInt64
    var parent: PolicyMetadata
    var route: PolicyMetadata
    var backend: PolicyMetadata
    var isGRPC: Bool
}

extension Permit {
    fileprivate var code: UInt64 {
        switch self {
        case .route(let index): UInt64(index) << 2
        case .server(let index): UInt64(index) << 2 | 1
        case .localhost: 2
        }
    }
}

extension InboundPolicy {
    /// What counts of one of the routes.
    func route(_ index: Int) -> (metadata: PolicyMetadata, authorizations: [Authorization], isGRPC: Bool) {
        switch self.protocol {
        case .detect(_, let http), .http1(let http), .http2(let http):
            (http.routes[index].metadata, http.routes[index].authorizations, false)
        case .grpc(let routes): (routes[index].metadata, routes[index].authorizations, true)
        case .opaque, .tls: (.implicit("default"), [], false)
        }
    }
}
