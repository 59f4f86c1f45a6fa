import MeshModel
import MeshPolicy

/// What requests a route's rule is for.
enum MatchChecks {
    static func http(_ match: Field) throws(Rejection) {
        try Self.path(match["path"])
        for header in try match["headers"].elements() { try Self.header(header) }
        for parameter in try match["queryParams"].elements() {
            guard let name = try parameter["name"].text(), !name.isEmpty else {
                throw Rejection(parameter["name"].path, "is missing: the name of a query parameter")
            }
            try Self.pattern(parameter)
        }
        _ = try match["method"].text()
    }

    static func grpc(_ match: Field) throws(Rejection) {
        let method = match["method"]
        if try method.object() != nil {
            let type = try method["type"].oneOf(["Exact", "RegularExpression"])
            guard type != "RegularExpression" else {
                throw Rejection(method["type"].path, "is RegularExpression, which gRPC methods cannot be: use Exact")
            }
            _ = try method["service"].text()
            _ = try method["method"].text()
        }
        for header in try match["headers"].elements() { try Self.header(header) }
    }

    private static func path(_ path: Field) throws(Rejection) {
        guard try path.object() != nil else { return }
        let type = try path["type"].oneOf(["Exact", "PathPrefix", "RegularExpression"]) ?? "PathPrefix"
        let value = try path["value"].text() ?? "/"
        guard type != "RegularExpression" else { return try Self.regex(path["value"], value) }
        guard value.hasPrefix("/") else {
            throw Rejection(path["value"].path, "is \"\(value)\", which must begin with /")
        }
    }

    private static func header(_ header: Field) throws(Rejection) {
        try FilterChecks.headerName(header["name"])
        if try header["type"].text() != "RegularExpression" { try FilterChecks.headerValue(header["value"]) }
        try Self.pattern(header)
    }

    /// A value that is compared exactly or as a regular expression.
    private static func pattern(_ field: Field) throws(Rejection) {
        let type = try field["type"].oneOf(["Exact", "RegularExpression"]) ?? "Exact"
        guard let value = try field["value"].required("the value to compare with").text() else { return }
        if type == "RegularExpression" { try Self.regex(field["value"], value) }
    }

    private static func regex(_ field: Field, _ text: String) throws(Rejection) {
        do {
            _ = try LinearRegex(text)
        } catch {
            throw Rejection(field.path, Self.message(error))
        }
    }

    private static func message(_ error: RegexError) -> String {
        switch error {
        case .tooLong: "is longer than \(LinearRegex.maxPatternBytes) bytes"
        case .tooLarge: "has more than \(LinearRegex.maxPositions) positions once repetitions are written out"
        case .tooDeep: "has groups that are nested too deep"
        case .malformed(let offset): "is no regular expression: malformed at byte \(offset)"
        case .unsupported(let offset):
            "uses what is not offered at byte \(offset): the syntax is RE2's, without assertions inside the pattern"
        }
    }
}
