import MeshCodec
import MeshModel
import MeshPolicy
import MeshReactor

/// Connections and requests from this pod's application.
extension Worker {
    /// The application connected: finds out where to.
    mutating func acceptedOutbound(_ handle: Handle) {
        self.connections[handle].stage = .awaitingTarget
        self.seekTarget(handle)
    }

    /// Goes on if the snapshot knows the target; asks and waits if not.
    mutating func seekTarget(_ handle: Handle) {
        let address = self.connections[handle].target
        guard let target = self.tables.snapshot.outbound[address] else {
            guard self.mayWait(.outbound) else { return self.reset(handle) }
            // A full mailbox means that many wait; the time-out ends this one if nobody asks for its target.
            if !self.connections[handle].flags.contains(.waiting) { self.shared.requests.send(.target(address)) }
            return self.wait(handle)
        }
        self.stopWaiting(handle)
        self.connections[handle].flags.remove(.paused)
        if self.connections[handle].outboundTarget == nil { target.usage.opened() }
        self.connections[handle].outboundTarget = target
        self.connections[handle].policyVersion = self.tables.snapshot.version
        self.countAccepted(handle)
        self.chooseProtocol(handle, target)
        if self.connections.contains(handle) { self.schedule(handle) }
    }

    private mutating func chooseProtocol(_ handle: Handle, _ target: OutboundTarget) {
        guard case .policy(let policy) = target.resolution else { return self.reset(handle) }
        guard !target.isOpaque else { return self.routeTunnel(handle) }
        switch policy.protocol {
        case .detect: self.detect(handle, within: self.settings.outbound.detectTimeout)
        case .http1: self.serveHTTP1(handle)
        case .http2, .grpc: self.serveHTTP2(handle)
        case .opaque, .tls: self.routeTunnel(handle)
        }
    }

    /// Looks the target up again if the snapshot has changed; what the connection started with stays if it is gone.
    private mutating func refreshTarget(_ handle: Handle) -> OutboundTarget? {
        let version = self.tables.snapshot.version
        if self.connections[handle].policyVersion != version {
            self.connections[handle].policyVersion = version
            let address = self.connections[handle].target
            if let target = self.tables.snapshot.outbound[address] {
                self.connections[handle].outboundTarget = target
            }
        }
        return self.connections[handle].outboundTarget
    }

    /// Which outbound requests pass, and to where.
    mutating func decideOutbound(
        _ handle: Handle, _ request: RequestHead, _ bytes: Span<UInt8>, _ source: RequestSource
    ) -> Decision {
        guard let target = self.refreshTarget(handle), case .policy(let policy) = target.resolution else {
            return .answer(Answer(500, "invalid policy", closes: true))
        }
        self.collectRanges(source, ifRead: target.readsFields)
        switch policy.protocol {
        case .detect(_, _, let http1, let http2):
            return self.route(handle, target, source == .http1 ? http1 : http2, request, bytes, source)
        case .http1(let http), .http2(let http): return self.route(handle, target, http, request, bytes, source)
        case .grpc(let grpc):
            guard let choice = grpc.routes.choose(bytes, request, self.ranges.span) else { return Self.noRoute }
            let route = grpc.routes[choice.route]
            if let answer = self.answer(of: route.rules[choice.rule].filters) { return .answer(answer) }
            let labels = RouteLabels(
                key: target.routeKey(choice.route), parent: target.metadata, route: route.metadata, isGRPC: true)
            return self.distribute(handle, route.rules[choice.rule].distribution, source, labels)
        case .opaque, .tls:
            // The target has become opaque; this connection goes on as it was.
            return .answer(Answer(500, "not an HTTP target", closes: true))
        }
    }

    private mutating func route(
        _ handle: Handle, _ target: OutboundTarget, _ http: OutboundHTTP, _ request: RequestHead,
        _ bytes: Span<UInt8>, _ source: RequestSource
    ) -> Decision {
        guard let choice = http.routes.choose(bytes, request, self.ranges.span) else { return Self.noRoute }
        let rule = http.routes[choice.route].rules[choice.rule]
        let route = http.routes[choice.route].metadata
        if !rule.filters.isEmpty, let answer = self.answer(of: rule.filters, choice, request, bytes) {
            return .answer(answer)
        }
        let labels = RouteLabels(
            key: target.routeKey(choice.route), parent: target.metadata, route: route, isGRPC: false)
        return self.distribute(handle, rule.distribution, source, labels)
    }

    private static var noRoute: Decision { .answer(Answer(404, "no route found for request", grpc: 5)) }

    private mutating func distribute<Kind>(
        _ handle: Handle, _ distribution: Distribution<Kind>, _ source: RequestSource, _ labels: RouteLabels
    ) -> Decision {
        switch distribution {
        case .empty: return .answer(Answer(503, "service unavailable", grpc: 14, closes: true))
        case .firstAvailable(let backends):
            var mayCome = false
            for index in backends.indices {
                switch self.pick(backends[index].backend.slot, source.use) {
                case .picked(let choice): return self.chosen(handle, choice, backends[index].backend, labels)
                case .notReady: mayCome = true
                case .never: continue
                }
            }
            return self.nobody(handle, mayCome: mayCome)
        case .random(let backends):
            guard let index = self.draw(backends) else {
                return .answer(Answer(503, "service unavailable", grpc: 14, closes: true))
            }
            switch self.pick(backends[index].backend.slot, source.use) {
            case .picked(let choice): return self.chosen(handle, choice, backends[index].backend, labels)
            case .notReady: return self.nobody(handle, mayCome: true)
            case .never: return self.nobody(handle, mayCome: false)
            }
        }
    }

    /// Draws a backend by weight among those with an endpoint, or among all when none has one.
    private mutating func draw<Kind>(_ backends: [RouteBackend<Kind>]) -> Int? {
        if backends.count == 1 { return backends[0].weight > 0 ? 0 : nil }
        var total: UInt64 = 0
        for index in backends.indices where self.isReady(backends[index].backend.slot) {
            total += UInt64(backends[index].weight)
        }
        guard total > 0 else { return backends.firstIndex { $0.weight > 0 } }
        var point = self.random.next() % total
        for index in backends.indices where self.isReady(backends[index].backend.slot) {
            let weight = UInt64(backends[index].weight)
            if point < weight { return index }
            point -= weight
        }
        return nil
    }

    private func isReady(_ slot: Int32) -> Bool {
        slot >= 0 && Int(slot) < self.tables.backends.count && !self.tables.backends[Int(slot)].members.isEmpty
    }

    private mutating func chosen(
        _ handle: Handle, _ choice: Choice, _ backend: Backend, _ labels: RouteLabels
    ) -> Decision {
        self.stopWaiting(handle)
        var choice = choice
        choice.series = self.outboundSeries(
            choice,
            OutboundLabels(
                key: labels.key &* 31 &+ UInt64(truncatingIfNeeded: backend.slot), parent: labels.parent,
                route: labels.route, backend: backend.metadata, isGRPC: labels.isGRPC))
        self.began(choice)
        return .send(choice)
    }

    private mutating func nobody(_ handle: Handle, mayCome: Bool) -> Decision {
        guard mayCome, self.mayWait(.outbound) else {
            return .answer(Answer(502, "no endpoint", grpc: 14, closes: true))
        }
        self.wait(handle)
        return .wait
    }

    // MARK: - Connections that are not looked at

    /// Passes bytes unseen to an endpoint of the target's one route.
    mutating func routeTunnel(_ handle: Handle) {
        guard let target = self.connections[handle].outboundTarget, case .policy(let policy) = target.resolution else {
            return self.reset(handle)
        }
        switch policy.protocol {
        case .opaque(let routes), .detect(_, let routes, _, _): self.tunnel(handle, routes)
        case .tls, .http1, .http2, .grpc:
            self.forward(handle)
        }
    }

    private mutating func tunnel(_ handle: Handle, _ routes: [OutboundRoute<OpaqueKind>]) {
        guard let rule = routes.first?.rules.first, rule.filters.isEmpty,
            let index = self.draw(rule.distribution.backends)
        else { return self.reset(handle) }
        switch self.pick(rule.distribution.backends[index].backend.slot, .tunnel) {
        case .picked(let choice):
            if !self.openTunnel(handle, to: choice.pool) { self.reset(handle) }
        case .notReady:
            self.connections[handle].stage = .awaitingTarget
            self.wait(handle)
        case .never: self.reset(handle)
        }
    }

    /// Passes bytes to the address that the application meant.
    private mutating func forward(_ handle: Handle) {
        let key = PoolKey(direction: .outbound, address: self.connections[handle].target, tls: nil, use: .tunnel)
        guard let pool = self.pool(for: key) else { return self.reset(handle) }
        self.connections[handle].pool = pool
        if !self.openTunnel(handle, to: pool) { self.reset(handle) }
    }
}

/// What a request is counted under, besides backend and endpoint.
struct RouteLabels {
    /// Target and route in one number, within one snapshot.
    var key: UInt64
    var parent: PolicyMetadata
    var route: PolicyMetadata
    var isGRPC: Bool
}

extension OutboundTarget {
    /// What the target stems from.
    var metadata: PolicyMetadata {
        guard case .policy(let policy) = self.resolution else { return .implicit("default") }
        return policy.metadata
    }

    /// A number for one of the routes; targets are told apart by identity while they live.
    func routeKey(_ route: Int) -> UInt64 {
        UInt64(UInt(bitPattern: ObjectIdentifier(self))) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(route)
    }
}
