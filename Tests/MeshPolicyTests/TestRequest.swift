import MeshModel
import MeshPolicy
import Testing

/// A request laid out in one buffer, as a parser leaves it.
struct TestRequest {
    private(set) var bytes: [UInt8] = []
    private(set) var fields: [FieldRange] = []
    private(set) var head = RequestHead(method: .empty, path: .empty)

    init(
        _ method: String, _ target: String, host: String = "web", headers: [(String, String)] = [],
        isGRPC: Bool = false
    ) {
        self.head.method = self.append(method)
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.head.path = self.append(String(parts[0]))
        if parts.count == 2 { self.head.query = self.append(String(parts[1])) }
        self.head.authority = self.append(host)
        self.head.isGRPC = isGRPC
        for (name, value) in headers {
            self.fields.append(FieldRange(name: self.append(name), value: self.append(value)))
        }
    }

    init(_ target: String, host: String = "web", headers: [(String, String)] = []) {
        self.init("GET", target, host: host, headers: headers)
    }

    private mutating func append(_ text: String) -> ByteRange {
        let start = self.bytes.count
        self.bytes += text.utf8
        return ByteRange(start..<self.bytes.count)
    }

    func choice(in routes: [InboundRoute<HTTPKind>]) -> RouteChoice? {
        routes.choose(self.bytes.span, self.head, self.fields.span)
    }

    func choice(in routes: [InboundRoute<GRPCKind>]) -> RouteChoice? {
        routes.choose(self.bytes.span, self.head, self.fields.span)
    }

    func verdict(of policy: InboundPolicy, peer: String, identity: PeerIdentity = .clear) throws -> InboundVerdict {
        let peer = try #require(IPAddress(peer))
        return policy.decide(self.bytes.span, self.head, self.fields.span, peer: peer, identity: identity)
    }
}
