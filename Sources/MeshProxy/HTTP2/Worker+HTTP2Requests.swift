import MeshCodec
import MeshModel
import MeshPolicy
import MeshReactor

/// Requests of HTTP/2 clients.
extension Worker {
    /// A request's head is in `list`.
    mutating func http2Requested(
        _ handle: Handle, _ stream: UInt32, end: Bool, _ list: inout HTTP2HeaderList
    ) {
        let source: RequestSource =
            self.connections[handle].direction == .inbound && list.first(.meshOriginalProtocol) != nil
            ? .downgraded : .http2
        switch self.decide(handle, source, list) {
        case .wait(let slot): self.park(handle, stream, end: end, &list, slot)
        case .answer(let answer):
            self.counts.refused &+= 1
            self.http2Answer(handle, stream, answer, isGRPC: list.request.flags.contains(.grpc))
        case .send(let choice):
            if source == .downgraded {
                self.beginDowngraded(handle, stream, list, end: end, choice)
            } else {
                self.begin(handle, stream, &list, end: end, choice)
            }
        }
    }

    mutating func decide(
        _ handle: Handle, _ source: RequestSource, _ list: borrowing HTTP2HeaderList
    ) -> Decision {
        let head = list.request
        let path = head.pathRange
        var pathEnd = path.upperBound
        var query = ByteRange.empty
        for index in path where list.bytes[index] == UInt8(ascii: "?") {
            pathEnd = index
            query = ByteRange(index + 1..<path.upperBound)
            break
        }
        let request = RequestHead(
            method: ByteRange(head.methodRange), path: ByteRange(path.lowerBound..<pathEnd), query: query,
            authority: ByteRange(head.authorityRange), isGRPC: source == .http2 && head.flags.contains(.grpc))
        self.ranges.removeAll(keepingCapacity: true)
        for index in head.pseudoCount..<list.count {
            let field = list[index]
            self.ranges.append(FieldRange(name: ByteRange(field.nameRange), value: ByteRange(field.valueRange)))
        }
        switch self.connections[handle].direction {
        case .inbound: return self.decideInbound(handle, request, list.bytes.span, source)
        case .outbound: return self.decideOutbound(handle, request, list.bytes.span, source)
        }
    }

    /// Sends a request to where `choice` says, on a stream of the endpoint's connection.
    private mutating func begin(
        _ handle: Handle, _ stream: UInt32, _ list: inout HTTP2HeaderList, end: Bool, _ choice: Choice
    ) {
        guard !self.exchanges.isFull else {
            self.ended(choice, failure: .loadShed)
            return self.http2Answer(
                handle, stream, Answer(503, "service unavailable", grpc: 14, closes: true),
                isGRPC: list.request.flags.contains(.grpc))
        }
        let request = self.newExchange(handle, stream, list, end: end, choice)
        self.counts.requests &+= 1
        self.http2Send(request, &list)
    }

    /// A request of an HTTP/2 client, not sent yet.
    mutating func newExchange(
        _ handle: Handle, _ stream: UInt32, _ list: borrowing HTTP2HeaderList, end: Bool, _ choice: Choice
    ) -> Handle {
        let head = list.request
        var exchange = Exchange(
            down: .http2(handle, stream), direction: self.connections[handle].direction, method: head.method,
            started: self.now, choice: choice)
        exchange.isGRPC = head.flags.contains(.grpc)
        exchange.requestDone = end
        let request = self.exchanges.insert(exchange)
        self.sessions[self.connections[handle].session].codec.setUser(stream, request.bits)
        return request
    }

    /// Content of a request: goes on at once; the client gets its credit back when there is room for more.
    mutating func http2RequestContent(
        _ handle: Handle, _ stream: UInt32, _ request: Handle, _ content: Span<UInt8>, end: Bool
    ) {
        let session = self.connections[handle].session
        guard self.exchanges.contains(request) else {
            // The request was answered already.
            return self.sessions[session].codec.consumed(stream, content.count)
        }
        if end { self.exchanges[request].requestDone = true }
        self.keep(content, of: request)
        let up = self.exchanges[request].up
        let hasRoom: Bool
        switch up.kind {
        case .none: hasRoom = false  // It waits; what has come of it is kept, and no more than a window can come.
        case .http1: hasRoom = self.sendDowngraded(request, content, end: end)
        case .http2:
            hasRoom = self.sessions[self.connections[up.connection].session].codec.sendData(
                up.stream, content, end: end)
            self.markDirty(up.connection)
        }
        if hasRoom {
            self.sessions[session].codec.consumed(stream, content.count)
        } else if self.exchanges.contains(request) {
            self.exchanges[request].owedDown += content.count
        }
    }

    mutating func http2RequestTrailers(_ request: Handle, _ list: borrowing HTTP2HeaderList) {
        guard self.exchanges.contains(request) else { return }
        self.exchanges[request].requestDone = true
        self.keep(trailers: list, of: request)
        let up = self.exchanges[request].up
        switch up.kind {
        case .none: return
        case .http1: self.endDowngraded(request, list)
        case .http2:
            self.sessions[self.connections[up.connection].session].codec.sendHead(up.stream, list, end: true)
            self.markDirty(up.connection)
        }
    }

    /// The client has reset its stream, or we have for its sake.
    mutating func http2Abandoned(_ handle: Handle, _ stream: UInt32, _ request: Handle) {
        if self.exchanges.contains(request) { self.abandonUp(request, failure: .io) }
    }

    // MARK: - Answers in place of a server

    /// Ends a stream whose server failed: with an answer if none has begun.
    ///
    /// The proxy of a client is told that its request reached no application, so that it can send it elsewhere.
    mutating func http2Failed(_ exchange: Exchange, _ answer: Answer, wasReached: Bool) {
        let handle = exchange.down.connection
        guard self.connections.contains(handle), self.sessions.contains(self.connections[handle].session) else {
            return
        }
        self.payBack(exchange.down, exchange.owedDown)
        if !wasReached, exchange.direction == .inbound, self.connections[handle].flags.contains(.meshed) {
            self.http2Reset(exchange.down, code: .refusedStream)
        } else if exchange.answerStarted {
            // What was sent must not look complete.
            self.sessions[self.connections[handle].session].codec.reset(exchange.down.stream, .internalError)
            self.markDirty(handle)
        } else {
            self.http2Answer(handle, exchange.down.stream, answer, isGRPC: exchange.isGRPC)
        }
    }

    /// Answers in place of a server.
    mutating func http2Answer(_ handle: Handle, _ stream: UInt32, _ answer: Answer, isGRPC: Bool) {
        let session = self.connections[handle].session
        // Details go to applications behind us, and to proxies that proved who they are.
        let mayKnow =
            self.connections[handle].direction == .outbound || self.connections[handle].flags.contains(.meshed)
        guard self.sessions[session].codec.startHead(stream) else { return }
        if isGRPC {
            self.sessions[session].codec.addField(":status", "200")
            self.sessions[session].codec.addField("content-type", "application/grpc")
            self.sessions[session].codec.addField("grpc-status", String(answer.grpc))
            if mayKnow, let cause = answer.cause { self.sessions[session].codec.addField("grpc-message", cause) }
        } else {
            self.sessions[session].codec.addField(":status", String(answer.status))
            self.sessions[session].codec.addField("content-length", "0")
            if let location = answer.location { self.sessions[session].codec.addField("location", location) }
        }
        if mayKnow, let cause = answer.cause { self.sessions[session].codec.addField("l5d-proxy-error", cause) }
        if mayKnow, answer.closes { self.sessions[session].codec.addField("l5d-proxy-connection", "close") }
        self.sessions[session].codec.finishHead(end: true)
        self.markDirty(handle)
    }
}
