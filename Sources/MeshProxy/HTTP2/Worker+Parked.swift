import MeshCodec
import MeshModel
import MeshPolicy
import MeshReactor

/// Requests of HTTP/2 clients on their way to a server: sent, waiting for one, or sent again to another.
extension Worker {
    /// Sends a request that is not under way on a stream of its endpoint's connection, with all that is kept of it.
    mutating func http2Send(_ request: Handle, _ list: inout HTTP2HeaderList) {
        guard let server = self.http2Upstream(self.exchanges[request].choice.pool) else {
            return self.upFailed(request, Answer(503, "service unavailable", grpc: 14, closes: true), .loadShed)
        }
        let session = self.connections[server].session
        guard
            let upstream = self.sessions[session].codec.open(
                user: request.bits, isHead: self.exchanges[request].method == .head),
            self.sessions[session].codec.startHead(upstream)
        else { return self.upFailed(request, Answer(503, "service unavailable", grpc: 14, closes: true), .loadShed) }
        self.exchanges[request].up = .http2(server, upstream)
        if self.connections[server].phase == .open { self.countRequest(request) }
        for index in 0..<list.count where !list[index].name.isMesh {
            self.sessions[session].codec.addField(list, index)
        }
        if self.exchanges[request].direction == .inbound {
            let client = self.exchanges[request].down.connection
            if let name = self.connections[client].identity.name {
                self.sessions[session].codec.addField("l5d-client-id".utf8Span.span, name.bytes.span)
            }
        }
        self.markDirty(server)
        guard self.exchanges[request].kept == .none else { return self.http2SendKept(request, &list) }
        self.sessions[session].codec.finishHead(end: self.exchanges[request].requestDone)
        self.exchanges[request].kept = self.kept.insert(&list)
    }

    /// Ends the head and sends what has come of the request behind it.
    private mutating func http2SendKept(_ request: Handle, _ list: inout HTTP2HeaderList) {
        let up = self.exchanges[request].up
        let session = self.connections[up.connection].session
        let kept = self.exchanges[request].kept
        swap(&list, &self.kept[kept].list)
        let isDone = self.exchanges[request].requestDone
        let hasTrailers = self.kept[kept].hasTrailers
        let isEmpty = self.kept[kept].content.isEmpty
        self.sessions[session].codec.finishHead(end: isDone && isEmpty && !hasTrailers)
        var hasRoom = true
        if !isEmpty {
            hasRoom = self.sessions[session].codec.sendData(
                up.stream, self.kept[kept].content.span, end: isDone && !hasTrailers)
        }
        if hasTrailers { self.sessions[session].codec.sendHead(up.stream, self.kept[kept].trailers, end: true) }
        if hasRoom { self.http2Resume(self.exchanges[request].down, of: request) }
    }

    // MARK: - Waiting

    /// Keeps a request, and no other of its connection, until an endpoint is ready.
    mutating func park(
        _ handle: Handle, _ stream: UInt32, end: Bool, _ list: inout HTTP2HeaderList, _ slot: Int32
    ) {
        let isGRPC = list.request.flags.contains(.grpc)
        guard !self.exchanges.isFull else {
            return self.http2Answer(
                handle, stream, Answer(503, "service unavailable", grpc: 14, closes: true), isGRPC: isGRPC)
        }
        let request = self.newExchange(handle, stream, list, end: end, Choice(pool: .none))
        self.exchanges[request].waitsFor = slot
        self.exchanges[request].kept = self.kept.insert(&list)
        guard self.exchanges[request].kept != .none else {
            return self.upFailed(request, Answer(503, "service unavailable", grpc: 14, closes: true), .loadShed)
        }
        let limit = self.now.advanced(by: self.settings[self.connections[handle].direction].queueTimeout)
        self.exchanges[request].timer = self.timers.schedule(Token.exchange(request), at: limit)
        self.tables.parked.append(request)
    }

    /// Decides again on a request that waits.
    mutating func reconsider(parked request: Handle) {
        guard self.exchanges.contains(request), self.exchanges[request].up.kind == .none else { return }
        let down = self.exchanges[request].down
        let kept = self.exchanges[request].kept
        var list = HTTP2HeaderList()
        swap(&list, &self.kept[kept].list)
        switch self.decide(down.connection, .http2, list) {
        case .wait(let slot):
            swap(&list, &self.kept[kept].list)
            self.exchanges[request].waitsFor = slot
            self.tables.parked.append(request)
        case .answer(let answer):
            self.counts.refused &+= 1
            self.upFailed(request, answer, .failfast)
        case .send(let choice):
            self.timers.cancel(self.exchanges[request].timer)
            self.exchanges[request].timer = .none
            self.exchanges[request].choice = choice
            self.counts.requests &+= 1
            self.http2Send(request, &list)
        }
    }

    /// No endpoint was ready in time.
    mutating func timedOut(exchange request: Handle) {
        guard self.exchanges.contains(request), self.exchanges[request].up.kind == .none else { return }
        self.exchanges[request].timer = .none
        self.counts.refused &+= 1
        self.shut(self.exchanges[request].waitsFor)
        self.upFailed(request, Answer(504, "service in fail-fast", grpc: 4, closes: true), .failfast)
    }

    // MARK: - Again

    /// Sends a request once more when its server surely did nothing with it, or when that does no harm.
    mutating func http2SendAgain(_ request: Handle, _ code: HTTP2ErrorCode, isLost: Bool) -> Bool {
        let exchange = self.exchanges[request]
        let server = exchange.up.connection
        let wasReached = self.connections[server].phase == .open
        let wasRefused = !isLost && code == .refusedStream
        guard exchange.kept != .none, self.mayTryAgain(exchange),
            !wasReached || wasRefused || isLost && exchange.method.isIdempotent,
            let choice = self.http2ChooseAgain(request, wasReached: wasReached)
        else { return false }
        self.leave(request, for: choice)
        self.exchanges[request].up = .none
        var list = HTTP2HeaderList()
        swap(&list, &self.kept[exchange.kept].list)
        self.http2Send(request, &list)
        return true
    }

    /// Where a request goes next; the application itself has only one address, and is asked again when it says that it
    /// closes the connection.
    private mutating func http2ChooseAgain(_ request: Handle, wasReached: Bool) -> Choice? {
        let exchange = self.exchanges[request]
        guard exchange.direction == .inbound else { return self.chooseAgain(request, .http2) }
        let session = self.connections[exchange.up.connection].session
        guard wasReached, !self.sessions[session].codec.canOpen else { return nil }
        self.began(exchange.choice)
        return exchange.choice
    }
}
