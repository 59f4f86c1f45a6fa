import MeshModel
import MeshPolicy
import MeshResources

/// Turns a ServiceProfile into a profile.
struct ProfileCompiler {
    let object: ServiceProfile
    let port: UInt16
    let settings: MeshSettings

    /// The routes, retries and splits; nil when a match is malformed, since half a profile would misroute.
    func profile() -> Profile? {
        var profile = Profile()
        for route in self.object.spec.routes {
            guard let compiled = self.route(route) else { return nil }
            profile.routes.append(compiled)
        }
        profile.retryBudget = self.object.spec.retryBudget.flatMap { budget in
            Duration(goText: budget.ttl).map {
                MeshPolicy.RetryBudget(
                    ratio: Float(budget.retryRatio), minRetriesPerSecond: budget.minRetriesPerSecond, ttl: $0)
            }
        }
        profile.overrides = self.object.spec.dstOverrides.map(self.override)
        return profile
    }

    private func route(_ route: MeshResources.ProfileRoute) -> MeshPolicy.ProfileRoute? {
        guard let condition = Self.condition(route.condition) else { return nil }
        var classes: [MeshPolicy.ResponseClass] = []
        for entry in route.responseClasses {
            guard let condition = Self.condition(entry.condition) else { return nil }
            classes.append(MeshPolicy.ResponseClass(condition: condition, isFailure: entry.isFailure))
        }
        return MeshPolicy.ProfileRoute(
            condition: condition, responseClasses: classes, labels: ["route": route.name],
            isRetryable: route.isRetryable, timeout: route.timeout.flatMap { Duration(goText: $0) })
    }

    /// Several fields of one match must all hold.
    private static func condition(_ match: RequestMatch) -> RequestCondition? {
        var parts: [RequestCondition] = []
        if !match.all.isEmpty {
            guard let inner = self.conditions(match.all) else { return nil }
            parts.append(.all(inner))
        }
        if !match.any.isEmpty {
            guard let inner = self.conditions(match.any) else { return nil }
            parts.append(.any(inner))
        }
        if let not = match.not {
            guard let inner = self.condition(not.wrapped) else { return nil }
            parts.append(.not(inner))
        }
        if let text = match.pathRegex {
            guard let regex = LinearRegex(readable: text) else { return nil }
            parts.append(.path(regex))
        }
        if let method = match.method { parts.append(.method(ByteString(method.uppercased()))) }
        guard let first = parts.first else { return nil }
        return parts.count == 1 ? first : .all(parts)
    }

    private static func conditions(_ matches: [RequestMatch]) -> [RequestCondition]? {
        let inner = matches.compactMap(self.condition)
        return inner.count == matches.count ? inner : nil
    }

    private static func condition(_ match: ResponseMatch) -> ResponseCondition? {
        var parts: [ResponseCondition] = []
        if !match.all.isEmpty {
            let inner = match.all.compactMap(self.condition)
            guard inner.count == match.all.count else { return nil }
            parts.append(.all(inner))
        }
        if !match.any.isEmpty {
            let inner = match.any.compactMap(self.condition)
            guard inner.count == match.any.count else { return nil }
            parts.append(.any(inner))
        }
        if let not = match.not {
            guard let inner = self.condition(not.wrapped) else { return nil }
            parts.append(.not(inner))
        }
        if let status = match.status {
            guard let range = self.range(status) else { return nil }
            parts.append(.status(range))
        }
        guard let first = parts.first else { return nil }
        return parts.count == 1 ? first : .all(parts)
    }

    /// A bound that is missing or 0 is the other one.
    private static func range(_ status: StatusRange) -> ClosedRange<UInt16>? {
        let low = status.min ?? 0
        let high = status.max ?? 0
        let (from, to) = (low == 0 ? high : low, high == 0 ? low : high)
        guard (100...599).contains(from), (from...599).contains(to) else { return nil }
        return UInt16(from)...UInt16(to)
    }

    private func override(_ destination: WeightedDestination) -> WeightedTarget {
        let hasPort = destination.authority.contains(":")
        let authority = hasPort ? destination.authority : "\(destination.authority):\(self.port)"
        var target = WeightedTarget(
            authority: authority, weight: UInt32(clamping: destination.weight.milliValue.multiplied(by: 10)))
        if let parsed = Authority(parsing: authority), case .name(let host) = parsed.host,
            let name = ServiceName(host, clusterDomain: self.settings.clusterDomain)
        {
            target.backend = .resource(
                ResourceReference(
                    group: "core", kind: "Service", name: name.service.name, namespace: name.service.namespace,
                    port: parsed.port))
        }
        return target
    }
}

extension Int64 {
    fileprivate func multiplied(by factor: Int64) -> Int64 {
        let (product, overflow) = self.multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}

extension LinearRegex {
    /// The expression, nil when it cannot be read or is too large.
    init?(readable pattern: String) {
        do {
            try self.init(pattern)
        } catch {
            return nil  // What exactly is wrong with it is for the validator to say.
        }
    }
}
