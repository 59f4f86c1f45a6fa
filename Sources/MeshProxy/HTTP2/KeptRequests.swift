import MeshCodec
import MeshReactor

/// What was received of a request that may have to be sent again, or that waits to be sent at all.
struct KeptRequest: ~Copyable {
    var list = HTTP2HeaderList()
    var content: [UInt8] = []
    var trailers = HTTP2HeaderList()
    var hasTrailers = false
}

/// The requests that a worker keeps; used memory goes from one to the next.
struct KeptRequests: ~Copyable {
    /// Content of one request: more than a stream's window, so that all of one that waits fits.
    static let contentMax = 96 * 1024
    /// Content of all requests; beyond, requests cannot be sent again.
    static let totalMax = 16 << 20
    /// Unused places that stay for the next requests.
    private static let sparesMax = 256
    /// Memory for content that an unused place keeps.
    private static let spareContentMax = 4096

    private var slab: Slab<KeptRequest>
    private var spares: [Handle] = []
    private(set) var total = 0

    init(limit: Int) { self.slab = Slab(limit: limit) }

    /// Takes the head, and gives an empty one for it; `none` when there is no place.
    mutating func insert(_ list: inout HTTP2HeaderList) -> Handle {
        let handle: Handle
        if let spare = self.spares.popLast() {
            handle = spare
        } else {
            guard !self.slab.isFull else { return .none }
            handle = self.slab.insert(KeptRequest())
        }
        swap(&list, &self.slab[handle].list)
        return handle
    }

    subscript(handle: Handle) -> KeptRequest {
        _read { yield self.slab[handle] }
        _modify { yield &self.slab[handle] }
    }

    /// Adds content; false when that would be too much.
    mutating func append(_ content: Span<UInt8>, to handle: Handle) -> Bool {
        guard self.slab[handle].content.count + content.count <= Self.contentMax,
            self.total + content.count <= Self.totalMax
        else { return false }
        self.slab[handle].content.append(copying: content)
        self.total += content.count
        return true
    }

    mutating func remove(_ handle: Handle) {
        self.total -= self.slab[handle].content.count
        guard self.spares.count < Self.sparesMax else {
            _ = self.slab.remove(handle)
            return
        }
        self.slab[handle].list.removeAll()
        if self.slab[handle].content.capacity > Self.spareContentMax {
            self.slab[handle].content = []
        } else {
            self.slab[handle].content.removeAll(keepingCapacity: true)
        }
        if self.slab[handle].hasTrailers {
            self.slab[handle].trailers = HTTP2HeaderList()
            self.slab[handle].hasTrailers = false
        }
        self.spares.append(handle)
    }
}

extension Worker {
    /// Keeps content of a request that may have to be sent again; when it gets too much, it will not be.
    mutating func keep(_ content: Span<UInt8>, of request: Handle) {
        let kept = self.exchanges[request].kept
        guard kept != .none, !self.kept.append(content, to: kept) else { return }
        guard self.exchanges[request].up.kind == .none else { return self.releaseKept(request) }
        self.upFailed(request, Answer(503, "service unavailable", grpc: 14, closes: true), .loadShed)
    }

    mutating func keep(trailers list: borrowing HTTP2HeaderList, of request: Handle) {
        let kept = self.exchanges[request].kept
        guard kept != .none else { return }
        self.kept[kept].hasTrailers = true
        for index in 0..<list.count {
            let field = list[index]
            self.kept[kept].trailers.append(
                list.bytes.span.extracting(field.nameRange), list.bytes.span.extracting(field.valueRange))
        }
    }

    /// The request will not be sent again.
    mutating func releaseKept(_ request: Handle) {
        let kept = self.exchanges[request].kept
        guard kept != .none else { return }
        self.exchanges[request].kept = .none
        self.kept.remove(kept)
    }

    /// Takes an exchange out, with what was kept for it.
    mutating func remove(exchange request: Handle) -> Exchange {
        self.releaseKept(request)
        self.timers.cancel(self.exchanges[request].timer)
        return self.exchanges.remove(request)
    }
}

extension [UInt8] {
    fileprivate mutating func append(copying bytes: Span<UInt8>) {
        self.append(addingCapacity: bytes.count) { output in
            for index in 0..<bytes.count { output.append(bytes[index]) }
        }
    }
}
