import MeshBalance
import MeshModel
import MeshPolicy
import MeshReactor

/// Filters and limits: what a rule does to a request that it admits.
extension Worker {
    /// The answer that a filter gives in place of the server, if one does.
    mutating func answer(
        of filters: [HTTPFilter], _ choice: RouteChoice, _ request: RequestHead, _ bytes: Span<UInt8>
    ) -> Answer? {
        for filter in filters {
            switch filter {
            case .failure(let failure):
                guard self.hits(failure.ratio) else { continue }
                return Answer(UInt16(clamping: failure.code), failure.message)
            case .redirect(let redirect):
                let location = redirect.location(of: request, bytes, prefixLength: choice.prefixLength)
                return Answer(redirect.status == 0 ? 301 : redirect.status, grpc: 5, location: location)
            case .requestHeaders, .responseHeaders: continue
            }
        }
        return nil
    }

    /// The answer that a filter gives to a call, if one does.
    mutating func answer(of filters: [GRPCFilter]) -> Answer? {
        for case .failure(let failure) in filters where self.hits(failure.ratio) {
            return Answer(500, failure.message, grpc: UInt8(clamping: failure.code))
        }
        return nil
    }

    private mutating func hits(_ ratio: Ratio?) -> Bool { ratio?.hits(using: &self.random) ?? true }

    /// The filters of the chosen inbound rule, then the port's rate limit.
    mutating func inboundAnswer(
        _ handle: Handle, _ policy: InboundPolicy, _ choice: RouteChoice, _ request: RequestHead, _ bytes: Span<UInt8>
    ) -> Answer? {
        switch policy.protocol {
        case .detect(_, let http), .http1(let http), .http2(let http):
            let filters = http.routes[choice.route].rules[choice.rule].filters
            if !filters.isEmpty, var answer = self.answer(of: filters, choice, request, bytes) {
                // Injected failures of inbound rules are our own errors to the outside.
                if answer.location == nil { answer.status = 500 }
                return answer
            }
            guard let limit = http.rateLimit else { return nil }
            return self.limited(handle, policy, limit)
        case .grpc(let routes):
            return self.answer(of: routes[choice.route].rules[choice.rule].filters)
        case .opaque, .tls: return nil
        }
    }

    private mutating func limited(_ handle: Handle, _ policy: InboundPolicy, _ limit: RateLimit) -> Answer? {
        guard let port = self.connections[handle].portPolicy else { return nil }
        let number = self.connections[handle].target.port
        // Buckets are those of one version of the port's policy.
        if self.tables.limits[number]?.port !== port {
            let overrides = limit.overrides.map { ($0.limit, $0.identities) }
            self.tables.limits[number] = PortLimits(
                port: port, limits: RequestLimits(total: limit.total, identity: limit.identity, overrides: overrides))
        }
        let identity = self.connections[handle].identity.name
        guard let refusal = self.tables.limits[number]?.limits.refuse(identity, at: self.now) else { return nil }
        let scope: String
        let rate: UInt32
        switch refusal {
        case .total(let limit): (scope, rate) = ("total", limit)
        case .identity(let limit): (scope, rate) = ("per-identity", limit)
        case .override(let limit): (scope, rate) = ("override", limit)
        }
        self.stats.count(
            .inboundLimited(
                target: self.connections[handle].target, tls: self.serverTLS(handle), server: policy.metadata,
                limit: limit.metadata, scope: scope == "total" ? "total" : "identity"))
        return Answer(429, "\(scope) rate limit exceeded: \(rate)rps", grpc: 8)
    }

    /// Ends inbound tunnels whose client the new policy does not admit any more.
    mutating func reviewTunnels() {
        for slot in 0..<self.connections.slotCount {
            guard let handle = self.connections.handle(at: slot), self.connections[handle].stage == .tunnel,
                self.connections[handle].direction == .inbound, self.connections[handle].flags.contains(.accepted)
            else { continue }
            let before = self.connections[handle].portPolicy
            let isValid = self.refreshPolicy(handle)
            guard let port = self.connections[handle].portPolicy, port !== before else { continue }
            let permit = port.policy?.authorizeConnection(
                peer: self.connections[handle].peer.ip, identity: self.connections[handle].identity)
            guard !isValid || permit == nil else { continue }
            self.stats.count(
                .inboundConnectionTerminated(
                    target: self.connections[handle].target, tls: self.serverTLS(handle), server: port.metadata))
            self.broke(handle)
        }
    }
}

/// The buckets of a port, as long as its policy stays the same.
struct PortLimits {
    let port: PortPolicy
    var limits: RequestLimits
}

extension Redirect {
    /// Where the client is sent; what the redirection does not name stays as the request has it.
    func location(of request: RequestHead, _ bytes: Span<UInt8>, prefixLength: Int) -> String {
        let authority = Self.text(bytes, request.authority.indices)
        let split = authority.lastIndex(of: ":").flatMap { colon in
            authority[colon...].contains("]") ? nil : colon
        }
        let host = self.host ?? String(authority[..<(split ?? authority.endIndex)])
        let scheme = self.scheme ?? "http"
        var location = "\(scheme)://\(host)"
        if let port = self.port {
            let isUsual = scheme == "http" && port == 80 || scheme == "https" && port == 443
            if !isUsual { location += ":\(port)" }
        } else if self.scheme == nil, let split {
            location += authority[split...]
        }
        location += self.path(of: Self.text(bytes, request.path.indices), prefixLength: prefixLength)
        if request.query.count > 0 { location += "?\(Self.text(bytes, request.query.indices))" }
        return location
    }

    private func path(of path: String, prefixLength: Int) -> String {
        switch self.path {
        case nil: return path
        case .full(let new): return new
        case .prefix(let new):
            let rest = String(decoding: path.utf8.dropFirst(prefixLength), as: UTF8.self)
            guard new.hasSuffix("/"), rest.hasPrefix("/") else {
                return new.isEmpty && !rest.hasPrefix("/") ? "/\(rest)" : new + rest
            }
            return new + rest.dropFirst()
        }
    }

    /// The request's own bytes were checked by the scanner: no control characters, so nothing can be injected.
    private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        String(decoding: range.map { bytes[$0] }, as: UTF8.self)
    }
}
