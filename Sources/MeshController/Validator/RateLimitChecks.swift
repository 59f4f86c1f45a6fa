import MeshModel

/// HTTPLocalRateLimitPolicy.
enum RateLimitChecks {
    static func policy(_ object: Field) throws(Rejection) {
        let spec = object["spec"]
        let target = try Reference(spec["targetRef"])
        guard target.isA("Server", in: Group.policy) else {
            throw Rejection(target.field["kind"].path, "is \(target.type), which must be Server.policy.linkerd.io")
        }
        let total = try Self.rate(spec["total"])
        try Self.atMost(total, Self.rate(spec["identity"]), at: spec["identity"])
        for override in try spec["overrides"].elements() {
            try Self.atMost(total, Self.rate(override), at: override)
            for client in try override["clientRefs"].required("a list of ServiceAccounts").elements() {
                let reference = try Reference(client)
                guard reference.isA("ServiceAccount", in: Group.core) else {
                    throw Rejection(client["kind"].path, "is \(reference.type), which must be ServiceAccount")
                }
            }
        }
    }

    /// Requests per second of a limit that is given.
    private static func rate(_ limit: Field) throws(Rejection) -> Int64? {
        guard try limit.object() != nil else { return nil }
        let field = try limit["requestsPerSecond"].required("a number of requests")
        let rate = try field.integer() ?? 0
        guard rate > 0, rate <= Int64(UInt32.max) else {
            throw Rejection(field.path, "is \(rate), which must be greater than 0 and at most \(UInt32.max)")
        }
        return rate
    }

    private static func atMost(_ total: Int64?, _ rate: Int64?, at limit: Field) throws(Rejection) {
        guard let total, let rate, rate > total else { return }
        throw Rejection(
            limit["requestsPerSecond"].path, "is \(rate), which must be at most spec.total.requestsPerSecond, \(total)")
    }
}
