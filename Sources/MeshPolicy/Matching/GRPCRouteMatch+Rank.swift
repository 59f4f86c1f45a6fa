internal import MeshModel

extension GRPCRouteMatch {
    /// How specifically a call is matched, without its host; nil when it is not.
    ///
    /// Only POST with a path `/<service>/<method>` is a call.
    func rank(_ bytes: Span<UInt8>, _ head: RequestHead, _ fields: Span<FieldRange>) -> MatchRank? {
        guard ByteString.post.equals(bytes.extracting(head.method.indices)) else { return nil }
        let path = bytes.extracting(head.path.indices)
        guard path.count > 0, path[0] == UInt8(ascii: "/") else { return nil }
        var separator = 1
        while separator < path.count, path[separator] != UInt8(ascii: "/") { separator += 1 }
        guard separator < path.count else { return nil }
        var rank = MatchRank()
        if !self.service.isEmpty {
            guard self.service.equals(path.extracting(1..<separator)) else { return nil }
            rank.path = self.service.count
        }
        if !self.method.isEmpty {
            guard self.method.equals(path.extracting((separator + 1)..<path.count)) else { return nil }
            rank.grpcMethod = self.method.count
        }
        for header in self.headers {
            guard header.matches(bytes, fields) else { return nil }
            rank.headers += 1
        }
        return rank
    }
}

extension ByteString {
    static let post: ByteString = "POST"
}
