/// How specific a match is; the more specific rule gets the request.
///
/// Compared field by field from the top, as the Gateway API orders HTTPRoute rules; a path counts by its length
/// alone, whatever its kind. gRPC matches have the length of the service as `path` and that of the method next.
struct MatchRank: Comparable {
    /// Exact hosts above suffixes above none, then by length.
    var host = 0
    var path = 0
    var grpcMethod = 0
    var headers = 0
    var query = 0
    var method = 0

    static let exactHost = 1 << 32

    static func < (left: MatchRank, right: MatchRank) -> Bool {
        if left.host != right.host { return left.host < right.host }
        if left.path != right.path { return left.path < right.path }
        if left.grpcMethod != right.grpcMethod { return left.grpcMethod < right.grpcMethod }
        if left.headers != right.headers { return left.headers < right.headers }
        if left.query != right.query { return left.query < right.query }
        return left.method < right.method
    }
}
