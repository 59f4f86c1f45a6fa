import MeshModel
import MeshPolicy

extension OutboundPolicy {
    /// The policy of a target that the policy service does not know: to its endpoint if the profile names one, else to
    /// the address itself.
    init(forwardingTo address: SocketAddress, profile: Profile?) {
        let name = profile?.endpoint == nil ? "fallback" : "endpoint"
        let backend = Backend(
            metadata: .implicit(name), target: .forward(profile?.endpoint ?? Endpoint(address: address)))
        func routes<Kind: RouteKind>(_ matches: [Kind.Match]) -> [OutboundRoute<Kind>] {
            [
                OutboundRoute(
                    metadata: .implicit("default"),
                    rules: [
                        OutboundRoute.Rule(matches: matches, distribution: .firstAvailable([RouteBackend(backend)]))
                    ])
            ]
        }
        let http = OutboundHTTP(routes: routes([]))
        self.init(
            metadata: .implicit(name),
            protocol: profile?.isOpaque ?? false
                ? .opaque(routes([]))
                : .detect(timeout: .seconds(10), opaque: routes([]), http1: http, http2: http))
    }

    /// Sets the slot of every backend to what `slot` says.
    mutating func place(_ slot: (Backend, FailureAccrual?) -> Int32) {
        switch self.protocol {
        case .detect(let timeout, var opaque, var http1, var http2):
            opaque.place(nil, slot)
            http1.routes.place(http1.failureAccrual, slot)
            http2.routes.place(http2.failureAccrual, slot)
            self.protocol = .detect(timeout: timeout, opaque: opaque, http1: http1, http2: http2)
        case .opaque(var routes):
            routes.place(nil, slot)
            self.protocol = .opaque(routes)
        case .http1(var http):
            http.routes.place(http.failureAccrual, slot)
            self.protocol = .http1(http)
        case .http2(var http):
            http.routes.place(http.failureAccrual, slot)
            self.protocol = .http2(http)
        case .grpc(var grpc):
            grpc.routes.place(grpc.failureAccrual, slot)
            self.protocol = .grpc(grpc)
        case .tls(var routes):
            routes.place(nil, slot)
            self.protocol = .tls(routes)
        }
    }
}

extension Array {
    fileprivate mutating func place<Kind: RouteKind>(
        _ accrual: FailureAccrual?, _ slot: (Backend, FailureAccrual?) -> Int32
    ) where Element == OutboundRoute<Kind> {
        for route in self.indices {
            for rule in self[route].rules.indices { self[route].rules[rule].distribution.place(accrual, slot) }
        }
    }
}

extension Distribution {
    fileprivate mutating func place(_ accrual: FailureAccrual?, _ slot: (Backend, FailureAccrual?) -> Int32) {
        var backends = self.backends
        for index in backends.indices { backends[index].backend.slot = slot(backends[index].backend, accrual) }
        switch self {
        case .empty: break
        case .firstAvailable: self = .firstAvailable(backends)
        case .random: self = .random(backends)
        }
    }
}
