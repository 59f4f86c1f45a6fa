import MeshModel
import MeshPolicy
import MeshResources

/// Turns the filters of manifests into those that proxies apply.
///
/// A filter that nobody applies would change what the route's author meant, so it makes the whole route (or the whole
/// backend) unusable, except where noted.
enum FilterConversion {
    static func http(_ filters: [HTTPRouteFilter]) throws(RouteInvalid) -> [HTTPFilter] {
        var result: [HTTPFilter] = []
        for filter in filters { result.append(try self.http(filter)) }
        return result
    }

    /// Inbound proxies do not change responses: such filters are accepted and left out.
    static func inboundHTTP(_ filters: [HTTPRouteFilter]) throws(RouteInvalid) -> [HTTPFilter] {
        try self.http(filters.filter { $0.type != "ResponseHeaderModifier" })
    }

    static func grpc(_ filters: [HTTPRouteFilter]) throws(RouteInvalid) -> [GRPCFilter] {
        var result: [GRPCFilter] = []
        for filter in filters where filter.type != "ResponseHeaderModifier" {
            guard filter.type == "RequestHeaderModifier", let modifier = filter.requestHeaderModifier else {
                throw RouteInvalid("filter \(filter.type) is not supported on gRPC routes")
            }
            result.append(.requestHeaders(self.modifier(modifier)))
        }
        return result
    }

    private static func http(_ filter: HTTPRouteFilter) throws(RouteInvalid) -> HTTPFilter {
        switch filter.type {
        case "RequestHeaderModifier":
            guard let modifier = filter.requestHeaderModifier else { break }
            return .requestHeaders(self.modifier(modifier))
        case "ResponseHeaderModifier":
            guard let modifier = filter.responseHeaderModifier else { break }
            return .responseHeaders(self.modifier(modifier))
        case "RequestRedirect":
            guard let redirect = filter.requestRedirect else { break }
            return .redirect(try self.redirect(redirect))
        default:
            throw RouteInvalid("filter \(filter.type) is not supported")
        }
        throw RouteInvalid("filter \(filter.type) has no field of that name")
    }

    private static func modifier(_ modifier: MeshResources.HeaderModifier) -> MeshPolicy.HeaderModifier {
        MeshPolicy.HeaderModifier(
            add: modifier.add.map { HeaderField(name: $0.name, value: ByteString($0.value)) },
            set: modifier.set.map { HeaderField(name: $0.name, value: ByteString($0.value)) },
            remove: modifier.remove.map { ByteString(lowercasing: $0) })
    }

    private static func redirect(_ redirect: RequestRedirect) throws(RouteInvalid) -> Redirect {
        // 302 is what the resource's definition fills in.
        var result = Redirect(scheme: redirect.scheme, host: redirect.hostname, status: 302)
        if let status = redirect.statusCode {
            guard (300...399).contains(status) else { throw RouteInvalid("\(status) is not a redirect status") }
            result.status = UInt16(status)
        }
        if let port = redirect.port {
            guard let number = UInt16(exactly: port), number > 0 else { throw RouteInvalid("\(port) is not a port") }
            result.port = number
        }
        if let path = redirect.path { result.path = try self.path(path) }
        return result
    }

    private static func path(_ path: PathModifier) throws(RouteInvalid) -> Redirect.Path {
        let value: String?
        switch path.type {
        case .replaceFullPath: value = path.replaceFullPath
        case .replacePrefixMatch: value = path.replacePrefixMatch
        }
        guard let value, value.isEmpty || value.hasPrefix("/") else {
            throw RouteInvalid("the path of a redirect must begin with /")
        }
        return path.type == .replaceFullPath ? .full(value) : .prefix(value)
    }
}
