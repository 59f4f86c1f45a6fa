/// One stream of a connection, while it lives.
struct HTTP2Stream {
    struct Flags: OptionSet {
        let rawValue: UInt8
        /// The peer has sent END_STREAM.
        static let receivedEnd = Self(rawValue: 1 << 0)
        /// We have sent END_STREAM.
        static let sentEnd = Self(rawValue: 1 << 1)
        /// The final response (not an interim one) has been received; for requests always set.
        static let finalHead = Self(rawValue: 1 << 2)
        /// Responses have no body whatever they say, since the request was HEAD.
        static let isHead = Self(rawValue: 1 << 3)
        /// The stream ends behind what is held.
        static let heldEnd = Self(rawValue: 1 << 4)
        /// What is held ends with trailers.
        static let heldTrailers = Self(rawValue: 1 << 5)
    }

    var id: UInt32
    var flags: Flags = []
    /// What the owner of the connection keeps with the stream.
    var user: UInt64
    var sendWindow: Int
    var receiveWindow: Int
    /// Bytes that were consumed but not yet credited to the peer.
    var uncredited = 0
    /// Bytes of content still to come according to `content-length`; negative if unknown.
    var expected = -1
    /// Content that the peer's window did not admit yet, and before it what was sent since.
    var held: [UInt8] = []
    var heldOffset = 0
    /// Where trailers start in `held`, if there are.
    var heldTrailersStart = 0
}

/// The streams of a connection by identifier: open addressing, dense since identifiers are consecutive.
struct HTTP2StreamTable: ~Copyable {
    private var slots: [HTTP2Stream] = []
    private(set) var count = 0

    /// How many places there are; some may be empty (identifier 0).
    var capacity: Int { self.slots.count }

    /// The stream in `place`.
    @inline(__always)
    subscript(place: Int) -> HTTP2Stream {
        _read { yield self.slots[place] }
        _modify { yield &self.slots[place] }
    }

    /// The place of stream `id`; valid until the next insertion or removal.
    @inline(__always)
    func place(of id: UInt32) -> Int? {
        guard self.count > 0, id != 0 else { return nil }
        let mask = self.slots.count &- 1
        var place = Int(id &>> 1) & mask
        while true {
            let found = self.slots[place].id
            if found == id { return place }
            if found == 0 { return nil }
            place = (place &+ 1) & mask
        }
    }

    /// Adds a stream, which must not be there, and returns its place.
    mutating func insert(_ stream: HTTP2Stream) -> Int {
        if (self.count &+ 1) &* 4 > self.slots.count &* 3 { self.grow() }
        self.count &+= 1
        return self.put(stream)
    }

    /// Removes the stream in `place`, closing the gap.
    mutating func remove(at place: Int) {
        let mask = self.slots.count &- 1
        self.count &-= 1
        var gap = place
        var next = place
        while true {
            next = (next &+ 1) & mask
            let id = self.slots[next].id
            if id == 0 { break }
            let home = Int(id &>> 1) & mask
            // Stays if its home lies behind the gap.
            if (next &- home) & mask < (next &- gap) & mask { continue }
            self.slots.swapAt(gap, next)
            gap = next
        }
        self.slots[gap] = Self.empty
        if self.count == 0, self.slots.count > 64 { self.slots = [] }
    }

    private static var empty: HTTP2Stream { HTTP2Stream(id: 0, user: 0, sendWindow: 0, receiveWindow: 0) }

    private mutating func put(_ stream: HTTP2Stream) -> Int {
        let mask = self.slots.count &- 1
        var place = Int(stream.id &>> 1) & mask
        while self.slots[place].id != 0 { place = (place &+ 1) & mask }
        self.slots[place] = stream
        return place
    }

    private mutating func grow() {
        let old = self.slots
        self.slots = [HTTP2Stream](repeating: Self.empty, count: max(8, old.count * 2))
        for stream in old where stream.id != 0 { _ = self.put(stream) }
    }
}
