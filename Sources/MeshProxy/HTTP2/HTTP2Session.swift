import MeshCodec
import MeshModel
import MeshReactor

/// The HTTP/2 side of one connection.
struct HTTP2Session: ~Copyable {
    var codec: HTTP2Connection
    /// In the worker's list of sessions that may have something to send.
    var isDirty = false
    /// Inbound: where requests go that were HTTP/1 before a peer made them HTTP/2; others use the connection's pool.
    var downgradePool = Handle.none
}

/// What a request is made of, which decides what an upstream connection must speak.
enum RequestSource: UInt8, Hashable, Sendable {
    case http1
    case http2
    /// HTTP/2 between proxies, HTTP/1 on both outer sides (`l5d-orig-proto`).
    case downgraded

    /// How the request is passed on.
    var use: PoolKey.Use { self == .http2 ? .http2 : .http1 }
}

extension Worker {
    /// Gives a connection its HTTP/2 side, whose first bytes leave with the next flush.
    mutating func startSession(_ handle: Handle, _ role: HTTP2Role) {
        guard !self.sessions.isFull else { return self.broke(handle) }
        self.connections[handle].session = self.sessions.insert(
            HTTP2Session(codec: HTTP2Connection(role: role, now: self.now)))
        self.markDirty(handle)
    }

    /// A connection that turned out to be HTTP/2, or was opened as such.
    mutating func http2Opened(_ handle: Handle) {
        guard self.connections[handle].session == .none else { return }  // Opened by us: has had one from the start.
        self.startSession(handle, .server)
    }

    /// Uses bytes of a peer; returns how many.
    mutating func http2Received(_ handle: Handle, _ bytes: Span<UInt8>) -> Int {
        let session = self.connections[handle].session
        guard self.sessions.contains(session) else {
            self.broke(handle)
            return bytes.count
        }
        // The worker's list is lent to this call: heads are read from it while the worker changes.
        var list = HTTP2HeaderList()
        swap(&list, &self.headers)
        let used = self.receive(handle, session, bytes, &list)
        swap(&list, &self.headers)
        return used
    }

    private mutating func receive(
        _ handle: Handle, _ session: Handle, _ bytes: Span<UInt8>, _ list: inout HTTP2HeaderList
    ) -> Int {
        var offset = 0
        do throws(HTTP2Error) {
            while let event = try self.sessions[session].codec.receive(bytes, at: &offset, into: &list, now: self.now) {
                self.handle(event, handle, bytes, &list)
                guard self.connections.contains(handle) else { return bytes.count }
                if self.connections[handle].flags.contains(.paused) { break }
            }
        } catch {
            self.http2Broke(handle)
            return bytes.count
        }
        self.markDirty(handle)
        return offset
    }

    private mutating func handle(
        _ event: HTTP2Event, _ handle: Handle, _ bytes: Span<UInt8>, _ list: inout HTTP2HeaderList
    ) {
        let isServer = self.connections[handle].flags.contains(.accepted)
        switch event {
        case .head(let stream, let user, let end):
            if isServer {
                self.http2Requested(handle, stream, end: end, &list)
            } else {
                self.http2Answered(handle, stream, Handle(bits: user), end: end, list)
            }
        case .data(let stream, let user, let range, let end):
            let content = bytes.extracting(range)
            if isServer {
                self.http2RequestContent(handle, stream, Handle(bits: user), content, end: end)
            } else {
                self.http2AnswerContent(handle, stream, Handle(bits: user), content, end: end)
            }
        case .trailers(_, let user):
            if isServer {
                self.http2RequestTrailers(Handle(bits: user), list)
            } else {
                self.http2AnswerTrailers(Handle(bits: user), list)
            }
        case .reset, .resumed, .goAway, .settings, .pong: self.handle(event, handle)
        }
    }

    /// Events without content.
    private mutating func handle(_ event: HTTP2Event, _ handle: Handle) {
        let isServer = self.connections[handle].flags.contains(.accepted)
        switch event {
        case .reset(let stream, let user, let code, let byPeer):
            let request = Handle(bits: user)
            if isServer {
                self.http2Abandoned(handle, stream, request)
            } else if self.exchanges.contains(request) {
                self.http2UpReset(request, code, byPeer: byPeer)
            }
        case .resumed(_, let user): self.http2HasRoom(Handle(bits: user), isServer: isServer)
        case .goAway:
            // What it has begun it finishes; new requests need another connection.
            if !isServer { self.retire(handle) }
        case .head, .data, .trailers, .settings, .pong: return
        }
    }

    /// Handles what happened other than by received bytes.
    mutating func handlePending(_ handle: Handle) {
        while self.connections.contains(handle), self.sessions.contains(self.connections[handle].session),
            let event = self.sessions[self.connections[handle].session].codec.nextEvent()
        {
            self.handle(event, handle)
        }
    }

    // MARK: - Sending

    /// Notes that the connection may have something to send; it is sent with all else at the end of the batch.
    mutating func markDirty(_ handle: Handle) {
        guard self.connections.contains(handle) else { return }
        let session = self.connections[handle].session
        guard self.sessions.contains(session), !self.sessions[session].isDirty else { return }
        self.sessions[session].isDirty = true
        self.dirty.append(handle)
    }

    /// Sends what the batch has produced, one write for each connection.
    mutating func flushSessions() {
        var index = 0
        while index < self.dirty.count {
            self.flushSession(self.dirty[index])
            index += 1
        }
        self.dirty.removeAll(keepingCapacity: true)
    }

    private mutating func flushSession(_ handle: Handle) {
        guard self.connections.contains(handle) else { return }
        let session = self.connections[handle].session
        guard self.sessions.contains(session) else { return }
        self.sessions[session].isDirty = false
        // What waits in the codec is bounded there, and goes when the queue has gone.
        let isConnected = self.connections[handle].phase == .open
        if isConnected, self.isBacklogged(handle) { return }
        var output: [UInt8] = []
        swap(&output, &self.spare)
        self.sessions[session].codec.takeOutput(&output)
        self.write(handle, output.span)
        swap(&output, &self.spare)
        // A large burst leaves no large buffer behind.
        if self.spare.capacity > Self.heldMax { self.spare = [] }
        guard self.connections.contains(handle) else { return }
        if self.isBacklogged(handle) {
            self.sessions[session].codec.setCongested(true)
        } else if self.sessions[session].codec.isFinished {
            self.closeSoon(handle)
        }
    }

    /// All that waited for the peer has been sent.
    mutating func http2Drained(_ handle: Handle) {
        let session = self.connections[handle].session
        guard self.sessions.contains(session) else { return }
        self.sessions[session].codec.setCongested(false)
        self.handlePending(handle)
        self.markDirty(handle)
    }

    // MARK: - Ends

    /// The connection is of no more use: its requests end, then it does.
    mutating func http2Broke(_ handle: Handle) {
        let session = self.connections[handle].session
        guard self.sessions.contains(session) else { return self.close(handle) }
        if self.connections[handle].phase != .open { self.connectFailed(handle) }
        self.retire(handle)
        self.sessions[session].codec.lost()
        self.handlePending(handle)
        guard self.connections.contains(handle) else { return }
        guard self.connections[handle].phase == .open, !self.connections[handle].flags.contains(.broken) else {
            return self.close(handle)
        }
        self.flushSession(handle)  // GOAWAY says why.
        if self.connections.contains(handle) { self.closeSoon(handle) }
    }

    /// Takes no new requests on the connection and lets the others finish.
    mutating func http2Drain(_ handle: Handle) {
        let session = self.connections[handle].session
        guard self.sessions.contains(session) else { return self.closeSoon(handle) }
        self.sessions[session].codec.goAway()
        self.retire(handle)
        self.markDirty(handle)
    }

    /// The connection gets no further requests of its pool.
    private mutating func retire(_ handle: Handle) {
        let pool = self.connections[handle].pool
        guard self.pools.contains(pool), self.pools[pool].shared == handle else { return }
        self.pools[pool].shared = .none
    }

    /// Forgets the HTTP/2 side of a connection that is gone.
    mutating func endSession(_ session: Handle) {
        guard self.sessions.contains(session) else { return }
        let ended = self.sessions.remove(session)
        self.release(pool: ended.downgradePool)
    }

    /// The connection that carries the requests of `pool`, opened if need be.
    mutating func http2Upstream(_ pool: Handle) -> Handle? {
        let shared = self.pools[pool].shared
        if self.connections.contains(shared), self.connections[shared].flags.isDisjoint(with: [.broken, .ended]),
            self.sessions[self.connections[shared].session].codec.canOpen
        {
            return shared
        }
        guard let handle = self.open(pool) else { return nil }
        self.startSession(handle, .client)
        self.pools[pool].shared = handle
        return handle
    }
}
