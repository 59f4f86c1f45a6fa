public import MeshModel

/// Where the parts of a request's head lie in a buffer.
///
/// Routing takes the buffer as a `Span`, this, and the header fields as a span of `FieldRange`: no copies are made.
public struct RequestHead: Hashable, Sendable {
    /// The method token.
    public var method: ByteRange
    /// The path without query, starting with `/`; `*` and authority-form stay as they are.
    public var path: ByteRange
    /// What follows `?`; empty without one.
    public var query: ByteRange
    /// `:authority` or `Host`, with its port if it has one.
    public var authority: ByteRange
    /// True for HTTP/2 requests whose content type starts with `application/grpc`.
    public var isGRPC: Bool

    /// Locates the parts of a head.
    public init(
        method: ByteRange, path: ByteRange, query: ByteRange = .empty, authority: ByteRange = .empty,
        isGRPC: Bool = false
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.authority = authority
        self.isGRPC = isGRPC
    }
}

/// The rule that a request takes.
public struct RouteChoice: Hashable, Sendable {
    /// Index of the route in its list.
    public var route: Int
    /// Index of the rule in its route.
    public var rule: Int
    /// Bytes of the path that a prefix match covers; 0 unless a prefix matched.
    public var prefixLength: Int

    /// Names a rule.
    public init(route: Int, rule: Int, prefixLength: Int = 0) {
        self.route = route
        self.rule = rule
        self.prefixLength = prefixLength
    }
}
