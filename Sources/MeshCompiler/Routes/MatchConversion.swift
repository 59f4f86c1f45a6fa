import MeshModel
import MeshPolicy
import MeshResources

/// Turns the matches of manifests into those that proxies evaluate.
enum MatchConversion {
    static func http(_ match: MeshResources.HTTPRouteMatch) throws(RouteInvalid) -> MeshPolicy.HTTPRouteMatch {
        var result = MeshPolicy.HTTPRouteMatch()
        result.path = try self.path(match.path ?? HTTPPathMatch())
        result.headers = try self.headers(match.headers)
        for parameter in match.queryParams {
            result.query.append(
                QueryMatch(
                    name: ByteString(parameter.name), value: try self.value(parameter.value, type: parameter.type)))
        }
        result.method = match.method.map { ByteString($0) }
        return result
    }

    /// A match without a method matches every call; the wire form says so explicitly, since proxies refuse a policy
    /// with a gRPC match that has none.
    static func grpc(_ match: MeshResources.GRPCRouteMatch) throws(RouteInvalid) -> MeshPolicy.GRPCRouteMatch {
        var result = MeshPolicy.GRPCRouteMatch()
        if let method = match.method {
            guard method.type == .exact else {
                throw RouteInvalid("gRPC methods cannot be matched by regular expressions")
            }
            result.service = ByteString(method.service ?? "")
            result.method = ByteString(method.method ?? "")
        }
        result.headers = try self.headers(match.headers)
        return result
    }

    private static func path(_ match: HTTPPathMatch) throws(RouteInvalid) -> PathMatch {
        let value = match.value ?? "/"
        switch match.type {
        case .exact, .pathPrefix:
            guard value.hasPrefix("/") else { throw RouteInvalid("path \(value) does not begin with /") }
            return match.type == .exact ? .exact(ByteString(value)) : .prefix(ByteString(value))
        case .regularExpression:
            return .regex(try self.regex(value))
        }
    }

    private static func headers(_ matches: [MeshResources.HeaderMatch]) throws(RouteInvalid) -> [MeshPolicy.HeaderMatch]
    {
        var result: [MeshPolicy.HeaderMatch] = []
        for match in matches {
            result.append(
                MeshPolicy.HeaderMatch(name: match.name, value: try self.value(match.value, type: match.type)))
        }
        return result
    }

    private static func value(_ text: String, type: MatchType) throws(RouteInvalid) -> ValueMatch {
        switch type {
        case .exact: .exact(ByteString(text))
        case .regularExpression: .regex(try self.regex(text))
        }
    }

    private static func regex(_ pattern: String) throws(RouteInvalid) -> LinearRegex {
        guard let regex = LinearRegex(readable: pattern) else {
            throw RouteInvalid("regular expression \(pattern) is malformed, unsupported or too large")
        }
        return regex
    }
}
