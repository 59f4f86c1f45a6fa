import MeshModel

// Header blocks in the direction to us (RFC 9113 §4.3, §6.2, §8).
extension HTTP2Connection {
    mutating func receiveHeaders(
        _ header: HTTP2FrameHeader, _ payload: Span<UInt8>, _ list: inout HTTP2HeaderList, _ now: MonotonicTime
    ) throws(HTTP2Error) -> HTTP2Event? {
        guard header.stream != 0 else { throw HTTP2Error(.protocolError) }
        var start = 0
        var end = payload.count
        if header.isPadded {
            guard payload.count >= 1 else { throw HTTP2Error(.frameSizeError) }
            start = 1
            end -= Int(payload[0])
        }
        if header.flags & HTTP2Flag.priority != 0 {
            guard payload.count >= start + 5 else { throw HTTP2Error(.frameSizeError) }
            start += 5
        }
        guard start <= end else { throw HTTP2Error(.protocolError) }
        let fragment = payload.extracting(start..<end)
        if header.endsHeaders {
            return try self.receiveBlock(fragment, header.stream, ends: header.endsStream, &list, now)
        }
        self.block.append(fragment)
        self.blockStream = header.stream
        self.blockFrames = 1
        self.blockEndsStream = header.endsStream
        return nil
    }

    mutating func receiveContinuation(
        _ header: HTTP2FrameHeader, _ payload: Span<UInt8>, _ list: inout HTTP2HeaderList, _ now: MonotonicTime
    ) throws(HTTP2Error) -> HTTP2Event? {
        self.blockFrames += 1
        guard self.blockFrames <= Self.blockFramesMax, self.block.count + payload.count <= Self.blockBytesMax else {
            throw HTTP2Error(.enhanceYourCalm)
        }
        self.block.append(payload)
        guard header.endsHeaders else { return nil }
        let block = self.block
        self.block = []
        self.blockStream = 0
        return try self.receiveBlock(block.span, header.stream, ends: self.blockEndsStream, &list, now)
    }

    private mutating func receiveBlock(
        _ block: Span<UInt8>, _ id: UInt32, ends: Bool, _ list: inout HTTP2HeaderList, _ now: MonotonicTime
    ) throws(HTTP2Error) -> HTTP2Event? {
        list.removeAll()
        do {
            // Even a block that nobody wants changes the table.
            try self.decoder.decode(block, into: &list)
        } catch {
            throw HTTP2Error(error == .listTooLarge ? .enhanceYourCalm : .compressionError)
        }
        guard let place = self.streams.place(of: id) else {
            return try self.receiveNewHead(id, ends: ends, &list, now)
        }
        if self.streams[place].flags.contains(.receivedEnd) {
            try self.failStream(at: place, .streamClosed, now)
            return nil
        }
        if list.isTooLarge {
            try self.failStream(at: place, .enhanceYourCalm, now)
            return nil
        }
        do throws(HTTP2Malformed) {
            if self.streams[place].flags.contains(.finalHead) {
                return try self.receiveTrailers(at: place, ends: ends, &list)
            }
            return try self.receiveResponse(at: place, ends: ends, &list)
        } catch {
            try self.failStream(at: place, .protocolError, now)
            return nil
        }
    }

    /// A head on a stream that is not open: a new request, or something late or wrong.
    private mutating func receiveNewHead(
        _ id: UInt32, ends: Bool, _ list: inout HTTP2HeaderList, _ now: MonotonicTime
    ) throws(HTTP2Error) -> HTTP2Event? {
        guard self.role == .server, id & 1 == 1, id > self.lastPeerStream else {
            try self.checkClosed(id, now)
            return nil
        }
        // After GOAWAY the peer knows that we do not look at more; it may retry elsewhere.
        if self.isDraining {
            self.lastIgnoredStream = max(self.lastIgnoredStream, id)
            return nil
        }
        self.lastPeerStream = id
        guard self.streams.count < self.settings.concurrentStreams else {
            try self.refuse(id, .refusedStream, now)
            return nil
        }
        guard !list.isTooLarge else {
            try self.refuse(id, .enhanceYourCalm, now)
            return nil
        }
        do {
            try list.readRequest()
        } catch {
            try self.refuse(id, .protocolError, now)
            return nil
        }
        var stream = HTTP2Stream(
            id: id, user: 0, sendWindow: self.peerStreamWindow, receiveWindow: self.settings.streamWindow)
        stream.flags = ends ? [.finalHead, .receivedEnd] : .finalHead
        stream.expected = list.request.contentLength ?? -1
        guard !ends || stream.expected <= 0 else {
            try self.refuse(id, .protocolError, now)
            return nil
        }
        _ = self.streams.insert(stream)
        return .head(stream: id, user: 0, end: ends)
    }

    private mutating func refuse(
        _ id: UInt32, _ code: HTTP2ErrorCode, _ now: MonotonicTime
    ) throws(HTTP2Error) {
        try self.annoy(1, now: now)
        self.noteReset(id)
        HTTP2FrameWriter.reset(id, code, into: &self.output)
    }

    private mutating func receiveResponse(
        at place: Int, ends: Bool, _ list: inout HTTP2HeaderList
    ) throws(HTTP2Malformed) -> HTTP2Event? {
        try list.readResponse()
        let id = self.streams[place].id
        let user = self.streams[place].user
        if list.response.isInterim {
            guard !ends else { throw HTTP2Malformed() }
            return .head(stream: id, user: user, end: false)
        }
        self.streams[place].flags.insert(.finalHead)
        let status = list.response.status
        let isEmpty = self.streams[place].flags.contains(.isHead) || status == 204 || status == 304
        self.streams[place].expected = isEmpty ? 0 : list.response.contentLength ?? -1
        guard !ends || self.streams[place].expected <= 0 else { throw HTTP2Malformed() }
        if ends { self.receivedEnd(at: place) }
        return .head(stream: id, user: user, end: ends)
    }

    private mutating func receiveTrailers(
        at place: Int, ends: Bool, _ list: inout HTTP2HeaderList
    ) throws(HTTP2Malformed) -> HTTP2Event? {
        guard ends, self.streams[place].expected <= 0 else { throw HTTP2Malformed() }
        try list.checkTrailers()
        let id = self.streams[place].id
        let user = self.streams[place].user
        self.receivedEnd(at: place)
        return .trailers(stream: id, user: user)
    }

    /// Judges a frame for a stream that is not open (RFC 9113 §5.1).
    mutating func checkClosed(_ id: UInt32, _ now: MonotonicTime) throws(HTTP2Error) {
        guard self.wasOpened(id) else { throw HTTP2Error(.protocolError) }
        if self.role == .server, id > self.lastPeerStream { return }
        // What was under way when we reset the stream is the peer's right, but not without end.
        for index in 0..<16 where self.recentResets[index] == id { return try self.annoy(1, now: now) }
        // Streams end on both sides at about the same time; what is late is told so, up to a point.
        try self.annoy(10, now: now)
        HTTP2FrameWriter.reset(id, .streamClosed, into: &self.output)
    }

    mutating func noteReset(_ id: UInt32) {
        self.recentResets[self.recentReset] = id
        self.recentReset = (self.recentReset + 1) & 15
    }
}
