import MeshCodec
import MeshModel
import MeshPolicy
import MeshReactor

/// Requests that a peer's proxy turned from HTTP/1 into HTTP/2: turned back for the application (`l5d-orig-proto`).
extension Worker {
    mutating func beginDowngraded(
        _ handle: Handle, _ stream: UInt32, _ list: borrowing HTTP2HeaderList, end: Bool, _ choice: Choice
    ) {
        guard list.request.method != .connect else {
            // Proxies leave CONNECT as it is; made of HTTP/2 it would be a tunnel that nobody watches.
            self.ended(choice, failure: .unknown)
            return self.http2Answer(handle, stream, Answer(501, "unsupported method", grpc: 12), isGRPC: false)
        }
        guard !self.exchanges.isFull, let server = self.checkOut(choice.pool) else {
            self.ended(choice, failure: .loadShed)
            return self.http2Answer(
                handle, stream, Answer(503, "service unavailable", grpc: 14, closes: true), isGRPC: false)
        }
        let head = list.request
        var exchange = Exchange(
            down: .http2(handle, stream), direction: self.connections[handle].direction, method: head.method,
            started: self.now, choice: choice)
        exchange.up = .http1(server)
        exchange.requestDone = end
        exchange.isReplayable = end && head.method.isIdempotent
        exchange.chunksUp = !end && head.contentLength == nil
        let count = self.writeDowngradedHead(handle, list, chunked: exchange.chunksUp)
        let request = self.exchanges.insert(exchange)
        self.sessions[self.connections[handle].session].codec.setUser(stream, request.bits)
        self.connections[server].exchange = request
        self.counts.requests &+= 1
        let outgoing = self.outgoing
        self.sendRequest(request, server, outgoing.bytes(0..<count))
    }

    private mutating func writeDowngradedHead(
        _ handle: Handle, _ list: borrowing HTTP2HeaderList, chunked: Bool
    ) -> Int {
        let outgoing = self.outgoing
        let head = list.request
        let bytes = list.bytes.span
        var end = outgoing.write(bytes.extracting(head.methodRange), at: 0)
        end = outgoing.write(" ", at: end)
        if Self.isAbsolute(list) {
            end = outgoing.write("http://", at: end)
            end = outgoing.write(bytes.extracting(head.authorityRange), at: end)
        }
        end = outgoing.write(bytes.extracting(head.pathRange), at: end)
        end = outgoing.write(" HTTP/1.1\r\nhost: ", at: end)
        end = outgoing.write(bytes.extracting(head.authorityRange), at: end)
        end = outgoing.write("\r\n", at: end)
        for index in head.pseudoCount..<list.count {
            let field = list[index]
            guard field.name != .host, field.name != .te, !field.name.isMesh, !Self.isCookie(field, bytes) else {
                continue
            }
            end = outgoing.write(bytes.extracting(field.nameRange), at: end)
            end = outgoing.write(": ", at: end)
            end = outgoing.write(bytes.extracting(field.valueRange), at: end)
            end = outgoing.write("\r\n", at: end)
        }
        end = self.writeCookies(list, at: end)
        if let name = self.connections[handle].identity.name {
            end = outgoing.write("l5d-client-id: ", at: end)
            end = outgoing.write(name.bytes.span, at: end)
            end = outgoing.write("\r\n", at: end)
        }
        if chunked { end = outgoing.write("transfer-encoding: chunked\r\n", at: end) }
        return outgoing.write("\r\n", at: end)
    }

    private static func isCookie(_ field: HTTP2Field, _ bytes: Span<UInt8>) -> Bool {
        field.name == .other && bytes.extracting(field.nameRange).equalsIgnoringCase("cookie")
    }

    /// Cookies may come in several fields, which HTTP/1 knows one of (RFC 9113 §8.2.3).
    private func writeCookies(_ list: borrowing HTTP2HeaderList, at start: Int) -> Int {
        let outgoing = self.outgoing
        let bytes = list.bytes.span
        var end = start
        for index in list.request.pseudoCount..<list.count where Self.isCookie(list[index], bytes) {
            end = outgoing.write(end == start ? "cookie: " : "; ", at: end)
            end = outgoing.write(bytes.extracting(list[index].valueRange), at: end)
        }
        return end == start ? end : outgoing.write("\r\n", at: end)
    }

    /// Whether the target was absolute: `HTTP/1.1; absolute-form`.
    private static func isAbsolute(_ list: borrowing HTTP2HeaderList) -> Bool {
        list.text("l5d-orig-proto")?.hasSuffix("; absolute-form") ?? false
    }

    /// Sends content in HTTP/1's framing; false when the server is slow.
    mutating func sendDowngraded(_ request: Handle, _ content: Span<UInt8>, end: Bool) -> Bool {
        let server = self.exchanges[request].up.connection
        if self.exchanges[request].chunksUp {
            if !content.isEmpty {
                let outgoing = self.outgoing
                var count = outgoing.write(hexadecimal: content.count, at: 0)
                count = outgoing.write("\r\n", at: count)
                count = outgoing.write(content, at: count)
                count = outgoing.write("\r\n", at: count)
                self.write(server, outgoing.bytes(0..<count))
            }
            if end { self.endDowngraded(request) }
        } else {
            self.write(server, content)
        }
        return !self.isBacklogged(server)
    }

    /// Ends the body of a request.
    private mutating func endDowngraded(_ request: Handle) {
        guard self.exchanges[request].chunksUp else { return }
        self.exchanges[request].chunksUp = false
        let outgoing = self.outgoing
        let count = outgoing.write("0\r\n\r\n", at: 0)
        self.write(self.exchanges[request].up.connection, outgoing.bytes(0..<count))
    }

    /// Ends the body of a request with trailers; HTTP/1 has no place for them behind a body of known length.
    mutating func endDowngraded(_ request: Handle, _ list: borrowing HTTP2HeaderList) {
        guard self.exchanges[request].chunksUp else { return }
        self.exchanges[request].chunksUp = false
        let outgoing = self.outgoing
        let bytes = list.bytes.span
        var end = outgoing.write("0\r\n", at: 0)
        for index in 0..<list.count where list[index].name.mayTrail {
            end = outgoing.write(bytes.extracting(list[index].nameRange), at: end)
            end = outgoing.write(": ", at: end)
            end = outgoing.write(bytes.extracting(list[index].valueRange), at: end)
            end = outgoing.write("\r\n", at: end)
        }
        end = outgoing.write("\r\n", at: end)
        self.write(self.exchanges[request].up.connection, outgoing.bytes(0..<end))
    }

    // MARK: - Answers

    /// Uses bytes of a server whose client speaks HTTP/2; returns how many.
    mutating func downgradedReceived(_ handle: Handle, _ request: Handle, _ bytes: Span<UInt8>) -> Int {
        switch self.connections[handle].message.part {
        case .head: return self.downgradedHead(handle, request, bytes)
        case .body: return self.downgradedBody(handle, request, bytes)
        case .done:
            self.broke(handle)
            return bytes.count
        }
    }

    private mutating func downgradedHead(_ handle: Handle, _ request: Handle, _ bytes: Span<UInt8>) -> Int {
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
        guard head.status != 101 else {
            self.upFailed(request, Answer(502, "invalid response", closes: true), .io)
            return bytes.count
        }
        let body = HTTP1Body(response: head, to: self.exchanges[request].method)
        let isWhole = body.isComplete && !head.isInterim
        self.sendUpgradedHead(request, head, bytes, end: isWhole)
        guard !head.isInterim else { return head.length }
        self.answered(request, status: head.status)
        self.exchanges[request].answerStarted = true
        if !head.isPersistent { self.connections[handle].flags.insert(.closesAfterUse) }
        self.connections[handle].message.body = body
        self.connections[handle].message.part = .body
        if isWhole { self.finishDowngraded(request) }
        return head.length
    }

    private mutating func sendUpgradedHead(
        _ request: Handle, _ head: HTTP1ResponseHead, _ bytes: Span<UInt8>, end: Bool
    ) {
        let down = self.exchanges[request].down
        let session = self.connections[down.connection].session
        guard self.sessions[session].codec.startHead(down.stream) else { return }
        self.sessions[session].codec.addField(":status", String(head.status))
        var scratch: [UInt8] = []
        swap(&scratch, &self.spare)
        for index in 0..<self.fields.count
        where !self.fields.concernsConnection(index, in: bytes, flags: head.flags) {
            let field = self.fields[index]
            self.sessions[session].codec.addField(
                folding: bytes.extracting(field.nameRange), bytes.extracting(field.valueRange), &scratch)
        }
        swap(&scratch, &self.spare)
        self.sessions[session].codec.addField(
            "l5d-orig-proto", head.version == .http11 ? "HTTP/1.1" : "HTTP/1.0")
        self.sessions[session].codec.finishHead(end: end)
        self.markDirty(down.connection)
    }

    private mutating func downgradedBody(_ handle: Handle, _ request: Handle, _ bytes: Span<UInt8>) -> Int {
        let down = self.exchanges[request].down
        let session = self.connections[down.connection].session
        self.markDirty(down.connection)
        var offset = 0
        var hasRoom = true
        do throws(HTTP1Error) {
            while true {
                let rest = bytes.extracting(droppingFirst: offset)
                switch try self.connections[handle].message.body.next(rest) {
                case .needsMore:
                    if !hasRoom { self.pause(handle) }
                    return offset
                case .framing(let count): offset += count
                case .trailers(let count):
                    self.downgradedTrailers(handle, request, rest.extracting(first: count))
                    offset += count
                    if self.connections[handle].message.body.isComplete {
                        self.finishDowngraded(request)
                        return offset
                    }
                case .data(let count):
                    let end = self.connections[handle].message.body.isComplete
                    hasRoom = self.sessions[session].codec.sendData(
                        down.stream, rest.extracting(first: count), end: end)
                    offset += count
                    if end {
                        self.finishDowngraded(request)
                        return offset
                    }
                case .end:
                    _ = self.sessions[session].codec.sendData(down.stream, bytes.extracting(first: 0), end: true)
                    self.finishDowngraded(request)
                    return offset
                }
            }
        } catch {
            self.broke(handle)
            return bytes.count
        }
    }

    /// The server has ended its side, which ends a body without a length.
    mutating func downgradedEnded(_ handle: Handle, _ request: Handle) {
        let down = self.exchanges[request].down
        let session = self.connections[down.connection].session
        let nothing = self.outgoing
        _ = self.sessions[session].codec.sendData(down.stream, nothing.bytes(0..<0), end: true)
        self.markDirty(down.connection)
        self.connections[handle].flags.insert(.closesAfterUse)
        self.finishDowngraded(request)
    }

    /// The answer is complete: the server's connection is free, or ends.
    private mutating func finishDowngraded(_ request: Handle) {
        let exchange = self.remove(exchange: request)
        self.ended(exchange, failure: nil)
        let server = exchange.up.connection
        if exchange.requestDone, !self.connections[server].flags.contains(.closesAfterUse) {
            self.checkIn(server)
        } else {
            self.close(server)
        }
    }
}
