import MeshModel
import MeshResources

/// ServiceProfile, read strictly: an unknown field is a misspelt one.
enum ProfileChecks {
    /// Conditions nest; deeper than this is a mistake or an attack.
    static let depthMax = 32

    static func profile(_ object: Field) throws(Rejection) {
        try Self.only(["apiVersion", "kind", "metadata", "spec", "status"], in: object)
        let name = object["metadata"]["name"]
        let text = try name.text() ?? ""
        guard text.utf8.count <= 253,
            text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({
                IdentitySyntax.isLabel($0)
            })
        else {
            throw Rejection(name.path, "is \"\(text)\", which must be a DNS name such as web.shop.svc.cluster.local")
        }
        let spec = object["spec"]
        try Self.only(["routes", "retryBudget", "dstOverrides", "opaquePorts"], in: spec)
        for route in try spec["routes"].elements() { try Self.route(route) }
        try Self.retryBudget(spec["retryBudget"])
    }

    private static func route(_ route: Field) throws(Rejection) {
        _ = try route.required("a route").object()
        try Self.only(["name", "condition", "isRetryable", "timeout", "responseClasses"], in: route)
        guard let name = try route["name"].text(), !name.isEmpty else {
            throw Rejection(route["name"].path, "is missing: the name of the route in metrics")
        }
        try Self.requestMatch(route["condition"].required("which requests the route is for"), depth: 0)
        try Self.duration(route["timeout"])
        for entry in try route["responseClasses"].elements() {
            _ = try entry.required("a response class").object()
            try Self.only(["condition", "isFailure"], in: entry)
            try Self.responseMatch(entry["condition"].required("which responses the class is for"), depth: 0)
        }
    }

    private static func requestMatch(_ match: Field, depth: Int) throws(Rejection) {
        guard depth < Self.depthMax else { throw Rejection(match.path, "is nested deeper than \(Self.depthMax)") }
        let members = try match.required("a condition").object() ?? [:]
        let known = ["all", "any", "not", "method", "pathRegex"]
        try Self.only(known, in: match)
        guard known.contains(where: { members[$0].map { !$0.isNull } ?? false }) else {
            throw Rejection(match.path, "must have at least one of \(known.joined(separator: ", "))")
        }
        for list in ["all", "any"] {
            for element in try match[list].elements() { try Self.requestMatch(element, depth: depth + 1) }
        }
        if match["not"].isPresent { try Self.requestMatch(match["not"], depth: depth + 1) }
        _ = try match["method"].text()
        _ = try match["pathRegex"].text()
    }

    private static func responseMatch(_ match: Field, depth: Int) throws(Rejection) {
        guard depth < Self.depthMax else { throw Rejection(match.path, "is nested deeper than \(Self.depthMax)") }
        let members = try match.required("a condition").object() ?? [:]
        let known = ["all", "any", "not", "status"]
        try Self.only(known, in: match)
        guard known.contains(where: { members[$0].map { !$0.isNull } ?? false }) else {
            throw Rejection(match.path, "must have at least one of \(known.joined(separator: ", "))")
        }
        for list in ["all", "any"] {
            for element in try match[list].elements() { try Self.responseMatch(element, depth: depth + 1) }
        }
        if match["not"].isPresent { try Self.responseMatch(match["not"], depth: depth + 1) }
        let status = match["status"]
        try Self.only(["min", "max"], in: status)
        let (low, high) = (try status["min"].integer() ?? 0, try status["max"].integer() ?? 0)
        for (field, value) in [(status["min"], low), (status["max"], high)] where value != 0 {
            guard (100...599).contains(value) else {
                throw Rejection(field.path, "is \(value), which must be 100 to 599")
            }
        }
        guard low == 0 || high == 0 || low <= high else {
            throw Rejection(status["max"].path, "is \(high), which must not be below min, \(low)")
        }
    }

    private static func retryBudget(_ budget: Field) throws(Rejection) {
        guard try budget.object() != nil else { return }
        try Self.only(["retryRatio", "minRetriesPerSecond", "ttl"], in: budget)
        let ratio = budget["retryRatio"]
        switch ratio.value {
        case nil: break
        case .integer(let value) where value >= 0: break
        case .number(let value) where value >= 0: break
        default: throw Rejection(ratio.path, "must be a number not below 0")
        }
        try Self.duration(budget["ttl"].required("how long requests count, such as 10s"))
    }

    private static func duration(_ field: Field) throws(Rejection) {
        guard let text = try field.text() else { return }
        guard Duration(goText: text) != nil else {
            throw Rejection(field.path, "is \"\(text)\", which must be a duration such as 300ms or 1m30s")
        }
    }

    private static func only(_ known: [String], in field: Field) throws(Rejection) {
        for name in (try field.object() ?? [:]).keys.sorted() where !known.contains(name) {
            throw Rejection(field[name].path, "is unknown: the fields here are \(known.joined(separator: ", "))")
        }
    }
}
