public import MeshModel

/// A request that was written down rather than received, laid out as a parser leaves it: for explanations and tests.
public struct WrittenRequest: Hashable, Sendable {
    /// What the ranges point into.
    public private(set) var bytes: [UInt8] = []
    /// Where the parts of the head lie.
    public private(set) var head = RequestHead(method: .empty, path: .empty)
    /// The header fields.
    public private(set) var fields: [FieldRange] = []

    /// A request for `target`, a path perhaps with a query.
    public init(
        method: String = "GET", target: String, authority: String = "",
        headers: [(name: String, value: String)] = [], isGRPC: Bool = false
    ) {
        self.head.method = self.append(method)
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.head.path = self.append(parts.first.map(String.init) ?? "/")
        if parts.count == 2 { self.head.query = self.append(String(parts[1])) }
        self.head.authority = self.append(authority)
        self.head.isGRPC = isGRPC
        for header in headers {
            self.fields.append(FieldRange(name: self.append(header.name), value: self.append(header.value)))
        }
    }

    private mutating func append(_ text: String) -> ByteRange {
        let start = self.bytes.count
        self.bytes += text.utf8
        return ByteRange(start..<self.bytes.count)
    }
}

extension InboundPolicy {
    /// What becomes of a written request from a client at `peer` with `identity`; the proxy's own decision.
    public func decide(_ request: WrittenRequest, peer: IPAddress, identity: PeerIdentity) -> InboundVerdict {
        self.decide(request.bytes.span, request.head, request.fields.span, peer: peer, identity: identity)
    }
}

extension OutboundPolicy {
    /// The metadata of the route that a written request takes, and its rule; nil when no route is for it or the
    /// target is not HTTP.
    public func choose(_ request: WrittenRequest) -> (route: PolicyMetadata, choice: RouteChoice)? {
        switch self.protocol {
        case .detect(_, _, let http, _), .http1(let http), .http2(let http):
            let choice = http.routes.choose(request.bytes.span, request.head, request.fields.span)
            return choice.map { (http.routes[$0.route].metadata, $0) }
        case .grpc(let grpc):
            let choice = grpc.routes.choose(request.bytes.span, request.head, request.fields.span)
            return choice.map { (grpc.routes[$0.route].metadata, $0) }
        case .opaque, .tls: return nil
        }
    }
}
