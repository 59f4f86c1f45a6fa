import MeshBalance
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
            let rule = grpc.routes[choice.route].rules[choice.rule]
            if let answer = self.answer(of: rule.filters) { return .answer(answer) }
            let labels = RouteLabels(
                target, choice.route, choice.rule, grpc.routes[choice.route].metadata, isGRPC: true)
            return self.distribute(handle, rule.distribution, source, labels)
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
        if !rule.filters.isEmpty, let answer = self.answer(of: rule.filters, choice, request, bytes) {
            return .answer(answer)
        }
        let labels = RouteLabels(target, choice.route, choice.rule, http.routes[choice.route].metadata, isGRPC: false)
        return self.distribute(handle, rule.distribution, source, labels)
    }

    private static var noRoute: Decision { .answer(Answer(404, "no route found for request", grpc: 5)) }
    private static var unavailable: Decision { .answer(Answer(503, "service unavailable", grpc: 14, closes: true)) }

    private mutating func distribute<Kind>(
        _ handle: Handle, _ distribution: Distribution<Kind>, _ source: RequestSource, _ labels: RouteLabels
    ) -> Decision {
        if case .empty = distribution { return Self.unavailable }
        switch self.choose(from: distribution, source.use, labels) {
        case .picked(let choice):
            self.stopWaiting(handle)
            return .send(choice)
        case .notReady(let slot): return self.nobody(handle, slot, source)
        case .never: return .answer(Answer(502, "no endpoint", grpc: 14, closes: true))
        }
    }

    /// An endpoint of one of the backends, by order or by weight.
    private mutating func choose<Kind>(
        from distribution: Distribution<Kind>, _ use: PoolKey.Use, _ labels: RouteLabels
    ) -> Picking {
        switch distribution {
        case .empty: return .never
        case .firstAvailable(let backends):
            var waitsFor: Int32?
            for index in backends.indices {
                switch self.pick(backends[index].backend.slot, use) {
                case .picked(let choice): return .picked(self.chosen(choice, backends[index].backend, labels))
                case .notReady(let slot): waitsFor = waitsFor ?? slot
                case .never: continue
                }
            }
            return waitsFor.map { .notReady(slot: $0) } ?? .never
        case .random(let backends):
            guard let index = self.draw(backends, use) else { return .never }
            let picking = self.pick(backends[index].backend.slot, use)
            guard case .picked(let choice) = picking else { return picking }
            return .picked(self.chosen(choice, backends[index].backend, labels))
        }
    }

    /// Draws a backend by weight among those with a ready endpoint, or the first with weight when none has one.
    private mutating func draw<Kind>(_ backends: [RouteBackend<Kind>], _ use: PoolKey.Use) -> Int? {
        if backends.count == 1 { return backends[0].weight > 0 ? 0 : nil }
        var total: UInt64 = 0
        for index in backends.indices where self.isReady(backends[index].backend.slot, use) {
            total += UInt64(backends[index].weight)
        }
        guard total > 0 else { return backends.firstIndex { $0.weight > 0 } }
        var point = self.tickets.next(below: total)
        for index in backends.indices where self.isReady(backends[index].backend.slot, use) {
            let weight = UInt64(backends[index].weight)
            if point < weight { return index }
            point -= weight
        }
        return nil
    }

    private mutating func chosen(_ choice: Choice, _ backend: Backend, _ labels: RouteLabels) -> Choice {
        var choice = choice
        choice.place = labels.place
        choice.series = self.outboundSeries(
            choice,
            OutboundLabels(
                key: labels.key &* 31 &+ UInt64(truncatingIfNeeded: backend.slot), parent: labels.parent,
                route: labels.route, backend: backend.metadata, isGRPC: labels.isGRPC))
        self.began(choice)
        return choice
    }

    /// No endpoint is ready: the request waits, unless others have waited in vain or the queue is full.
    private mutating func nobody(_ handle: Handle, _ slot: Int32, _ source: RequestSource) -> Decision {
        guard !self.isShut(slot), self.mayWait(.outbound) else { return Self.unavailable }
        if source == .http1 {
            self.connections[handle].waitsFor = slot
            self.wait(handle)
        }
        return .wait(slot: slot)
    }

    /// Another endpoint for a request whose server failed, by the rule that it was sent by.
    mutating func chooseAgain(_ request: Handle, _ use: PoolKey.Use) -> Choice? {
        let choice = self.exchanges[request].choice
        guard choice.slot >= 0 else { return nil }
        // The same one again only if there is no other.
        self.tables.avoided = choice.memberID
        let other = self.chooseAnew(request, choice, use)
        self.tables.avoided = 0
        return other ?? self.chooseAnew(request, choice, use)
    }

    private mutating func chooseAnew(_ request: Handle, _ choice: Choice, _ use: PoolKey.Use) -> Choice? {
        let client = self.exchanges[request].down.connection
        guard self.connections.contains(client) else { return nil }
        let picking: Picking
        if let target = self.connections[client].outboundTarget, target.number == choice.place.target {
            picking = self.choose(target, choice.place, use)
        } else if Int(choice.slot) < self.tables.backends.count,
            self.tables.backends[Int(choice.slot)].set?.generation == choice.generation
        {
            // The policy has changed meanwhile; the backend is still the one that was chosen by it.
            picking = self.pick(choice.slot, use)
            if case .picked(let again) = picking { self.began(again) }
        } else {
            return nil
        }
        guard case .picked(let again) = picking else { return nil }
        return again
    }

    private mutating func choose(_ target: OutboundTarget, _ place: RoutePlace, _ use: PoolKey.Use) -> Picking {
        guard case .policy(let policy) = target.resolution else { return .never }
        switch policy.protocol {
        case .detect(_, _, let http1, let http2):
            return self.choose(target, (use == .http1 ? http1 : http2).routes, place, use, isGRPC: false)
        case .http1(let http), .http2(let http): return self.choose(target, http.routes, place, use, isGRPC: false)
        case .grpc(let grpc): return self.choose(target, grpc.routes, place, use, isGRPC: true)
        case .opaque, .tls: return .never
        }
    }

    private mutating func choose<Kind>(
        _ target: OutboundTarget, _ routes: [OutboundRoute<Kind>], _ place: RoutePlace, _ use: PoolKey.Use,
        isGRPC: Bool
    ) -> Picking {
        let route = routes[Int(place.route)]
        let labels = RouteLabels(target, Int(place.route), Int(place.rule), route.metadata, isGRPC: isGRPC)
        return self.choose(from: route.rules[Int(place.rule)].distribution, use, labels)
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
            let index = self.draw(rule.distribution.backends, .tunnel)
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
    var place: RoutePlace
    var parent: PolicyMetadata
    var route: PolicyMetadata
    var isGRPC: Bool

    init(_ target: OutboundTarget, _ route: Int, _ rule: Int, _ metadata: PolicyMetadata, isGRPC: Bool) {
        self.key = target.routeKey(route)
        self.place = RoutePlace(
            target: target.number, route: UInt16(truncatingIfNeeded: route), rule: UInt16(truncatingIfNeeded: rule))
        self.parent = target.metadata
        self.route = metadata
        self.isGRPC = isGRPC
    }
}

extension OutboundTarget {
    /// What the target stems from.
    var metadata: PolicyMetadata {
        guard case .policy(let policy) = self.resolution else { return .implicit("default") }
        return policy.metadata
    }

    /// A number for one of the routes; all versions of all targets are told apart.
    func routeKey(_ route: Int) -> UInt64 {
        self.number &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(route)
    }
}
