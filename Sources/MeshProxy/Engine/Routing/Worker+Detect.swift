import MeshCodec
import MeshModel
import MeshPolicy
import MeshReactor

/// From the first bytes to a protocol.
extension Worker {
    /// Looks at the first bytes, for `timeout` at most.
    mutating func detect(_ handle: Handle, within timeout: Duration) {
        self.connections[handle].stage = .detectingProtocol
        self.connections[handle].flags.remove(.starved)
        self.setTimer(handle, timeout)
    }

    mutating func detectProtocol(_ handle: Handle, _ bytes: Span<UInt8>) -> Int {
        switch ProtocolDetection.detect(bytes) {
        case .undecided:
            self.connections[handle].flags.insert(.starved)
            return 0
        case .http1: self.serveHTTP1(handle)
        case .http2: self.serveHTTP2(handle)
        case .opaque: self.becomeTunnel(handle)
        }
        guard self.connections.contains(handle) else { return bytes.count }
        return self.use(handle, bytes)
    }

    mutating func serveHTTP1(_ handle: Handle) {
        self.clearTimer(handle)
        self.connections[handle].stage = .http1Server
        self.connections[handle].flags.remove(.starved)
    }

    mutating func serveHTTP2(_ handle: Handle) {
        self.clearTimer(handle)
        self.connections[handle].stage = .http2
        self.connections[handle].flags.remove(.starved)
        self.http2Opened(handle)
    }

    private mutating func becomeTunnel(_ handle: Handle) {
        self.clearTimer(handle)
        self.connections[handle].flags.remove(.starved)
        switch self.connections[handle].direction {
        case .inbound: self.admitTunnel(handle)
        case .outbound: self.routeTunnel(handle)
        }
    }

    /// Too few bytes to tell, for too long: the server may have to speak first.
    mutating func detectionTimedOut(_ handle: Handle) {
        if self.connections[handle].direction == .inbound,
            case .http1 = self.connections[handle].portPolicy?.policy?.protocol
        {
            self.serveHTTP1(handle)
        } else {
            self.becomeTunnel(handle)
        }
        if self.connections.contains(handle) { self.schedule(handle) }
    }

    /// The client ended before it was clear what it speaks.
    mutating func detectionEnded(_ handle: Handle) {
        guard !self.connections[handle].held.isEmpty else { return self.close(handle) }
        self.becomeTunnel(handle)
        guard self.connections.contains(handle) else { return }
        // The held bytes come first; the end is read again after them.
        self.connections[handle].flags.remove(.ended)
        self.connections[handle].flags.insert([.readable, .hungUp])
        self.schedule(handle)
    }

    /// What becomes of a request of an HTTP/1 client.
    mutating func decide(_ handle: Handle, _ head: HTTP1RequestHead, _ bytes: Span<UInt8>) -> Decision {
        let path = head.pathRange
        var pathEnd = path.upperBound
        var query = ByteRange.empty
        for index in path where bytes[index] == UInt8(ascii: "?") {
            pathEnd = index
            query = ByteRange(index + 1..<path.upperBound)
            break
        }
        let request = RequestHead(
            method: ByteRange(head.methodRange), path: ByteRange(path.lowerBound..<pathEnd), query: query,
            authority: ByteRange(head.authorityRange), isGRPC: false)
        switch self.connections[handle].direction {
        case .inbound: return self.decideInbound(handle, request, bytes, .http1)
        case .outbound: return self.decideOutbound(handle, request, bytes, .http1)
        }
    }

    /// Puts the places of the scanned fields into ``ranges`` if there are routes that look at them.
    ///
    /// Those of an HTTP/2 head are there already.
    mutating func collectRanges(_ source: RequestSource, ifRead readsFields: Bool) {
        guard source == .http1 else { return }
        self.ranges.removeAll(keepingCapacity: true)
        guard readsFields else { return }
        for index in 0..<self.fields.count {
            let field = self.fields[index]
            self.ranges.append(FieldRange(name: ByteRange(field.nameRange), value: ByteRange(field.valueRange)))
        }
    }
}
