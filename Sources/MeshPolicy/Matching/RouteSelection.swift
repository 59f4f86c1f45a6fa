public import MeshModel

/// Routes that look at requests.
protocol RequestKind: RouteKind {
    /// The rank of the most specific of a rule's matches, and the bytes that its prefix covers.
    ///
    /// Its host is not considered; nil when no match holds. A rule without matches takes every request.
    static func rank(
        _ matches: [Match], _ bytes: Span<UInt8>, _ head: RequestHead, _ fields: Span<FieldRange>
    ) -> (rank: MatchRank, prefix: Int)?
}

extension HTTPKind: RequestKind {
    static func rank(
        _ matches: [HTTPRouteMatch], _ bytes: Span<UInt8>, _ head: RequestHead, _ fields: Span<FieldRange>
    ) -> (rank: MatchRank, prefix: Int)? {
        guard !matches.isEmpty else { return (MatchRank(path: 1), 0) }
        var best: (rank: MatchRank, prefix: Int)?
        for match in matches {
            guard let found = match.rank(bytes, head, fields) else { continue }
            if let known = best, !(known.rank < found.rank) { continue }
            best = found
        }
        return best
    }
}

extension GRPCKind: RequestKind {
    static func rank(
        _ matches: [GRPCRouteMatch], _ bytes: Span<UInt8>, _ head: RequestHead, _ fields: Span<FieldRange>
    ) -> (rank: MatchRank, prefix: Int)? {
        guard !matches.isEmpty else { return GRPCRouteMatch().rank(bytes, head, fields).map { ($0, 0) } }
        var best: MatchRank?
        for match in matches {
            guard let found = match.rank(bytes, head, fields) else { continue }
            if let known = best, !(known < found) { continue }
            best = found
        }
        return best.map { ($0, 0) }
    }
}

/// The best match over routes and rules so far; ties go to the first.
private struct BestMatch {
    var rank = MatchRank()
    var choice: RouteChoice?

    mutating func offer(_ rank: MatchRank, route: Int, rule: Int, prefix: Int) {
        guard self.choice == nil || self.rank < rank else { return }
        self.rank = rank
        self.choice = RouteChoice(route: route, rule: rule, prefixLength: prefix)
    }
}

extension Array {
    private func chooseInbound<Kind: RequestKind>(
        _ bytes: Span<UInt8>, _ head: RequestHead, _ fields: Span<FieldRange>
    ) -> RouteChoice? where Element == InboundRoute<Kind> {
        let authority = bytes.extracting(head.authority.indices)
        var best = BestMatch()
        for route in self.indices {
            guard let host = HostMatch.bestRank(of: self[route].hosts, authority: authority) else { continue }
            for rule in self[route].rules.indices {
                guard let found = Kind.rank(self[route].rules[rule].matches, bytes, head, fields) else { continue }
                best.offer(found.rank.with(host: host), route: route, rule: rule, prefix: found.prefix)
            }
        }
        return best.choice
    }

    private func chooseOutbound<Kind: RequestKind>(
        _ bytes: Span<UInt8>, _ head: RequestHead, _ fields: Span<FieldRange>
    ) -> RouteChoice? where Element == OutboundRoute<Kind> {
        let authority = bytes.extracting(head.authority.indices)
        var best = BestMatch()
        for route in self.indices {
            guard let host = HostMatch.bestRank(of: self[route].hosts, authority: authority) else { continue }
            for rule in self[route].rules.indices {
                guard let found = Kind.rank(self[route].rules[rule].matches, bytes, head, fields) else { continue }
                best.offer(found.rank.with(host: host), route: route, rule: rule, prefix: found.prefix)
            }
        }
        return best.choice
    }
}

// Concrete on purpose: callers in other modules get specialised code without `@inlinable`.

extension Array where Element == InboundRoute<HTTPKind> {
    /// The rule that a request takes; nil when no route is for it.
    public func choose(_ bytes: Span<UInt8>, _ head: RequestHead, _ fields: Span<FieldRange>) -> RouteChoice? {
        self.chooseInbound(bytes, head, fields)
    }
}

extension Array where Element == InboundRoute<GRPCKind> {
    /// The rule that a call takes; nil when no route is for it.
    public func choose(_ bytes: Span<UInt8>, _ head: RequestHead, _ fields: Span<FieldRange>) -> RouteChoice? {
        self.chooseInbound(bytes, head, fields)
    }
}

extension Array where Element == OutboundRoute<HTTPKind> {
    /// The rule that a request takes; nil when no route is for it.
    public func choose(_ bytes: Span<UInt8>, _ head: RequestHead, _ fields: Span<FieldRange>) -> RouteChoice? {
        self.chooseOutbound(bytes, head, fields)
    }
}

extension Array where Element == OutboundRoute<GRPCKind> {
    /// The rule that a call takes; nil when no route is for it.
    public func choose(_ bytes: Span<UInt8>, _ head: RequestHead, _ fields: Span<FieldRange>) -> RouteChoice? {
        self.chooseOutbound(bytes, head, fields)
    }
}

extension Array where Element == OutboundRoute<TLSKind> {
    /// The rule that a connection to the server name takes; nil when no route is for it.
    ///
    /// A route has at most one rule; routes without one are for nobody.
    public func choose(serverName: Span<UInt8>) -> RouteChoice? {
        var best = BestMatch()
        for route in self.indices where !self[route].rules.isEmpty {
            guard let host = HostMatch.bestRank(of: self[route].hosts, authority: serverName) else { continue }
            best.offer(MatchRank(host: host), route: route, rule: 0, prefix: 0)
        }
        return best.choice
    }
}

extension MatchRank {
    fileprivate func with(host: Int) -> MatchRank {
        var rank = self
        rank.host = host
        return rank
    }
}
