import MeshModel

// Frames about the connection or the life of a stream (RFC 9113 §6.3 … §6.9).
extension HTTP2Connection {
    private static func number(_ payload: Span<UInt8>, at offset: Int) -> UInt32 {
        UInt32(payload[offset]) << 24 | UInt32(payload[offset + 1]) << 16 | UInt32(payload[offset + 2]) << 8
            | UInt32(payload[offset + 3])
    }

    mutating func receiveWindowUpdate(
        _ header: HTTP2FrameHeader, _ payload: Span<UInt8>, _ now: MonotonicTime
    ) throws(HTTP2Error) {
        guard payload.count == 4 else { throw HTTP2Error(.frameSizeError) }
        let increment = Int(Self.number(payload, at: 0) & 0x7FFF_FFFF)
        if header.stream == 0 {
            guard increment > 0 else { throw HTTP2Error(.protocolError) }
            self.sendWindow += increment
            guard self.sendWindow <= Int(Int32.max) else { throw HTTP2Error(.flowControlError) }
            self.sendHeld()
            return
        }
        guard let place = self.streams.place(of: header.stream) else {
            guard self.wasOpened(header.stream) else { throw HTTP2Error(.protocolError) }
            return
        }
        guard increment > 0 else { return try self.failStream(at: place, .protocolError, now) }
        self.streams[place].sendWindow += increment
        guard self.streams[place].sendWindow <= Int(Int32.max) else {
            return try self.failStream(at: place, .flowControlError, now)
        }
        self.sendHeld(at: place)
    }

    /// Whether stream `id` was ever opened, as opposed to idle (RFC 9113 §5.1).
    func wasOpened(_ id: UInt32) -> Bool {
        guard id & 1 == 1 else { return false }  // Only servers could open those, by pushing.
        return self.role == .client ? id < self.nextStream : id <= max(self.lastPeerStream, self.lastIgnoredStream)
    }

    mutating func receiveReset(
        _ header: HTTP2FrameHeader, _ payload: Span<UInt8>, _ now: MonotonicTime
    ) throws(HTTP2Error) {
        guard payload.count == 4 else { throw HTTP2Error(.frameSizeError) }
        guard header.stream != 0, self.wasOpened(header.stream) else { throw HTTP2Error(.protocolError) }
        try self.annoy(1, now: now)
        guard let place = self.streams.place(of: header.stream) else { return }
        let code = HTTP2ErrorCode(rawValue: Self.number(payload, at: 0))
        self.pending.append(
            .reset(stream: header.stream, user: self.streams[place].user, code: code, byPeer: true))
        self.drop(at: place)
    }

    mutating func receiveSettings(
        _ header: HTTP2FrameHeader, _ payload: Span<UInt8>, _ now: MonotonicTime
    ) throws(HTTP2Error) {
        guard header.stream == 0 else { throw HTTP2Error(.protocolError) }
        guard !header.isAcknowledgement else {
            guard payload.isEmpty else { throw HTTP2Error(.frameSizeError) }
            return
        }
        guard payload.count % 6 == 0 else { throw HTTP2Error(.frameSizeError) }
        try self.annoy(10, now: now)
        var window = self.peerStreamWindow
        for offset in stride(from: 0, to: payload.count, by: 6) {
            let id = UInt16(payload[offset]) << 8 | UInt16(payload[offset + 1])
            let value = Self.number(payload, at: offset + 2)
            if id == HTTP2SettingID.initialWindowSize {
                guard value <= UInt32(Int32.max) else { throw HTTP2Error(.flowControlError) }
                window = Int(value)
            } else {
                try self.set(id, value)
            }
        }
        // Once and not for each mention: it visits all streams.
        try self.setPeerWindow(window)
        HTTP2FrameWriter.header(
            length: 0, type: HTTP2FrameType.settings, flags: HTTP2Flag.acknowledge, stream: 0, into: &self.output)
        guard !self.hasSettings else { return }
        self.hasSettings = true
        self.pending.append(.settings)
    }

    private mutating func set(_ id: UInt16, _ value: UInt32) throws(HTTP2Error) {
        switch id {
        case HTTP2SettingID.headerTableSize:
            self.encoder.setPeerLimit(Int(min(value, UInt32(HPACKTable.sizeMax))))
        case HTTP2SettingID.enablePush:
            guard value == 0 || value == 1 && self.role == .server else { throw HTTP2Error(.protocolError) }
        case HTTP2SettingID.maxConcurrentStreams:
            self.peerConcurrentStreams = Int(min(value, 1 << 20))
        case HTTP2SettingID.maxFrameSize:
            // At least what we ever send.
            guard (16_384...16_777_215).contains(value) else { throw HTTP2Error(.protocolError) }
        default: break
        }
    }

    /// Changes the window of streams that are open already, too (RFC 9113 §6.9.2).
    private mutating func setPeerWindow(_ window: Int) throws(HTTP2Error) {
        let change = window - self.peerStreamWindow
        self.peerStreamWindow = window
        guard change != 0 else { return }
        for place in 0..<self.streams.capacity where self.streams[place].id != 0 {
            self.streams[place].sendWindow += change
            guard self.streams[place].sendWindow <= Int(Int32.max) else { throw HTTP2Error(.flowControlError) }
        }
        if change > 0 { self.sendHeld() }
    }

    mutating func receivePing(
        _ header: HTTP2FrameHeader, _ payload: Span<UInt8>, _ now: MonotonicTime
    ) throws(HTTP2Error) {
        guard header.stream == 0 else { throw HTTP2Error(.protocolError) }
        guard payload.count == 8 else { throw HTTP2Error(.frameSizeError) }
        guard !header.isAcknowledgement else {
            self.pending.append(.pong(payload.word(at: 0)))
            return
        }
        try self.annoy(1, now: now)
        HTTP2FrameWriter.header(
            length: 8, type: HTTP2FrameType.ping, flags: HTTP2Flag.acknowledge, stream: 0, into: &self.output)
        self.output.append(payload)
    }

    mutating func receiveGoAway(_ header: HTTP2FrameHeader, _ payload: Span<UInt8>) throws(HTTP2Error) {
        guard header.stream == 0 else { throw HTTP2Error(.protocolError) }
        guard payload.count >= 8 else { throw HTTP2Error(.frameSizeError) }
        self.isDraining = true
        let last = Self.number(payload, at: 0) & 0x7FFF_FFFF
        let code = HTTP2ErrorCode(rawValue: Self.number(payload, at: 4))
        if self.role == .client { self.refuseStreams(above: last) }
        self.pending.append(.goAway(code: code))
    }

    /// Ends those of our streams that the peer says it did not look at.
    private mutating func refuseStreams(above last: UInt32) {
        var refused: [UInt32] = []
        for place in 0..<self.streams.capacity where self.streams[place].id > last {
            refused.append(self.streams[place].id)
        }
        for id in refused.sorted() {
            guard let place = self.streams.place(of: id) else { continue }
            self.pending.append(
                .reset(stream: id, user: self.streams[place].user, code: .refusedStream, byPeer: true))
            self.drop(at: place)
        }
    }

    mutating func receivePriority(
        _ header: HTTP2FrameHeader, _ payload: Span<UInt8>, _ now: MonotonicTime
    ) throws(HTTP2Error) {
        // Deprecated and ignored (RFC 9113 §5.3.2).
        guard header.stream != 0 else { throw HTTP2Error(.protocolError) }
        guard payload.count == 5 else { throw HTTP2Error(.frameSizeError) }
        try self.annoy(1, now: now)
    }

    // MARK: - The life of a stream

    /// Resets a stream on which the peer broke the protocol, and says so to the owner.
    ///
    /// - Throws: if the peer does so too often: work was begun for each stream (CVE-2025-8671).
    mutating func failStream(at place: Int, _ code: HTTP2ErrorCode, _ now: MonotonicTime) throws(HTTP2Error) {
        try self.annoy(1, now: now)
        let stream = self.streams[place].id
        self.pending.append(.reset(stream: stream, user: self.streams[place].user, code: code, byPeer: false))
        self.resetStream(at: place, code)
    }

    mutating func resetStream(at place: Int, _ code: HTTP2ErrorCode) {
        let stream = self.streams[place].id
        self.noteReset(stream)
        HTTP2FrameWriter.reset(stream, code, into: &self.output)
        self.drop(at: place)
    }

    mutating func receivedEnd(at place: Int) {
        self.streams[place].flags.insert(.receivedEnd)
        self.dropIfEnded(at: place)
    }

    mutating func dropIfEnded(at place: Int) {
        guard self.streams[place].flags.isSuperset(of: [.receivedEnd, .sentEnd]) else { return }
        // A request that ran its course makes up for a nuisance.
        if self.patience < Self.patienceMax { self.patience += 1 }
        self.drop(at: place)
    }

    private mutating func drop(at place: Int) {
        if !self.streams[place].held.isEmpty { self.heldStreams -= 1 }
        self.streams.remove(at: place)
    }
}
