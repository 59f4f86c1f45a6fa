public import MeshModel

/// A header field of a policy.
public struct HeaderField: Hashable, Sendable {
    /// Lower case.
    public var name: ByteString
    /// As it is written.
    public var value: ByteString

    /// A field with its name in lower case.
    public init(name: some StringProtocol, value: ByteString) {
        self.name = ByteString(lowercasing: name)
        self.value = value
    }
}

/// Changes to header fields, made in the order add, set, remove.
public struct HeaderModifier: Hashable, Sendable {
    /// Appended.
    public var add: [HeaderField]
    /// Put in place of all fields of that name.
    public var set: [HeaderField]
    /// Removed, lower case.
    public var remove: [ByteString]

    /// Makes the given changes.
    public init(add: [HeaderField] = [], set: [HeaderField] = [], remove: [ByteString] = []) {
        self.add = add
        self.set = set
        self.remove = remove
    }
}

/// A share of all requests.
public struct Ratio: Hashable, Sendable {
    /// How many requests are hit.
    public let numerator: UInt32
    /// Out of how many.
    public let denominator: UInt32

    /// Nil when the denominator is 0.
    public init?(_ numerator: UInt32, of denominator: UInt32) {
        guard denominator != 0 else { return nil }
        self.numerator = numerator
        self.denominator = denominator
    }

    /// Draws whether one request is hit.
    public func hits(using random: inout some RandomNumberGenerator) -> Bool {
        UInt32.random(in: 0..<self.denominator, using: &random) < self.numerator
    }
}

/// An answer given instead of the application's.
public struct FailureInjector: Hashable, Sendable {
    /// HTTP status, or gRPC code in a gRPC filter.
    public var code: UInt32
    /// For logs and error headers.
    public var message: String
    /// Nil for every request.
    public var ratio: Ratio?

    /// Fails the share `ratio` of requests.
    public init(code: UInt32, message: String, ratio: Ratio? = nil) {
        self.code = code
        self.message = message
        self.ratio = ratio
    }
}

/// A redirect; what is nil is kept from the request.
public struct Redirect: Hashable, Sendable {
    /// The new path.
    public enum Path: Hashable, Sendable {
        /// The whole path.
        case full(String)
        /// What replaces the matched prefix.
        case prefix(String)
    }

    /// `http` or `https`.
    public var scheme: String?
    /// The new host.
    public var host: String?
    /// The new path.
    public var path: Path?
    /// The new port.
    public var port: UInt16?
    /// 300…399.
    public var status: UInt16

    /// Redirects with `status`.
    public init(
        scheme: String? = nil, host: String? = nil, path: Path? = nil, port: UInt16? = nil, status: UInt16 = 301
    ) {
        self.scheme = scheme
        self.host = host
        self.path = path
        self.port = port
        self.status = status
    }
}

/// What an HTTP rule or backend does to a request.
public enum HTTPFilter: Hashable, Sendable {
    /// Answers with a status.
    case failure(FailureInjector)
    /// Changes the request's header.
    case requestHeaders(HeaderModifier)
    /// Answers with a location.
    case redirect(Redirect)
    /// Changes the response's header; outbound only.
    case responseHeaders(HeaderModifier)
}

/// What a gRPC rule or backend does to a request.
public enum GRPCFilter: Hashable, Sendable {
    /// Answers with a gRPC code.
    case failure(FailureInjector)
    /// Changes the request's header.
    case requestHeaders(HeaderModifier)
}

/// Why a connection is refused.
public enum ConnectionFilter: Hashable, Sendable {
    /// The route cannot be followed; the text says why.
    case invalid(String)
    /// Policy says no.
    case forbidden
}
