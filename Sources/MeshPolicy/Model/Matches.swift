public import MeshModel

/// A host that a route is for.
public enum HostMatch: Hashable, Sendable {
    /// This host; lower case, without port and trailing dot.
    case exact(ByteString)
    /// Every host with at least one label before this one: `*.example.com` is kept as `.example.com`.
    case suffix(ByteString)

    /// Reads `host` or `*.suffix`.
    public init(_ pattern: some StringProtocol) {
        if pattern.hasPrefix("*.") {
            self = .suffix(ByteString(lowercasing: pattern.dropFirst()))
        } else {
            self = .exact(ByteString(lowercasing: pattern.hasSuffix(".") ? pattern.dropLast() : pattern[...]))
        }
    }
}

/// A path that a rule is for.
public enum PathMatch: Hashable, Sendable {
    /// This path, byte for byte.
    case exact(ByteString)
    /// This path and everything below it, by whole segments; a trailing `/` does not count.
    case prefix(ByteString)
    /// The whole path matches.
    case regex(LinearRegex)
}

/// How a value is compared.
public enum ValueMatch: Hashable, Sendable {
    /// Byte for byte.
    case exact(ByteString)
    /// The whole value matches.
    case regex(LinearRegex)
}

/// A header that must be present with a matching value; one of several is enough.
public struct HeaderMatch: Hashable, Sendable {
    /// Lower case.
    public var name: ByteString
    /// What the value must be.
    public var value: ValueMatch

    /// Matches `name`, in any case, with `value`.
    public init(name: some StringProtocol, value: ValueMatch) {
        self.name = ByteString(lowercasing: name)
        self.value = value
    }
}

/// A query parameter that must be present with a matching value after URL decoding.
public struct QueryMatch: Hashable, Sendable {
    /// Compared after URL decoding.
    public var name: ByteString
    /// What the value must be.
    public var value: ValueMatch

    /// Matches the parameter `name` with `value`.
    public init(name: ByteString, value: ValueMatch) {
        self.name = name
        self.value = value
    }
}

/// What an HTTP rule matches; every given part must hold.
public struct HTTPRouteMatch: Hashable, Sendable {
    /// Nil for every path.
    public var path: PathMatch?
    /// All must match.
    public var headers: [HeaderMatch]
    /// All must match.
    public var query: [QueryMatch]
    /// A method token such as `GET`; nil for every method.
    public var method: ByteString?

    /// Matches what is given, everything by default.
    public init(
        path: PathMatch? = nil, headers: [HeaderMatch] = [], query: [QueryMatch] = [], method: ByteString? = nil
    ) {
        self.path = path
        self.headers = headers
        self.query = query
        self.method = method
    }
}

/// What a gRPC rule matches.
public struct GRPCRouteMatch: Hashable, Sendable {
    /// Full name of the service; empty for every service.
    public var service: ByteString
    /// Name of the method; empty for every method.
    public var method: ByteString
    /// All must match.
    public var headers: [HeaderMatch]

    /// Matches what is given, every call by default.
    public init(service: ByteString = "", method: ByteString = "", headers: [HeaderMatch] = []) {
        self.service = service
        self.method = method
        self.headers = headers
    }
}
