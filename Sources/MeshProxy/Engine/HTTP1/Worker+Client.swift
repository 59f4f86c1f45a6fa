import MeshCodec
import MeshModel
import MeshReactor
import MeshSecure

/// Answers of HTTP/1 servers.
extension Worker {
    /// Uses bytes of a server; returns how many.
    mutating func clientReceived(_ handle: Handle, _ bytes: Span<UInt8>) -> Int {
        guard self.exchanges.contains(self.connections[handle].exchange) else {
            // Nobody asked: whatever it is, it must not be taken for the next answer.
            self.close(handle)
            return bytes.count
        }
        let request = self.connections[handle].exchange
        if self.exchanges[request].down.kind == .http2 { return self.downgradedReceived(handle, request, bytes) }
        switch self.connections[handle].message.part {
        case .head: return self.clientHead(handle, bytes)
        case .body: return self.clientBody(handle, bytes)
        case .done:
            self.broke(handle)
            return bytes.count
        }
    }

    private mutating func clientHead(_ handle: Handle, _ bytes: Span<UInt8>) -> Int {
        let request = self.connections[handle].exchange
        let head: HTTP1ResponseHead
        do throws(HTTP1Error) {
            guard
                let scanned = try HTTP1ResponseHead.scan(
                    bytes, fields: &self.fields, progress: &self.connections[handle].message.progress)
            else {
                self.connections[handle].flags.insert(.starved)
                return 0
            }
            head = scanned
        } catch {
            self.buffers.clear(&self.connections[handle].replay)
            self.upFailed(request, Answer(502, "invalid response", closes: true), .io)
            return bytes.count
        }
        self.connections[handle].message.progress = HTTP1ScanProgress()
        self.buffers.clear(&self.connections[handle].replay)
        if head.isInterim {
            if !self.exchanges[request].isHTTP10, self.exchanges[request].down.kind == .http1 {
                self.write(self.exchanges[request].down.connection, bytes.extracting(0..<head.length))
            }
            return head.length
        }
        self.answered(request, status: head.status)
        if self.startsTunnel(request, head) { return self.switchProtocols(handle, request, head, bytes) }
        return self.beginAnswer(handle, request, head, bytes)
    }

    private func startsTunnel(_ request: Handle, _ head: HTTP1ResponseHead) -> Bool {
        guard self.exchanges[request].asksUpgrade else { return false }
        return head.status == 101 || self.exchanges[request].method == .connect && (200...299).contains(head.status)
    }

    private mutating func beginAnswer(
        _ handle: Handle, _ request: Handle, _ head: HTTP1ResponseHead, _ bytes: Span<UInt8>
    ) -> Int {
        // 101 without having been asked, or chunks for a client that knows none.
        let isHTTP10 = self.exchanges[request].isHTTP10
        guard head.status != 101, !(isHTTP10 && head.flags.contains(.chunked)) else {
            self.upFailed(request, Answer(502, "invalid response", closes: true), .io)
            return bytes.count
        }
        var body = HTTP1Body(response: head, to: self.exchanges[request].method)
        if body.kind == .untilClose || self.isDraining { self.exchanges[request].closesDown = true }
        if !head.isPersistent { self.connections[handle].flags.insert(.closesAfterUse) }
        var end = self.writeAnswerHead(request, head, bytes)
        let rest = bytes.extracting(head.length..<bytes.count)
        let used: Int
        do throws(HTTP1Error) { used = try body.consume(rest) } catch {
            self.upFailed(request, Answer(502, "invalid response", closes: true), .io)
            return bytes.count
        }
        end = self.outgoing.write(rest.extracting(0..<used), at: end)
        self.connections[handle].message.body = body
        self.connections[handle].message.part = .body
        self.exchanges[request].answerStarted = true
        let down = self.exchanges[request].down
        let outgoing = self.outgoing
        self.write(down.connection, outgoing.bytes(0..<end))
        if body.isComplete {
            self.finish(request)
        } else if self.isBacklogged(down.connection) {
            self.pause(handle)
        }
        return head.length + used
    }

    private mutating func writeAnswerHead(
        _ request: Handle, _ head: HTTP1ResponseHead, _ bytes: Span<UInt8>
    ) -> Int {
        self.edit.plan(
            head, fields: self.fields, bytes: bytes,
            dropping: self.exchanges[request].direction == .outbound ? [.hopByHop, .mesh] : [.hopByHop])
        let outgoing = self.outgoing
        var end = 0
        for index in 0..<self.edit.count { end = outgoing.write(bytes.extracting(self.edit[index]), at: end) }
        if self.exchanges[request].closesDown, !self.edit.keepsUpgrade {
            end = outgoing.write("connection: close\r\n", at: end)
        } else if self.exchanges[request].isHTTP10 {
            end = outgoing.write("connection: keep-alive\r\n", at: end)
        }
        return outgoing.write("\r\n", at: end)
    }

    private mutating func clientBody(_ handle: Handle, _ bytes: Span<UInt8>) -> Int {
        let request = self.connections[handle].exchange
        let used: Int
        do throws(HTTP1Error) {
            used = try self.connections[handle].message.body.consume(bytes)
        } catch {
            self.broke(handle)
            return bytes.count
        }
        let down = self.exchanges[request].down
        self.write(down.connection, bytes.extracting(0..<used))
        if self.connections[handle].message.body.isComplete {
            self.finish(request)
        } else if self.isBacklogged(down.connection) {
            self.pause(handle)
        }
        return used
    }

    /// 101, or success of CONNECT: from here on bytes pass unseen.
    private mutating func switchProtocols(
        _ handle: Handle, _ request: Handle, _ head: HTTP1ResponseHead, _ bytes: Span<UInt8>
    ) -> Int {
        let end = self.writeAnswerHead(request, head, bytes)
        let outgoing = self.outgoing
        let exchange = self.remove(exchange: request)
        self.ended(exchange, failure: nil)
        self.write(exchange.down.connection, outgoing.bytes(0..<end))
        self.join(exchange.down.connection, handle)
        return head.length
    }

    /// The answer is complete: both connections are free, or end.
    private mutating func finish(_ request: Handle) {
        let exchange = self.remove(exchange: request)
        self.ended(exchange, failure: nil)
        let server = exchange.up.connection
        if exchange.requestDone, !self.connections[server].flags.contains(.closesAfterUse) {
            self.checkIn(server)
        } else {
            self.close(server)
        }
        let client = exchange.down.connection
        if exchange.closesDown || !exchange.requestDone {
            self.closeSoon(client)
        } else {
            self.nextRequest(client)
        }
    }

    /// The server has ended its side.
    mutating func clientEnded(_ handle: Handle) {
        let request = self.connections[handle].exchange
        guard self.exchanges.contains(request) else { return self.close(handle) }
        guard self.connections[handle].message.part == .body, self.connections[handle].message.body.isWholeIfClosed,
            // A TLS peer must say that it meant to end here.
            self.connections[handle].tls == nil || self.connections[handle].tls?.state == .ended
        else { return self.clientBroke(handle) }
        if self.exchanges[request].down.kind == .http2 { return self.downgradedEnded(handle, request) }
        self.connections[handle].flags.insert(.closesAfterUse)
        self.finish(request)
    }

    /// The server is gone, or was never reached.
    mutating func clientBroke(_ handle: Handle) {
        let request = self.connections[handle].exchange
        let wasReached = self.connections[handle].phase == .open
        if !wasReached { self.connectFailed(handle) }
        guard self.exchanges.contains(request) else { return self.close(handle) }
        if self.sendAgain(handle, request) { return }
        let isLate = self.connections[handle].failure == .timedOut
        let answer =
            wasReached
            ? Answer(502, "connection closed", grpc: 14, closes: true)
            : isLate
                ? Answer(504, "connect timed out", grpc: 4, closes: true)
                : Answer(502, "connect failed", grpc: 14, closes: true)
        self.upFailed(request, answer, .io, wasReached: wasReached)
    }

    /// The server's side of an exchange failed: the client gets an answer, or a broken one.
    mutating func upFailed(
        _ request: Handle, _ answer: Answer, _ failure: Outcome.Failure, wasReached: Bool = true
    ) {
        let exchange = self.remove(exchange: request)
        self.ended(exchange, failure: failure)
        if exchange.up.kind == .http1, self.connections.contains(exchange.up.connection) {
            self.connections[exchange.up.connection].exchange = .none
            self.close(exchange.up.connection)
        }
        switch exchange.down.kind {
        case .none: return
        case .http1:
            let client = exchange.down.connection
            guard self.connections.contains(client) else { return }
            self.connections[client].exchange = .none
            if exchange.answerStarted {
                self.reset(client)  // What was sent must not look complete.
            } else {
                self.answer(client, answer, requestBody: nil, isHTTP10: exchange.isHTTP10)
            }
        case .http2: self.http2Failed(exchange, answer, wasReached: wasReached)
        }
    }
}
