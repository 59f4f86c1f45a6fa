import MeshReactor

/// Where HTTP/2 connects to the engine; until it is here, such connections are refused.
extension Worker {
    mutating func http2Opened(_ handle: Handle) { self.broke(handle) }

    mutating func http2Received(_ handle: Handle, _ bytes: Span<UInt8>) -> Int {
        self.broke(handle)
        return bytes.count
    }

    mutating func http2Drained(_ handle: Handle) {}

    mutating func http2Resume(_ leg: Leg) {}

    mutating func http2Reset(_ leg: Leg, code: UInt32) {}

    mutating func http2Failed(_ leg: Leg, _ answer: Answer, started: Bool) {}

    mutating func http2Broke(_ handle: Handle) { self.close(handle) }

    mutating func http2Drain(_ handle: Handle) { self.closeSoon(handle) }
}
