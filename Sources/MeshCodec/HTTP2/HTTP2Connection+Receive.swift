public import MeshModel

extension HTTP2Connection {
    /// Takes received bytes from `offset` on and returns what they mean, one event at a time, until nil.
    ///
    /// Heads and trailers are put into `list`, which is the owner's until the next call.
    /// - Throws: ``HTTP2Error`` if the peer broke the protocol or a limit: send `output`, then close.
    public mutating func receive(
        _ bytes: Span<UInt8>, at offset: inout Int, into list: inout HTTP2HeaderList, now: MonotonicTime
    ) throws(HTTP2Error) -> HTTP2Event? {
        guard !self.hasFailed else {
            offset = bytes.count
            return nil
        }
        do {
            return try self.step(bytes, &offset, &list, now)
        } catch {
            self.fail(error.code)
            throw error
        }
    }

    private mutating func step(
        _ bytes: Span<UInt8>, _ offset: inout Int, _ list: inout HTTP2HeaderList, _ now: MonotonicTime
    ) throws(HTTP2Error) -> HTTP2Event? {
        while true {
            if self.pendingStart < self.pending.count { return self.nextEvent() }
            if self.content.isActive {
                if let event = try self.receiveContent(bytes, &offset, now) { return event }
                if self.content.isActive { return nil }
                continue
            }
            guard offset < bytes.count else { return nil }
            guard self.output.count <= Self.outputBytesMax else { throw HTTP2Error(.enhanceYourCalm) }
            if self.prefaceLeft > 0 {
                try self.receivePreface(bytes, &offset)
                continue
            }
            if self.skipLeft > 0 {
                let taken = min(self.skipLeft, bytes.count - offset)
                self.skipLeft -= taken
                offset += taken
                continue
            }
            if let event = try self.receiveFrame(bytes, &offset, &list, now) { return event }
        }
    }

    private mutating func receivePreface(_ bytes: Span<UInt8>, _ offset: inout Int) throws(HTTP2Error) {
        let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8Span.span
        while self.prefaceLeft > 0, offset < bytes.count {
            guard bytes[offset] == preface[preface.count - self.prefaceLeft] else {
                throw HTTP2Error(.protocolError)
            }
            self.prefaceLeft -= 1
            offset += 1
        }
    }

    /// Takes a frame, or the start of one: content and unknown frames are dealt with as they come, others whole.
    private mutating func receiveFrame(
        _ bytes: Span<UInt8>, _ offset: inout Int, _ list: inout HTTP2HeaderList, _ now: MonotonicTime
    ) throws(HTTP2Error) -> HTTP2Event? {
        let left = bytes.count &- offset
        guard self.carry.isEmpty else { return try self.receiveCarried(bytes, &offset, &list, now) }
        guard left >= HTTP2FrameHeader.byteCount else {
            self.carry.append(bytes.extracting(offset..<bytes.count))
            offset = bytes.count
            return nil
        }
        let header = HTTP2FrameHeader(bytes, at: offset)
        try self.check(header)
        if try self.begin(header, now) {
            offset &+= HTTP2FrameHeader.byteCount
            return nil
        }
        let size = HTTP2FrameHeader.byteCount &+ header.length
        guard left >= size else {
            self.carry.append(bytes.extracting(offset..<bytes.count))
            offset = bytes.count
            return nil
        }
        let start = offset &+ HTTP2FrameHeader.byteCount
        offset &+= size
        return try self.receive(header, bytes.extracting(start..<offset), &list, now)
    }

    private mutating func receiveCarried(
        _ bytes: Span<UInt8>, _ offset: inout Int, _ list: inout HTTP2HeaderList, _ now: MonotonicTime
    ) throws(HTTP2Error) -> HTTP2Event? {
        if self.carry.count < HTTP2FrameHeader.byteCount {
            self.fill(to: HTTP2FrameHeader.byteCount, bytes, &offset)
            guard self.carry.count == HTTP2FrameHeader.byteCount else { return nil }
            let header = HTTP2FrameHeader(self.carry.span, at: 0)
            try self.check(header)
            if try self.begin(header, now) {
                self.carry = []
                return nil
            }
        }
        let header = HTTP2FrameHeader(self.carry.span, at: 0)
        let size = HTTP2FrameHeader.byteCount + header.length
        self.fill(to: size, bytes, &offset)
        guard self.carry.count == size else { return nil }
        let frame = self.carry
        self.carry = []
        return try self.receive(
            header, frame.span.extracting(HTTP2FrameHeader.byteCount..<size), &list, now)
    }

    private mutating func fill(to count: Int, _ bytes: Span<UInt8>, _ offset: inout Int) {
        let taken = min(count - self.carry.count, bytes.count - offset)
        self.carry.append(bytes.extracting(offset..<(offset + taken)))
        offset += taken
    }

    /// Rules for any frame.
    @inline(__always)
    private func check(_ header: HTTP2FrameHeader) throws(HTTP2Error) {
        guard header.length <= Self.frameBytesMax else { throw HTTP2Error(.frameSizeError) }
        // The first frame is SETTINGS (RFC 9113 §3.4).
        guard self.hasSettings || header.type == HTTP2FrameType.settings && !header.isAcknowledgement else {
            throw HTTP2Error(.protocolError)
        }
        // Nothing comes between the parts of a header block (RFC 9113 §4.3).
        let continues = header.type == HTTP2FrameType.continuation
        guard continues == (self.blockStream != 0), !continues || header.stream == self.blockStream else {
            throw HTTP2Error(.protocolError)
        }
    }

    /// Starts a frame whose payload is dealt with as it comes; false for others.
    @inline(__always)
    private mutating func begin(_ header: HTTP2FrameHeader, _ now: MonotonicTime) throws(HTTP2Error) -> Bool {
        if header.type == HTTP2FrameType.data {
            try self.beginContent(header, now)
            return true
        }
        guard header.type > HTTP2FrameType.continuation else { return false }
        // Unknown frames are ignored (RFC 9113 §5.5).
        try self.annoy(1, now: now)
        self.skipLeft = header.length
        return true
    }

    @inline(__always)
    private mutating func receive(
        _ header: HTTP2FrameHeader, _ payload: Span<UInt8>, _ list: inout HTTP2HeaderList, _ now: MonotonicTime
    ) throws(HTTP2Error) -> HTTP2Event? {
        switch header.type {
        case HTTP2FrameType.headers: return try self.receiveHeaders(header, payload, &list, now)
        case HTTP2FrameType.continuation: return try self.receiveContinuation(header, payload, &list, now)
        case HTTP2FrameType.windowUpdate: try self.receiveWindowUpdate(header, payload, now)
        case HTTP2FrameType.reset: try self.receiveReset(header, payload, now)
        case HTTP2FrameType.settings: try self.receiveSettings(header, payload, now)
        case HTTP2FrameType.ping: try self.receivePing(header, payload, now)
        case HTTP2FrameType.goAway: try self.receiveGoAway(header, payload)
        case HTTP2FrameType.priority: try self.receivePriority(header, payload, now)
        default: throw HTTP2Error(.protocolError)  // PUSH_PROMISE, which nobody may send us.
        }
        return nil
    }
}
