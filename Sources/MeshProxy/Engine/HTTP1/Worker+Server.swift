import MeshCodec
import MeshModel
import MeshPolicy
import MeshReactor

/// Requests of HTTP/1 clients.
extension Worker {
    /// How long a head may take from its first bytes to its end.
    private static var headTimeout: Duration { .seconds(60) }

    /// Uses bytes of a client; returns how many.
    mutating func serverReceived(_ handle: Handle, _ bytes: Span<UInt8>) -> Int {
        switch self.connections[handle].message.part {
        case .head: return self.serverHead(handle, bytes)
        case .body: return self.serverBody(handle, bytes)
        case .done:
            self.pause(handle)
            return 0
        }
    }

    private mutating func serverHead(_ handle: Handle, _ bytes: Span<UInt8>) -> Int {
        let head: HTTP1RequestHead
        do throws(HTTP1Error) {
            guard
                let scanned = try HTTP1RequestHead.scan(
                    bytes, fields: &self.fields, progress: &self.connections[handle].message.progress)
            else {
                self.connections[handle].flags.insert(.starved)
                if self.connections[handle].timer == .none { self.setTimer(handle, Self.headTimeout) }
                return 0
            }
            head = scanned
        } catch {
            // Whatever follows cannot be told apart from the broken request.
            self.answer(handle, Answer(UInt16(error.status), closes: true), requestBody: nil)
            return bytes.count
        }
        self.connections[handle].message.progress = HTTP1ScanProgress()
        if self.connections[handle].timer != .none, !self.connections[handle].flags.contains(.waiting) {
            self.clearTimer(handle)
        }
        switch self.decide(handle, head, bytes) {
        case .wait:
            self.pause(handle)
            return 0
        case .answer(let answer):
            self.stopWaiting(handle)
            self.counts.refused &+= 1
            return self.refuse(handle, head, bytes, answer)
        case .send(let choice):
            return self.begin(handle, head, bytes, choice)
        }
    }

    /// Answers in place of an application; the request's body is read and dropped.
    private mutating func refuse(
        _ handle: Handle, _ head: HTTP1RequestHead, _ bytes: Span<UInt8>, _ answer: Answer
    ) -> Int {
        var answer = answer
        if !head.isPersistent || head.flags.contains(.expectContinue) || head.method == .connect {
            answer.closes = true
        }
        self.answer(handle, answer, requestBody: HTTP1Body(request: head), isHTTP10: head.version == .http10)
        return head.length
    }

    /// Sends a request to where `choice` says.
    private mutating func begin(
        _ handle: Handle, _ head: HTTP1RequestHead, _ bytes: Span<UInt8>, _ choice: Choice
    ) -> Int {
        var body = HTTP1Body(request: head)
        let mayRepeat = head.method.isIdempotent && !head.isUpgrade
        guard !self.exchanges.isFull,
            let server = self.checkOut(choice.pool, carefully: !mayRepeat || body.kind != .none)
        else {
            self.ended(choice, failure: .loadShed)
            return self.refuse(handle, head, bytes, Answer(503, "service unavailable", closes: true))
        }
        var exchange = Exchange(
            down: .http1(handle), direction: self.connections[handle].direction, method: head.method,
            started: self.now, choice: choice)
        exchange.up = .http1(server)
        exchange.closesDown = !head.isPersistent || self.isDraining
        exchange.isHTTP10 = head.version == .http10
        exchange.asksUpgrade = head.isUpgrade || head.method == .connect
        var end = self.writeRequestHead(handle, head, bytes)
        let rest = bytes.extracting(head.length..<bytes.count)
        let used: Int
        do throws(HTTP1Error) { used = try body.consume(rest) } catch {
            self.ended(choice, failure: .unknown)
            self.close(server)
            self.answer(handle, Answer(UInt16(error.status), closes: true), requestBody: nil)
            return bytes.count
        }
        end = self.outgoing.write(rest.extracting(0..<used), at: end)
        exchange.requestDone = body.isComplete
        exchange.isReplayable = mayRepeat && body.isComplete
        let request = self.exchanges.insert(exchange)
        self.connections[handle].exchange = request
        self.connections[handle].message.body = body
        self.connections[handle].message.part = body.isComplete ? .done : .body
        self.connections[server].exchange = request
        self.counts.requests &+= 1
        let outgoing = self.outgoing
        self.sendRequest(request, server, outgoing.bytes(0..<end))
        if body.isComplete || self.isBacklogged(server) { self.pause(handle) }
        return head.length + used
    }

    /// Writes the head as it is passed on into ``outgoing``; returns its end.
    private mutating func writeRequestHead(
        _ handle: Handle, _ head: HTTP1RequestHead, _ bytes: Span<UInt8>
    ) -> Int {
        self.edit.plan(head, fields: self.fields, bytes: bytes, dropping: [.hopByHop, .mesh])
        let outgoing = self.outgoing
        var end = 0
        for index in 0..<self.edit.count { end = outgoing.write(bytes.extracting(self.edit[index]), at: end) }
        if self.connections[handle].direction == .inbound, let name = self.connections[handle].identity.name {
            end = outgoing.write("l5d-client-id: ", at: end)
            end = outgoing.write(name.bytes.span, at: end)
            end = outgoing.write("\r\n", at: end)
        }
        return outgoing.write("\r\n", at: end)
    }

    private mutating func serverBody(_ handle: Handle, _ bytes: Span<UInt8>) -> Int {
        let used: Int
        do throws(HTTP1Error) {
            used = try self.connections[handle].message.body.consume(bytes)
        } catch {
            self.broke(handle)
            return bytes.count
        }
        let isComplete = self.connections[handle].message.body.isComplete
        let request = self.connections[handle].exchange
        guard self.exchanges.contains(request) else {
            // The request was refused; its body is dropped.
            if isComplete { self.nextRequest(handle) }
            return used
        }
        let up = self.exchanges[request].up
        if up.kind == .http1 {
            self.write(up.connection, bytes.extracting(0..<used))
            if self.isBacklogged(up.connection) { self.pause(handle) }
        }
        if isComplete {
            self.connections[handle].message.part = .done
            self.exchanges[request].requestDone = true
            self.pause(handle)
        }
        return used
    }

    /// The connection is free for another request.
    mutating func nextRequest(_ handle: Handle) {
        self.connections[handle].message = HTTP1Message()
        self.connections[handle].exchange = .none
        if self.isDraining, self.connections[handle].held.isEmpty { return self.closeSoon(handle) }
        if self.connections[handle].flags.contains(.ended) { return self.closeSoon(handle) }
        self.connections[handle].flags.remove(.starved)
        self.resume(handle)
    }

    /// The client has ended its side: perhaps between requests, perhaps after its last, perhaps inside one.
    mutating func serverEnded(_ handle: Handle) {
        let part = self.connections[handle].message.part
        let request = self.connections[handle].exchange
        guard self.exchanges.contains(request) else { return self.closeSoon(handle) }
        if part == .done {
            self.exchanges[request].closesDown = true  // It still gets its answer.
        } else {
            self.serverBroke(handle)
        }
    }

    /// The client is gone: nobody waits for the answer.
    mutating func serverBroke(_ handle: Handle) {
        let request = self.connections[handle].exchange
        if self.exchanges.contains(request) { self.abandonUp(request, failure: .io) }
        self.reset(handle)
    }

    /// The client's side of an exchange is gone; takes its other side down.
    mutating func abandonUp(_ request: Handle, failure: Outcome.Failure) {
        let exchange = self.remove(exchange: request)
        self.ended(exchange, failure: failure)
        switch exchange.up.kind {
        case .none: return
        case .http1:
            guard self.connections.contains(exchange.up.connection) else { return }
            self.connections[exchange.up.connection].exchange = .none
            self.close(exchange.up.connection)
        case .http2: self.http2Reset(exchange.up, code: .cancel)
        }
    }
}
