// What the owner of a connection does with it.
extension HTTP2Connection {
    /// Opens a stream for a request; its head has to follow at once.
    ///
    /// - Returns: nil if the peer allows no more streams now, or the connection is about to end.
    public mutating func open(user: UInt64, isHead: Bool = false) -> UInt32? {
        guard self.role == .client, self.canOpen else { return nil }
        let id = self.nextStream
        self.nextStream += 2
        var stream = HTTP2Stream(
            id: id, user: user, sendWindow: self.peerStreamWindow, receiveWindow: self.settings.streamWindow)
        if isHead { stream.flags.insert(.isHead) }
        _ = self.streams.insert(stream)
        return id
    }

    /// Attaches `user` to a stream; it comes with the stream's later events.
    public mutating func setUser(_ stream: UInt32, _ user: UInt64) {
        guard let place = self.streams.place(of: stream) else { return }
        self.streams[place].user = user
    }

    /// Whether the stream is still open in either direction.
    public func isOpen(_ stream: UInt32) -> Bool { self.streams.place(of: stream) != nil }

    /// Content of a stream that the peer's windows, or the owner, do not admit yet.
    public func heldCount(_ stream: UInt32) -> Int {
        guard let place = self.streams.place(of: stream) else { return 0 }
        return self.streams[place].held.count - self.streams[place].heldOffset
    }

    // MARK: - Heads

    /// Starts a head, to be followed by its fields, pseudo-header fields first, and ``finishHead(end:)``.
    ///
    /// - Returns: false if the stream is gone; the rest must then be left out.
    public mutating func startHead(_ stream: UInt32) -> Bool {
        guard let place = self.streams.place(of: stream), !self.streams[place].flags.contains(.sentEnd) else {
            return false
        }
        self.headStart = self.output.count
        self.headStream = stream
        HTTP2FrameWriter.header(
            length: 0, type: HTTP2FrameType.headers, flags: HTTP2Flag.endHeaders, stream: stream, into: &self.output)
        self.encoder.begin(into: &self.output)
        return true
    }

    /// Adds the field at `index` of `list` to the head.
    @inline(__always)
    public mutating func addField(_ list: borrowing HTTP2HeaderList, _ index: Int) {
        let field = list[index]
        self.encoder.encode(
            name: list.bytes.span.extracting(field.nameRange), value: list.bytes.span.extracting(field.valueRange),
            field: field.name, staticName: field.staticName, isSensitive: field.isSensitive, into: &self.output)
    }

    /// Adds a field to the head; `name` must be in lower case and both must be free of control characters.
    public mutating func addField(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        self.encoder.encode(
            name: name, value: value, field: .recognise(name, at: 0, count: name.count),
            staticName: HPACKStaticTable.shared.index(ofName: name), isSensitive: false, into: &self.output)
    }

    /// Adds a field to the head; `name` must be in lower case and both must be free of control characters.
    public mutating func addField(_ name: String, _ value: String) {
        self.addField(name.utf8Span.span, value.utf8Span.span)
    }

    /// Adds a field of an HTTP/1 head, whose name may have upper-case letters; `scratch` is for folding them.
    public mutating func addField(folding name: Span<UInt8>, _ value: Span<UInt8>, _ scratch: inout [UInt8]) {
        scratch.removeAll(keepingCapacity: true)
        for index in name.indices {
            let byte = name[index]
            scratch.append(byte &- 0x41 < 26 ? byte | 0x20 : byte)
        }
        self.addField(scratch.span, value)
    }

    /// Ends the head; with `end` nothing follows on the stream.
    public mutating func finishHead(end: Bool) {
        guard self.headStart >= 0 else { return }
        let start = self.headStart
        self.headStart = -1
        let length = self.output.count &- start &- HTTP2FrameHeader.byteCount
        if end { self.output[start &+ 4] |= HTTP2Flag.endStream }
        if length <= Self.frameBytesMax {
            self.output[start] = UInt8(truncatingIfNeeded: length &>> 16)
            self.output[start &+ 1] = UInt8(truncatingIfNeeded: length &>> 8)
            self.output[start &+ 2] = UInt8(truncatingIfNeeded: length)
        } else {
            self.splitHead(from: start)
        }
        if end, let place = self.streams.place(of: self.headStream) { self.sentEnd(at: place) }
    }

    /// Cuts a long header block into HEADERS and CONTINUATION frames.
    private mutating func splitHead(from start: Int) {
        let block = Array(self.output[(start + HTTP2FrameHeader.byteCount)...])
        let flags = self.output[start + 4] & ~HTTP2Flag.endHeaders
        self.output.removeSubrange(start...)
        var offset = 0
        while offset < block.count {
            let count = min(Self.frameBytesMax, block.count - offset)
            let isLast = offset + count == block.count
            HTTP2FrameWriter.header(
                length: count, type: offset == 0 ? HTTP2FrameType.headers : HTTP2FrameType.continuation,
                flags: (offset == 0 ? flags : 0) | (isLast ? HTTP2Flag.endHeaders : 0), stream: self.headStream,
                into: &self.output)
            self.output.append(block.span.extracting(offset..<(offset + count)))
            offset += count
        }
    }

    /// Sends a whole list as head or, behind content, as trailers (then `end` must be true).
    ///
    /// - Returns: false if the stream is gone.
    @discardableResult
    public mutating func sendHead(_ stream: UInt32, _ list: borrowing HTTP2HeaderList, end: Bool) -> Bool {
        guard let place = self.streams.place(of: stream) else { return false }
        if !self.streams[place].held.isEmpty {
            self.holdTrailers(list, at: place)
            return true
        }
        guard self.startHead(stream) else { return false }
        for index in 0..<list.count { self.addField(list, index) }
        self.finishHead(end: end)
        return true
    }

    // MARK: - Content

    /// Sends content; with `end` nothing follows on the stream.
    ///
    /// All of it is taken, even if the peer has no room for it.
    /// - Returns: whether there is room for more. After false, nothing should be sent before
    ///   ``HTTP2Event/resumed(stream:user:)``.
    public mutating func sendData(_ stream: UInt32, _ bytes: Span<UInt8>, end: Bool) -> Bool {
        guard let place = self.streams.place(of: stream),
            self.streams[place].flags.isDisjoint(with: [.sentEnd, .heldEnd])
        else { return true }
        guard self.streams[place].held.isEmpty, !self.isBackedUp || bytes.isEmpty else {
            self.hold(bytes, end: end, at: place)
            return false
        }
        let room = max(0, min(self.sendWindow, self.streams[place].sendWindow))
        let sent = min(bytes.count, room)
        let isAll = sent == bytes.count
        if sent > 0 || isAll && end {
            self.writeData(stream, bytes.extracting(first: sent), end: end && isAll)
            self.sendWindow &-= sent
            self.streams[place].sendWindow &-= sent
        }
        guard isAll else {
            self.hold(bytes.extracting(droppingFirst: sent), end: end, at: place)
            return false
        }
        if end { self.sentEnd(at: place) }
        return true
    }

    private var isBackedUp: Bool { self.isCongested || self.output.count > Self.outputBytesHigh }

    private mutating func writeData(_ stream: UInt32, _ bytes: Span<UInt8>, end: Bool) {
        var offset = 0
        repeat {
            let count = min(Self.frameBytesMax, bytes.count &- offset)
            let isLast = offset &+ count == bytes.count
            HTTP2FrameWriter.header(
                length: count, type: HTTP2FrameType.data, flags: end && isLast ? HTTP2Flag.endStream : 0,
                stream: stream, into: &self.output)
            self.output.append(bytes.extracting(offset..<(offset &+ count)))
            offset &+= count
        } while offset < bytes.count
    }

    private mutating func sentEnd(at place: Int) {
        self.streams[place].flags.insert(.sentEnd)
        self.dropIfEnded(at: place)
    }

    // MARK: - Content that has to wait

    private mutating func hold(_ bytes: Span<UInt8>, end: Bool, at place: Int) {
        if self.streams[place].held.isEmpty, !bytes.isEmpty { self.heldStreams += 1 }
        self.streams[place].held.append(bytes)
        if end { self.streams[place].flags.insert(.heldEnd) }
    }

    private mutating func holdTrailers(_ list: borrowing HTTP2HeaderList, at place: Int) {
        guard self.streams[place].flags.isDisjoint(with: [.heldEnd, .heldTrailers]) else { return }
        self.streams[place].heldTrailersStart = self.streams[place].held.count
        self.streams[place].flags.formUnion([.heldEnd, .heldTrailers])
        for index in 0..<list.count {
            let field = list[index]
            for count in [field.nameCount, field.valueCount] {
                self.streams[place].held.append(UInt8(truncatingIfNeeded: count >> 8))
                self.streams[place].held.append(UInt8(truncatingIfNeeded: count))
            }
            self.streams[place].held.append(
                list.bytes.span.extracting(field.nameRange.lowerBound..<field.valueRange.upperBound))
        }
    }

    /// Says whether output can be passed on; when it can again, sends what was held meanwhile.
    ///
    /// Events may follow: call ``nextEvent()``.
    public mutating func setCongested(_ isCongested: Bool) {
        self.isCongested = isCongested
        if !isCongested { self.sendHeld() }
    }

    /// Sends what the windows admit of everything held.
    ///
    /// Streams take turns, a few at a time: a peer that opens its window byte by byte costs no walk over all of them.
    mutating func sendHeld() {
        while self.heldStreams > 0, self.sendWindow > 0, !self.isBackedUp {
            var ids = InlineArray<16, UInt32>(repeating: 0)
            var count = 0
            var visited = 0
            while visited < self.streams.capacity, count < ids.count {
                self.heldTurn = self.heldTurn &+ 1 < self.streams.capacity ? self.heldTurn &+ 1 : 0
                visited += 1
                guard self.streams[self.heldTurn].sendWindow > 0, !self.streams[self.heldTurn].held.isEmpty else {
                    continue
                }
                ids[count] = self.streams[self.heldTurn].id
                count += 1
            }
            guard count > 0 else { return }
            for index in 0..<count {
                guard self.sendWindow > 0, !self.isBackedUp, let place = self.streams.place(of: ids[index]) else {
                    continue
                }
                self.heldTurn = place
                self.sendHeld(at: place)
            }
        }
    }

    /// Sends what the windows admit of what is held for one stream.
    mutating func sendHeld(at place: Int) {
        guard !self.streams[place].held.isEmpty, !self.isBackedUp else { return }
        let id = self.streams[place].id
        let flags = self.streams[place].flags
        let start = self.streams[place].heldOffset
        let end =
            flags.contains(.heldTrailers) ? self.streams[place].heldTrailersStart : self.streams[place].held.count
        let room = max(0, min(self.sendWindow, self.streams[place].sendWindow))
        let sent = min(end - start, room)
        let isAll = sent == end - start
        if sent > 0 {
            let held = self.streams[place].held
            let endsHere = isAll && flags.contains(.heldEnd) && !flags.contains(.heldTrailers)
            self.writeData(id, held.span.extracting(start..<(start + sent)), end: endsHere)
            self.sendWindow -= sent
            self.streams[place].sendWindow -= sent
            self.streams[place].heldOffset += sent
        }
        guard isAll else { return }
        let held = self.streams[place].held
        self.streams[place].held = []
        self.streams[place].heldOffset = 0
        self.heldStreams -= 1
        guard flags.contains(.heldEnd) else {
            self.pending.append(.resumed(stream: id, user: self.streams[place].user))
            return
        }
        guard flags.contains(.heldTrailers) else { return self.sentEnd(at: place) }
        self.sendHeldTrailers(id, held.span.extracting(droppingFirst: end))
    }

    private mutating func sendHeldTrailers(_ id: UInt32, _ fields: Span<UInt8>) {
        guard self.startHead(id) else { return }
        var offset = 0
        while offset + 4 <= fields.count {
            let nameCount = Int(fields[offset]) << 8 | Int(fields[offset + 1])
            let valueCount = Int(fields[offset + 2]) << 8 | Int(fields[offset + 3])
            let name = offset + 4
            let value = name + nameCount
            offset = value + valueCount
            self.addField(fields.extracting(name..<value), fields.extracting(value..<offset))
        }
        self.finishHead(end: true)
    }

    // MARK: - Ends

    /// Ends a stream early; no event follows.
    public mutating func reset(_ stream: UInt32, _ code: HTTP2ErrorCode) {
        guard let place = self.streams.place(of: stream) else { return }
        self.resetStream(at: place, code)
    }

    /// Ends all streams since the transport is gone; an event follows for each: call ``nextEvent()``.
    public mutating func lost() {
        self.hasFailed = true
        self.isDraining = true
        for place in 0..<self.streams.capacity where self.streams[place].id != 0 {
            self.pending.append(
                .reset(
                    stream: self.streams[place].id, user: self.streams[place].user, code: .internalError,
                    byPeer: false))
        }
        self.streams = HTTP2StreamTable()
        self.heldStreams = 0
    }

    /// Lets open streams finish and takes no new ones.
    public mutating func goAway(_ code: HTTP2ErrorCode = .noError) {
        guard !self.hasSentGoAway else { return }
        self.isDraining = true
        self.hasSentGoAway = true
        HTTP2FrameWriter.goAway(last: self.lastPeerStream, code, into: &self.output)
    }

    /// Asks the peer for a sign of life, which comes as ``HTTP2Event/pong(_:)`` with the same value.
    public mutating func ping(_ value: UInt64) {
        HTTP2FrameWriter.header(length: 8, type: HTTP2FrameType.ping, flags: 0, stream: 0, into: &self.output)
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            self.output.append(UInt8(truncatingIfNeeded: value &>> shift))
        }
    }
}
