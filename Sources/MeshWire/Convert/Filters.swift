internal import MeshModel
internal import MeshPolicy
internal import SwiftProtobuf

extension HeaderModifier {
    init(_ wire: WireRequestHeaders) throws(WireError) {
        self.init(
            add: try Self.fields(wire.add), set: try Self.fields(wire.set), remove: try Self.names(wire.remove))
    }

    init(_ wire: WireResponseHeaders) throws(WireError) {
        self.init(
            add: try Self.fields(wire.add), set: try Self.fields(wire.set), remove: try Self.names(wire.remove))
    }

    private static func fields(_ wire: WireHeaders) throws(WireError) -> [HeaderField] {
        try wire.fields.converted { (field) throws(WireError) in
            guard Self.isToken(field.name) else { throw .invalid("header.name", value: field.name) }
            // A value must not end the field, and with it start another.
            guard field.value.bytes.allSatisfy({ $0 != 0 && $0 != 10 && $0 != 13 }) else {
                throw .invalid("header.value", value: field.name)
            }
            return HeaderField(name: field.name, value: field.value)
        }
    }

    private static func names(_ wire: [String]) throws(WireError) -> [ByteString] {
        try wire.converted { (name) throws(WireError) in
            guard Self.isToken(name) else { throw .invalid("header.name", value: name) }
            return ByteString(lowercasing: name)
        }
    }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    var wireRequest: WireRequestHeaders {
        .with {
            $0.add = WireHeaders(self.add.map { ($0.name.string, $0.value) })
            $0.set = WireHeaders(self.set.map { ($0.name.string, $0.value) })
            $0.remove = self.remove.map(\.string)
        }
    }

    var wireResponse: WireResponseHeaders {
        .with {
            $0.add = WireHeaders(self.add.map { ($0.name.string, $0.value) })
            $0.set = WireHeaders(self.set.map { ($0.name.string, $0.value) })
            $0.remove = self.remove.map(\.string)
        }
    }
}

extension Ratio {
    init(_ wire: WireRatio) throws(WireError) {
        guard let ratio = Ratio(wire.numerator, of: wire.denominator) else {
            throw .invalid("ratio", value: "\(wire.numerator)/\(wire.denominator)")
        }
        self = ratio
    }

    var wire: WireRatio {
        .with {
            $0.numerator = self.numerator
            $0.denominator = self.denominator
        }
    }
}

extension FailureInjector {
    init(_ wire: WireHTTPFailure) throws(WireError) {
        guard (100...599).contains(wire.status) else {
            throw .invalid("failure_injector.status", value: "\(wire.status)")
        }
        self.init(
            code: wire.status, message: wire.message, ratio: wire.hasRatio ? try Ratio(wire.ratio) : nil)
    }

    init(_ wire: WireGRPCFailure) throws(WireError) {
        self.init(code: wire.code, message: wire.message, ratio: wire.hasRatio ? try Ratio(wire.ratio) : nil)
    }

    var wireHTTP: WireHTTPFailure {
        .with {
            $0.status = self.code
            $0.message = self.message
            if let ratio { $0.ratio = ratio.wire }
        }
    }

    var wireGRPC: WireGRPCFailure {
        .with {
            $0.code = self.code
            $0.message = self.message
            if let ratio { $0.ratio = ratio.wire }
        }
    }
}

extension Redirect {
    init(_ wire: WireRedirect) throws(WireError) {
        self.init()
        if wire.hasScheme { self.scheme = try Self.scheme(wire.scheme) }
        if !wire.host.isEmpty { self.host = wire.host }
        if wire.hasPath {
            switch wire.path.replace {
            case .full(let path): self.path = .full(path)
            case .prefix(let path): self.path = .prefix(path)
            case nil: throw .missing("redirect.path.replace")
            }
        }
        guard let port = UInt16(exactly: wire.port) else { throw .invalid("redirect.port", value: "\(wire.port)") }
        self.port = port == 0 ? nil : port
        if wire.status != 0 {
            guard (100...599).contains(wire.status), let status = UInt16(exactly: wire.status) else {
                throw .invalid("redirect.status", value: "\(wire.status)")
            }
            self.status = status
        }
    }

    private static func scheme(_ wire: WireScheme) throws(WireError) -> String {
        switch wire.type {
        case .registered(.http): return "http"
        case .registered(.https): return "https"
        case .registered(.UNRECOGNIZED(let value)): throw .invalid("redirect.scheme", value: "\(value)")
        case .unregistered(let name): return name
        case nil: throw .missing("redirect.scheme.type")
        }
    }

    var wire: WireRedirect {
        .with {
            switch self.scheme {
            case "http": $0.scheme = .with { $0.registered = .http }
            case "https": $0.scheme = .with { $0.registered = .https }
            case .some(let other): $0.scheme = .with { $0.unregistered = other }
            case nil: break
            }
            $0.host = self.host ?? ""
            switch self.path {
            case .full(let path): $0.path = .with { $0.full = path }
            case .prefix(let path): $0.path = .with { $0.prefix = path }
            case nil: break
            }
            $0.port = UInt32(self.port ?? 0)
            $0.status = UInt32(self.status)
        }
    }
}
