import MeshModel

// Content and its flow control in the direction to us (RFC 9113 §5.2, §6.1).
extension HTTP2Connection {
    mutating func beginContent(_ header: HTTP2FrameHeader, _ now: MonotonicTime) throws(HTTP2Error) {
        guard header.stream != 0 else { throw HTTP2Error(.protocolError) }
        guard !header.isPadded || header.length >= 1 else { throw HTTP2Error(.frameSizeError) }
        guard header.length <= self.receiveWindow else { throw HTTP2Error(.flowControlError) }
        self.receiveWindow &-= header.length
        if header.length == 0, !header.endsStream { try self.annoy(1, now: now) }
        self.content = HTTP2Content(
            stream: header.stream, left: header.length, needsPadLength: header.isPadded, endsStream: header.endsStream,
            isActive: true)
        guard let place = self.streams.place(of: header.stream) else {
            try self.checkClosed(header.stream, now)
            return
        }
        guard !self.streams[place].flags.contains(.receivedEnd) else {
            try self.failStream(at: place, .streamClosed, now)
            return
        }
        guard header.length <= self.streams[place].receiveWindow else {
            try self.failStream(at: place, .flowControlError, now)
            return
        }
        // A response begins with a head.
        guard self.streams[place].flags.contains(.finalHead) else {
            try self.failStream(at: place, .protocolError, now)
            return
        }
        self.streams[place].receiveWindow &-= header.length
    }

    /// Takes what is there of the current DATA frame; nil if that says nothing to the owner.
    ///
    /// - Throws: if padding fills the whole frame (RFC 9113 §6.1).
    mutating func receiveContent(
        _ bytes: Span<UInt8>, _ offset: inout Int, _ now: MonotonicTime
    ) throws(HTTP2Error) -> HTTP2Event? {
        if self.content.needsPadLength {
            guard offset < bytes.count else { return nil }
            let padding = Int(bytes[offset])
            offset &+= 1
            self.content.needsPadLength = false
            guard padding < self.content.left else { throw HTTP2Error(.protocolError) }
            self.content.left &-= padding &+ 1
            self.content.padding = padding
            self.consumed(self.content.stream, padding &+ 1)
        }
        let taken = min(self.content.left, bytes.count &- offset)
        let range = offset..<(offset &+ taken)
        offset &+= taken
        self.content.left &-= taken
        if self.content.left == 0 {
            let padding = min(self.content.padding, bytes.count &- offset)
            offset &+= padding
            self.content.padding &-= padding
            self.content.isActive = self.content.padding > 0
        }
        return try self.noteContent(range, now)
    }

    private mutating func noteContent(_ range: Range<Int>, _ now: MonotonicTime) throws(HTTP2Error) -> HTTP2Event? {
        let id = self.content.stream
        let ends = self.content.endsStream && !self.content.isActive
        guard let place = self.streams.place(of: id) else {
            self.creditConnection(range.count)
            return nil
        }
        guard range.count > 0 || ends else { return nil }
        if self.streams[place].expected >= 0 {
            self.streams[place].expected &-= range.count
            // What the head said and what came must agree (RFC 9113 §8.1.1).
            if self.streams[place].expected < 0 || ends && self.streams[place].expected > 0 {
                self.creditConnection(range.count)
                try self.failStream(at: place, .protocolError, now)
                return nil
            }
        }
        let user = self.streams[place].user
        if ends { self.receivedEnd(at: place) }
        return .data(stream: id, user: user, range: range, end: ends)
    }

    /// Gives the peer back room for content that has been passed on, or dropped.
    public mutating func consumed(_ stream: UInt32, _ count: Int) {
        self.creditConnection(count)
        guard count > 0, let place = self.streams.place(of: stream),
            !self.streams[place].flags.contains(.receivedEnd)
        else { return }
        self.streams[place].uncredited &+= count
        let credit = self.streams[place].uncredited
        guard credit >= self.settings.streamWindow / 2 else { return }
        self.streams[place].uncredited = 0
        self.streams[place].receiveWindow &+= credit
        HTTP2FrameWriter.windowUpdate(stream, by: credit, into: &self.output)
    }

    mutating func creditConnection(_ count: Int) {
        self.uncredited &+= count
        guard self.uncredited >= self.settings.connectionWindow / 2, !self.hasFailed else { return }
        self.receiveWindow &+= self.uncredited
        HTTP2FrameWriter.windowUpdate(0, by: self.uncredited, into: &self.output)
        self.uncredited = 0
    }
}
