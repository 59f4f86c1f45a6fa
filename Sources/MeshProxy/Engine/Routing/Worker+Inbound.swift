import MeshCodec
import MeshModel
import MeshPolicy
import MeshReactor
import MeshSecure

/// Connections and requests towards this pod's application.
extension Worker {
    private static var tlsDetectTimeout: Duration { .seconds(10) }

    /// A client was accepted: asks the policy of its port what to do.
    mutating func acceptedInbound(_ handle: Handle) {
        let target = self.connections[handle].target
        let allowed = self.settings.inboundIPs
        guard allowed.isEmpty || allowed.contains(target.ip.canonical) else { return self.reset(handle) }
        self.connections[handle].stage = .detectingTLS
        // Which port a direct connection is for, and so whose policy, is only known after its handshake.
        if !self.isDirect(handle) {
            guard self.refreshPolicy(handle) else { return self.reset(handle) }
            if case .opaque = self.connections[handle].portPolicy?.policy?.protocol {
                return self.admitTunnel(handle)
            }
        }
        self.setTimer(handle, Self.tlsDetectTimeout)
    }

    /// Looks the port's policy up again if the snapshot has changed; false when there is none that makes sense.
    mutating func refreshPolicy(_ handle: Handle) -> Bool {
        let version = self.tables.snapshot.version
        if self.connections[handle].portPolicy == nil || self.connections[handle].policyVersion != version {
            let port = self.connections[handle].target.port
            let (policy, isKnown) = self.tables.snapshot.inbound.policy(of: port)
            // A full mailbox means that many ask already; the default policy holds meanwhile.
            if !isKnown, self.connections[handle].portPolicy == nil { self.shared.requests.send(.port(port)) }
            self.connections[handle].portPolicy = policy
            self.connections[handle].policyVersion = version
        }
        return self.connections[handle].portPolicy?.policy != nil
    }

    /// The first bytes: a ClientHello for us, for the application, or something else.
    mutating func detectTLS(_ handle: Handle, _ bytes: Span<UInt8>) -> Int {
        switch ClientHello.read(bytes) {
        case .needsMore:
            self.connections[handle].flags.insert(.starved)
            return 0
        case .notHello:
            return self.tlsSettled(handle, bytes)
        case .hello(let hello):
            guard let identity = self.tables.snapshot.identity, let name = hello.serverName,
                name.isEqual(to: identity.name)
            else {
                // TLS of the application: passed through, if clients without identity may connect.
                guard !self.isDirect(handle) else {
                    self.reset(handle)
                    return bytes.count
                }
                self.admitTunnel(handle)
                return self.connections.contains(handle) ? self.use(handle, bytes) : bytes.count
            }
            return self.terminateTLS(handle, identity, bytes)
        }
    }

    private mutating func terminateTLS(_ handle: Handle, _ identity: ProxyIdentity, _ bytes: Span<UInt8>) -> Int {
        guard bytes.count <= Self.readSize else {
            self.close(handle)
            return bytes.count
        }
        do throws(TLSError) {
            let session = try TLSSession.accepting(identity.server, buffers: self.tlsBuffers)
            self.connections[handle].tls = consume session
        } catch {
            self.close(handle)
            return bytes.count
        }
        self.connections[handle].phase = .securing
        self.connections[handle].stage = .handshaking
        self.cipher.write(bytes, at: 0)
        self.carried = bytes.count
        return bytes.count
    }

    /// The handshake with a client is complete.
    mutating func clientSecured(_ handle: Handle) {
        self.connections[handle].phase = .open
        switch self.connections[handle].tls?.peerNames.first {
        case .dns(let name): self.connections[handle].identity = .dns(ByteString(name))
        case .uri(let name): self.connections[handle].identity = .uri(ByteString(name))
        case nil: self.connections[handle].identity = .anonymous
        }
        if self.connections[handle].identity.name != nil { self.connections[handle].flags.insert(.meshed) }
        let announces = self.connections[handle].tls?.applicationProtocol == Self.transportProtocol
        guard announces || self.isDirect(handle) else { return self.chooseProtocol(handle) }
        // Only a peer that is somebody may name a port.
        guard announces, self.connections[handle].identity.name != nil else { return self.reset(handle) }
        self.connections[handle].stage = .transportHeader
        self.setTimer(handle, Self.tlsDetectTimeout)
    }

    /// It is settled that the client speaks no TLS with us.
    private mutating func tlsSettled(_ handle: Handle, _ bytes: Span<UInt8>) -> Int {
        guard !self.isDirect(handle) else {
            self.reset(handle)
            return bytes.count
        }
        self.chooseProtocol(handle)
        return self.connections.contains(handle) ? self.use(handle, bytes) : bytes.count
    }

    /// A client that sends less than a hello and ends.
    mutating func tlsDetectionEnded(_ handle: Handle) {
        guard !self.connections[handle].held.isEmpty, !self.isDirect(handle) else { return self.close(handle) }
        self.chooseProtocol(handle)
        guard self.connections.contains(handle) else { return }
        self.connections[handle].flags.remove(.starved)
        self.connections[handle].flags.subtract([.ended])
        self.connections[handle].flags.insert([.readable, .hungUp])
        self.schedule(handle)
    }

    private mutating func chooseProtocol(_ handle: Handle) {
        let isMeshed = self.connections[handle].tls != nil
        guard self.refreshPolicy(handle), let policy = self.connections[handle].portPolicy?.policy else {
            return self.reset(handle)
        }
        self.countAccepted(handle)
        switch policy.protocol {
        case .detect(let timeout, _): self.detect(handle, within: timeout)
        case .http1:
            // A peer's proxy may have upgraded.
            if isMeshed {
                self.detect(handle, within: self.settings.inbound.detectTimeout)
            } else {
                self.serveHTTP1(handle)
            }
        case .http2, .grpc: self.serveHTTP2(handle)
        case .opaque, .tls: self.admitTunnel(handle)
        }
    }

    /// True for connections to the proxy's own port, which say themselves what they are for.
    private func isDirect(_ handle: Handle) -> Bool {
        let port = self.connections[handle].target.port
        return self.settings.inbound.listen.contains { $0.port == port }
    }

    /// Reads which port a peer's proxy means, and goes on as if the connection had come there.
    mutating func readTransportHeader(_ handle: Handle, _ bytes: Span<UInt8>) -> Int {
        do throws(TransportHeader.Failure) {
            switch try TransportHeader.read(bytes) {
            case .needsMore:
                self.connections[handle].flags.insert(.starved)
                return 0
            case .header(let header, let length):
                // A name asks for a gateway, which this proxy is not.
                guard header.name == nil else { break }
                self.announced(handle, header)
                return length
            }
        } catch {
            self.counts.refused &+= 1
        }
        self.reset(handle)
        return bytes.count
    }

    private mutating func announced(_ handle: Handle, _ header: TransportHeader) {
        self.clearTimer(handle)
        self.connections[handle].target.port = header.port
        self.connections[handle].portPolicy = nil
        guard !self.isDirect(handle), self.refreshPolicy(handle) else { return self.reset(handle) }
        switch header.session {
        case .none: self.admitTunnel(handle)
        case .http1:
            self.countAccepted(handle)
            self.serveHTTP1(handle)
        case .http2:
            self.countAccepted(handle)
            self.serveHTTP2(handle)
        }
    }

    /// Passes bytes of a connection unseen if its client may connect.
    mutating func admitTunnel(_ handle: Handle) {
        guard self.refreshPolicy(handle), let policy = self.connections[handle].portPolicy?.policy else {
            return self.reset(handle)
        }
        self.countAccepted(handle)
        let target = self.connections[handle].target
        let tls = self.serverTLS(handle)
        guard
            let permit = policy.authorizeConnection(
                peer: self.connections[handle].peer.ip, identity: self.connections[handle].identity)
        else {
            self.counts.refused &+= 1
            self.stats.count(.inboundConnectionDenied(target: target, tls: tls, server: policy.metadata))
            return self.reset(handle)
        }
        let authorization = policy.metadata(of: permit, route: [])
        self.stats.count(
            .inboundConnectionAllowed(target: target, tls: tls, server: policy.metadata, authorization: authorization))
        let key = PoolKey(
            direction: .inbound, address: self.connections[handle].target, tls: nil, use: .tunnel)
        guard let pool = self.pool(for: key) else { return self.reset(handle) }
        self.connections[handle].pool = pool
        if !self.openTunnel(handle, to: pool) { self.reset(handle) }
    }

    /// Which inbound requests pass, and to where.
    mutating func decideInbound(
        _ handle: Handle, _ request: RequestHead, _ bytes: Span<UInt8>, _ source: RequestSource
    ) -> Decision {
        guard self.refreshPolicy(handle), let port = self.connections[handle].portPolicy, let policy = port.policy
        else { return .answer(Answer(500, "invalid policy", closes: true)) }
        self.collectRanges(source, ifRead: port.readsFields)
        let verdict = policy.decide(
            bytes, request, self.ranges.span, peer: self.connections[handle].peer.ip,
            identity: self.connections[handle].identity)
        guard case .allow(let route, let permit) = verdict else {
            self.countRefused(handle, policy, verdict)
            return .answer(
                verdict == .noRoute
                    ? Answer(404, "no route found for request", grpc: 5)
                    : Answer(403, "unauthorized request on route", grpc: 7))
        }
        if let answer = self.inboundAnswer(handle, policy, route, request, bytes) { return .answer(answer) }
        guard let pool = self.inboundPool(handle, source) else {
            return .answer(Answer(503, "service unavailable", grpc: 14, closes: true))
        }
        let choice = Choice(pool: pool, series: self.inboundSeries(handle, policy, route.route, permit))
        self.began(choice)
        return .send(choice)
    }

    /// The pool of the application's connections that a request of `source` needs.
    private mutating func inboundPool(_ handle: Handle, _ source: RequestSource) -> Handle? {
        let session = self.connections[handle].session
        let isSecond = source == .downgraded
        let known = isSecond ? self.sessions[session].downgradePool : self.connections[handle].pool
        if known != .none { return known }
        let key = PoolKey(direction: .inbound, address: self.connections[handle].target, tls: nil, use: source.use)
        guard let pool = self.pool(for: key) else { return nil }
        if isSecond {
            self.sessions[session].downgradePool = pool
        } else {
            self.connections[handle].pool = pool
        }
        return pool
    }
}
