internal import MeshModel
internal import MeshPolicy
internal import SwiftProtobuf

extension LinearRegex {
    init(wire pattern: String, _ field: String) throws(WireError) {
        do { try self.init(pattern) } catch { throw .invalid(field, value: pattern) }
    }
}

extension HostMatch {
    init(_ wire: WireHostMatch) throws(WireError) {
        switch wire.match {
        case .exact(let host): self = try Self.exact(wire: host, "host")
        case .suffix(let suffix): self = try Self.suffix(reverseLabels: suffix.reverseLabels, "host.suffix")
        case nil: throw .missing("host.match")
        }
    }

    init(_ wire: WireSNIMatch) throws(WireError) {
        switch wire.match {
        case .exact(let host): self = try Self.exact(wire: host, "sni")
        case .suffix(let suffix): self = try Self.suffix(reverseLabels: suffix.reverseLabels, "sni.suffix")
        case nil: throw .missing("sni.match")
        }
    }

    private static func exact(wire host: String, _ field: String) throws(WireError) -> HostMatch {
        guard !host.isEmpty else { throw .invalid(field, value: host) }
        return .exact(ByteString(lowercasing: host.hasSuffix(".") ? host.dropLast() : host[...]))
    }

    private static func suffix(reverseLabels labels: [String], _ field: String) throws(WireError) -> HostMatch {
        guard !labels.isEmpty, labels.allSatisfy({ !$0.isEmpty }) else {
            throw .invalid(field, value: labels.joined(separator: ","))
        }
        return .suffix(ByteString(lowercasing: "." + labels.reversed().joined(separator: ".")))
    }

    private var reverseLabels: [String] {
        switch self {
        case .exact: []
        case .suffix(let suffix): suffix.string.split(separator: ".").reversed().map(String.init)
        }
    }

    var wireHost: WireHostMatch {
        .with {
            switch self {
            case .exact(let host): $0.exact = host.string
            case .suffix: $0.suffix = .with { $0.reverseLabels = self.reverseLabels }
            }
        }
    }

    var wireSNI: WireSNIMatch {
        .with {
            switch self {
            case .exact(let host): $0.exact = host.string
            case .suffix: $0.suffix = .with { $0.reverseLabels = self.reverseLabels }
            }
        }
    }
}

extension PathMatch {
    init(_ wire: WirePathMatch) throws(WireError) {
        switch wire.kind {
        case .exact(let path): self = .exact(ByteString(path))
        case .prefix(let path): self = .prefix(ByteString(path))
        case .regex(let pattern): self = .regex(try LinearRegex(wire: pattern, "path.regex"))
        case nil: throw .missing("path.kind")
        }
    }

    var wire: WirePathMatch {
        .with {
            switch self {
            case .exact(let path): $0.exact = path.string
            case .prefix(let path): $0.prefix = path.string
            case .regex(let regex): $0.regex = regex.pattern
            }
        }
    }
}

extension HeaderMatch {
    init(_ wire: WireHeaderMatch) throws(WireError) {
        guard !wire.name.isEmpty else { throw .missing("header.name") }
        guard let value = try ValueMatch(header: wire) else { throw .missing("header.value") }
        self.init(name: wire.name, value: value)
    }

    var wire: WireHeaderMatch {
        switch self.value {
        case .exact(let value): WireHeaderMatch(name: self.name.string, exact: value)
        case .regex(let regex):
            .with {
                $0.name = self.name.string
                $0.regex = regex.pattern
            }
        }
    }
}

extension QueryMatch {
    init(_ wire: WireQueryMatch) throws(WireError) {
        guard !wire.name.isEmpty else { throw .missing("query_params.name") }
        switch wire.value {
        case .exact(let value): self.init(name: ByteString(wire.name), value: .exact(ByteString(value)))
        case .regex(let pattern):
            self.init(
                name: ByteString(wire.name), value: .regex(try LinearRegex(wire: pattern, "query_params.regex")))
        case nil: throw .missing("query_params.value")
        }
    }

    var wire: WireQueryMatch {
        .with {
            $0.name = self.name.string
            switch self.value {
            case .exact(let value): $0.exact = value.string
            case .regex(let regex): $0.regex = regex.pattern
            }
        }
    }
}

extension WireMethod {
    private static let tokens: [(Registered, ByteString)] = [
        (.get, "GET"), (.post, "POST"), (.put, "PUT"), (.delete, "DELETE"), (.patch, "PATCH"), (.options, "OPTIONS"),
        (.connect, "CONNECT"), (.head, "HEAD"), (.trace, "TRACE"),
    ]

    func token() throws(WireError) -> ByteString {
        switch self.type {
        case .registered(let method):
            guard let token = Self.tokens.first(where: { $0.0 == method }) else {
                throw .invalid("method", value: "\(method.rawValue)")
            }
            return token.1
        case .unregistered(let name):
            guard !name.isEmpty else { throw .invalid("method", value: name) }
            return ByteString(name)
        case nil: throw .missing("method.type")
        }
    }

    init(token: ByteString) {
        self.init()
        if let known = Self.tokens.first(where: { $0.1 == token }) {
            self.registered = known.0
        } else {
            self.unregistered = token.string
        }
    }
}

extension HTTPRouteMatch {
    init(_ wire: WireHTTPMatch) throws(WireError) {
        self.init(
            path: wire.hasPath ? try PathMatch(wire.path) : nil,
            headers: try wire.headers.converted { (header) throws(WireError) in try HeaderMatch(header) },
            query: try wire.queryParams.converted { (parameter) throws(WireError) in try QueryMatch(parameter) },
            method: wire.hasMethod ? try wire.method.token() : nil)
    }

    var wire: WireHTTPMatch {
        .with {
            if let path { $0.path = path.wire }
            $0.headers = self.headers.map(\.wire)
            $0.queryParams = self.query.map(\.wire)
            if let method { $0.method = WireMethod(token: method) }
        }
    }
}

extension GRPCRouteMatch {
    init(_ wire: WireGRPCMatch) throws(WireError) {
        guard wire.hasRpc else { throw .missing("grpc_match.rpc") }
        self.init(
            service: ByteString(wire.rpc.service), method: ByteString(wire.rpc.method),
            headers: try wire.headers.converted { (header) throws(WireError) in try HeaderMatch(header) })
    }

    var wire: WireGRPCMatch {
        .with {
            $0.rpc = .with {
                $0.service = self.service.string
                $0.method = self.method.string
            }
            $0.headers = self.headers.map(\.wire)
        }
    }
}
