import MeshModel
import MeshPolicy
import MeshWire
import SwiftProtobuf

extension Discovery {
    /// A target of outbound connections.
    struct Target {
        /// An answer, or what stands for one.
        enum Answer<Value> {
            case pending
            case known(Value)
            case absent
        }

        let address: SocketAddress
        let usage = TargetUsage()
        let asked: MonotonicTime
        var profile = Answer<Profile>.pending
        var policy = Answer<OutboundTarget.Resolution>.pending
        /// The slots that the published policy uses.
        var slots: [Int32] = []
        /// Nil until there is an answer.
        var published: OutboundTarget?
    }

    static let getProfilePath = "/io.linkerd.proxy.destination.Destination/GetProfile"
    static let watchPolicyPath = "/io.linkerd.proxy.outbound.OutboundPolicies/Watch"

    /// Asks for a target, if nobody has yet.
    mutating func requestedTarget(_ address: SocketAddress, now: MonotonicTime) {
        guard address.port != 0, self.targets[address] == nil, self.targets.count < Self.targetsMax else { return }
        var target = Target(address: address, asked: now)
        if !self.settings.profileNetworks.contains(where: { $0.contains(address.ip) }) { target.profile = .absent }
        self.targets[address] = target
        if case .pending = target.profile {
            var request = Io_Linkerd_Proxy_Destination_GetDestination()
            request.path = "\(address)"
            request.contextToken = self.settings.destinationContext
            self.watch(
                .profile(address), .destination, path: Self.getProfilePath, message: request.serialized, now: now)
        }
        var spec = Io_Linkerd_Proxy_Outbound_TrafficSpec()
        spec.sourceWorkload = self.settings.workload
        spec.addr = .with {
            $0.ip = address.ip.message
            $0.port = UInt32(address.port)
        }
        self.watch(.policy(address), .policy, path: Self.watchPolicyPath, message: spec.serialized, now: now)
    }

    mutating func receivedPolicy(_ message: [UInt8], _ address: SocketAddress, now: MonotonicTime) {
        guard var target = self.targets[address] else { return }
        do {
            let policy = try OutboundPolicy(Io_Linkerd_Proxy_Outbound_OutboundPolicy(serializedBytes: message))
            target.policy = .known(.policy(policy))
        } catch {
            target.policy = .known(.invalid)
            self.complain(.policy(address), error)
        }
        self.settle(&target, now: now)
    }

    mutating func receivedProfile(_ message: [UInt8], _ address: SocketAddress, now: MonotonicTime) {
        guard var target = self.targets[address] else { return }
        do {
            target.profile = .known(
                Profile(try Io_Linkerd_Proxy_Destination_DestinationProfile(serializedBytes: message)))
        } catch {
            if case .pending = target.profile { target.profile = .absent }
            self.complain(.profile(address), error)
        }
        self.settle(&target, now: now)
    }

    /// True when there is no point in asking again.
    mutating func endedPolicy(_ address: SocketAddress, _ code: UInt8, now: MonotonicTime) -> Bool {
        guard var target = self.targets[address] else { return true }
        switch code {
        case GRPCCode.notFound, GRPCCode.unimplemented: target.policy = .absent
        case GRPCCode.invalidArgument, GRPCCode.failedPrecondition: target.policy = .known(.unavailable)
        default: return false
        }
        self.settle(&target, now: now)
        // The target is asked for anew once it has been idle and is wanted again.
        return true
    }

    /// True when there is no point in asking again.
    mutating func endedProfile(_ address: SocketAddress, _ code: UInt8, now: MonotonicTime) -> Bool {
        guard var target = self.targets[address] else { return true }
        guard code != GRPCCode.ok else { return false }
        // A profile only refines: without one, the policy holds. It may still come.
        if case .pending = target.profile {
            target.profile = .absent
            self.settle(&target, now: now)
        }
        return GRPCCode.isPermanent(code)
    }

    /// Publishes a target as soon as both answers are there.
    private mutating func settle(_ target: inout Target, now: MonotonicTime) {
        defer { self.targets[target.address] = target }
        let profile: Profile?
        switch target.profile {
        case .pending: return
        case .known(let value): profile = value
        case .absent: profile = nil
        }
        var resolution: OutboundTarget.Resolution
        switch target.policy {
        case .pending: return
        case .known(let value): resolution = value
        case .absent: resolution = .policy(OutboundPolicy(forwardingTo: target.address, profile: profile))
        }
        let old = target.slots
        target.slots = []
        if case .policy(var policy) = resolution {
            policy.place { (backend, accrual) in
                let slot = self.place(backend, accrual, now: now)
                if slot >= 0 { target.slots.append(slot) }
                return slot
            }
            resolution = .policy(policy)
        }
        // After the new ones are in use, so that what stays is not resolved again.
        for slot in old { self.release(slot) }
        target.published = OutboundTarget(
            address: target.address, resolution: resolution, profile: profile, usage: target.usage)
        self.isChanged = true
    }

    private mutating func place(_ backend: Backend, _ accrual: FailureAccrual?, now: MonotonicTime) -> Int32 {
        let key = BackendRegistry.Key(target: backend.target, failureAccrual: accrual, queue: backend.queue)
        if case .balance(let path, _) = backend.target {
            self.follow(path, now: now)
            return self.registry.use(key, resolution: self.resolutions[path])
        }
        return self.registry.use(key, resolution: nil)
    }

    private mutating func release(_ slot: Int32) {
        if let path = self.registry.release(slot) { self.unfollow(path) }
    }

    /// Forgets targets that nothing has used for a while.
    ///
    /// While the control plane is away, those that it has told are kept: they could not be learned again.
    mutating func evictTargets(now: MonotonicTime) {
        let idle = self.settings.outbound.discoveryIdleTimeout
        let deadline = now.advanced(by: .zero - idle)
        for (address, target) in self.targets where target.asked < deadline && target.usage.isIdle(since: deadline) {
            guard target.published == nil || self.isLive(.policy(address)) else { continue }
            self.unwatch(.profile(address))
            self.unwatch(.policy(address))
            self.targets[address] = nil
            for slot in target.slots { self.release(slot) }
            self.isChanged = true
        }
    }
}

extension IPAddress {
    fileprivate var message: Io_Linkerd_Proxy_Net_IPAddress {
        .with {
            switch self {
            case .v4(let value): $0.ipv4 = value
            case .v6(let upper, let lower):
                $0.ipv6 = .with {
                    $0.first = upper
                    $0.last = lower
                }
            }
        }
    }
}
