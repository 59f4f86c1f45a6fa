import MeshModel
import MeshResources

/// Turns the conditions of an A/B test into those of an HTTPRoute.
enum RouteMatches {
    static func match(_ match: CanaryMatch) throws(RolloutObjectsError) -> JSONValue {
        var result: JSONValue = ["path": ["type": "PathPrefix", "value": "/"]]
        if let uri = match.uri { result["path"] = try Self.path(uri) }
        if let method = match.method {
            guard let exact = method.exact else { throw .unsupportedMatch(field: "method") }
            result["method"] = .string(exact)
        }
        if !match.headers.isEmpty { result["headers"] = try Self.conditions(match.headers, field: "headers") }
        if !match.queryParams.isEmpty {
            result["queryParams"] = try Self.conditions(match.queryParams, field: "queryParams")
        }
        return result
    }

    private static func path(_ uri: StringMatch) throws(RolloutObjectsError) -> JSONValue {
        if let exact = uri.exact { return ["type": "Exact", "value": .string(exact)] }
        if let prefix = uri.prefix { return ["type": "PathPrefix", "value": .string(prefix)] }
        if let regex = uri.regex { return ["type": "RegularExpression", "value": .string(regex)] }
        throw .unsupportedMatch(field: "uri")
    }

    private static func conditions(
        _ values: [String: StringMatch], field: String
    ) throws(RolloutObjectsError) -> JSONValue {
        var conditions: [JSONValue] = []
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            if let exact = value.exact {
                conditions.append(["name": .string(name), "type": "Exact", "value": .string(exact)])
            } else if let regex = value.regex {
                conditions.append(["name": .string(name), "type": "RegularExpression", "value": .string(regex)])
            } else {
                throw .unsupportedMatch(field: "\(field).\(name)")
            }
        }
        return .array(conditions)
    }
}
