import MeshCodec
import MeshModel
import MeshReactor

/// Answers of HTTP/2 servers; their clients speak HTTP/2, too.
extension Worker {
    /// An answer's head is in `list`.
    mutating func http2Answered(
        _ handle: Handle, _ stream: UInt32, _ request: Handle, end: Bool, _ list: borrowing HTTP2HeaderList
    ) {
        guard self.exchanges.contains(request) else {
            return self.sessions[self.connections[handle].session].codec.reset(stream, .cancel)
        }
        let down = self.exchanges[request].down
        let session = self.connections[down.connection].session
        let dropsMesh = self.exchanges[request].direction == .outbound
        if !list.response.isInterim {
            self.answered(request, status: list.response.status)
            self.exchanges[request].answerStarted = true
            if let code = list.grpcStatus { self.exchanges[request].grpcStatus = code }
        }
        guard self.sessions[session].codec.startHead(down.stream) else { return }
        for index in 0..<list.count where !dropsMesh || !list[index].name.isMesh {
            self.sessions[session].codec.addField(list, index)
        }
        self.sessions[session].codec.finishHead(end: end)
        self.markDirty(down.connection)
        if end { self.http2Finish(request) }
    }

    /// Content of an answer: goes on at once; the server gets its credit back when there is room for more.
    mutating func http2AnswerContent(
        _ handle: Handle, _ stream: UInt32, _ request: Handle, _ content: Span<UInt8>, end: Bool
    ) {
        let session = self.connections[handle].session
        guard self.exchanges.contains(request) else {
            return self.sessions[session].codec.consumed(stream, content.count)
        }
        let down = self.exchanges[request].down
        let hasRoom = self.sessions[self.connections[down.connection].session].codec.sendData(
            down.stream, content, end: end)
        self.markDirty(down.connection)
        if hasRoom || end {
            self.sessions[session].codec.consumed(stream, content.count)
        } else {
            self.exchanges[request].owedUp += content.count
        }
        if end { self.http2Finish(request) }
    }

    mutating func http2AnswerTrailers(_ request: Handle, _ list: borrowing HTTP2HeaderList) {
        guard self.exchanges.contains(request) else { return }
        if let code = list.grpcStatus { self.exchanges[request].grpcStatus = code }
        let down = self.exchanges[request].down
        self.sessions[self.connections[down.connection].session].codec.sendHead(down.stream, list, end: true)
        self.markDirty(down.connection)
        self.http2Finish(request)
    }

    /// The answer is complete; a request that still goes on is of no interest any more.
    private mutating func http2Finish(_ request: Handle) {
        let exchange = self.remove(exchange: request)
        self.ended(exchange, failure: nil)
        // Credit that is still owed to the connection, whatever becomes of the streams.
        self.payBack(exchange.up, exchange.owedUp)
        self.payBack(exchange.down, exchange.owedDown)
        if !exchange.requestDone { self.http2Reset(exchange.up, code: .noError) }
    }

    /// The server has reset the stream: so do we to the client, with the same code.
    mutating func http2UpReset(_ request: Handle, _ code: HTTP2ErrorCode, byPeer: Bool) {
        let exchange = self.exchanges[request]
        let handle = exchange.up.connection
        let isLost = !byPeer && code == .internalError
        if !exchange.answerStarted, self.http2SendAgain(request, code, isLost: isLost) { return }
        guard byPeer || exchange.answerStarted, !isLost else {
            let isLate = self.connections[handle].failure == .timedOut
            let isOpen = self.connections[handle].phase == .open
            let cause = isOpen ? "connection closed" : isLate ? "connect timed out" : "connect failed"
            let answer =
                isLate ? Answer(504, cause, grpc: 4, closes: true) : Answer(502, cause, grpc: 14, closes: true)
            return self.upFailed(request, answer, .io, wasReached: isOpen)
        }
        _ = self.remove(exchange: request)
        self.ended(exchange, failure: .io)
        self.payBack(exchange.down, exchange.owedDown)
        self.http2Reset(exchange.down, code: code)
    }

    /// Ends a stream of a leg early.
    mutating func http2Reset(_ leg: Leg, code: HTTP2ErrorCode) {
        guard leg.kind == .http2, self.connections.contains(leg.connection) else { return }
        let session = self.connections[leg.connection].session
        guard self.sessions.contains(session) else { return }
        self.sessions[session].codec.reset(leg.stream, code)
        self.markDirty(leg.connection)
    }

    // MARK: - Backpressure

    /// A stream of the client (`isServer`) or of the server has room again: the other side may go on.
    mutating func http2HasRoom(_ request: Handle, isServer: Bool) {
        guard self.exchanges.contains(request) else { return }
        let other = isServer ? self.exchanges[request].up : self.exchanges[request].down
        self.resume(leg: other, of: request)
    }

    /// The other leg has room again: gives this one's peer the credit that was kept back.
    mutating func http2Resume(_ leg: Leg, of request: Handle) {
        let isDown = leg == self.exchanges[request].down
        let owed = isDown ? self.exchanges[request].owedDown : self.exchanges[request].owedUp
        if isDown { self.exchanges[request].owedDown = 0 } else { self.exchanges[request].owedUp = 0 }
        self.payBack(leg, owed)
    }

    mutating func payBack(_ leg: Leg, _ owed: Int) {
        guard owed > 0, leg.kind == .http2, self.connections.contains(leg.connection) else { return }
        let session = self.connections[leg.connection].session
        guard self.sessions.contains(session) else { return }
        self.sessions[session].codec.consumed(leg.stream, owed)
        self.markDirty(leg.connection)
    }
}
