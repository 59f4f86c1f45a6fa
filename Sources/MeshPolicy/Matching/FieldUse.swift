extension InboundPolicy {
    /// True when some match looks at header fields.
    public var readsFields: Bool {
        switch self.protocol {
        case .detect(_, let http), .http1(let http), .http2(let http):
            http.routes.contains { $0.rules.contains { $0.matches.contains { !$0.headers.isEmpty } } }
        case .grpc(let routes):
            routes.contains { $0.rules.contains { $0.matches.contains { !$0.headers.isEmpty } } }
        case .opaque, .tls: false
        }
    }
}

extension OutboundPolicy {
    /// True when some match looks at header fields.
    public var readsFields: Bool {
        switch self.protocol {
        case .detect(_, _, let http1, let http2): http1.readsFields || http2.readsFields
        case .http1(let http), .http2(let http): http.readsFields
        case .grpc(let grpc):
            grpc.routes.contains { $0.rules.contains { $0.matches.contains { !$0.headers.isEmpty } } }
        case .opaque, .tls: false
        }
    }
}

extension OutboundRoutes<HTTPKind> {
    fileprivate var readsFields: Bool {
        self.routes.contains { $0.rules.contains { $0.matches.contains { !$0.headers.isEmpty } } }
    }
}
