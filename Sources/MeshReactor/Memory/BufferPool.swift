/// Bytes that wait, in blocks of a ``BufferPool``; only that pool can read or write them.
///
/// Holds nothing while empty. Whoever drops a queue must have emptied it with ``BufferPool/clear(_:)``.
public struct ByteQueue: ~Copyable {
    var head = BufferPool.noBlock
    var tail = BufferPool.noBlock
    var headOffset: UInt32 = 0
    var tailEnd: UInt32 = 0
    /// Bytes waiting.
    public fileprivate(set) var count = 0

    /// An empty queue.
    public init() {}

    /// True when nothing waits.
    @inlinable
    public var isEmpty: Bool { self.count == 0 }
}

/// Blocks of 16 KiB, shared by the connections of one worker, under a hard cap.
///
/// Blocks are made when needed; some stay for the next use, the others go back to the system.
@safe
public struct BufferPool: ~Copyable {
    /// One TLS record's worth: a full record, or a read that a slow peer would not take.
    public static let blockSize = 16 * 1024
    /// Free blocks kept for the next use: 1 MiB.
    public static let keptBlocks = 64
    static let noBlock = UInt32.max

    /// Blocks that may exist at once.
    public let limit: Int
    /// Blocks that hold bytes.
    public private(set) var used = 0

    // Invariant: `blocks[i]` is nil or owns `blockSize` bytes; `next[i]` links the blocks of a queue or, for free
    // blocks that own memory, the kept list; `vacant` links indices without memory.
    private var blocks: [UnsafeMutableRawPointer?] = unsafe []
    private var next: [UInt32] = []
    private var kept = Self.noBlock
    private var keptCount = 0
    private var vacant = Self.noBlock

    /// A pool of at most `limit` blocks.
    public init(limit: Int) {
        precondition(limit > 0 && limit < Int(Self.noBlock))
        self.limit = limit
    }

    deinit {
        for index in 0..<self.next.count { unsafe self.blocks[index]?.deallocate() }
    }

    /// True when `count` more bytes surely fit, whatever the queue.
    public func hasRoom(for count: Int) -> Bool {
        self.used + (count + Self.blockSize - 1) / Self.blockSize + 1 <= self.limit
    }

    /// Adds a copy of `bytes` to `queue`; false, with nothing added, when the cap is reached.
    public mutating func append(_ bytes: Span<UInt8>, to queue: inout ByteQueue) -> Bool {
        guard self.hasRoom(for: bytes.count) else { return false }
        var position = 0
        while position < bytes.count {
            if queue.tail == Self.noBlock || Int(queue.tailEnd) == Self.blockSize { self.extend(&queue) }
            let count = min(bytes.count - position, Self.blockSize - Int(queue.tailEnd))
            let part = bytes.extracting(position..<position + count)
            // `extend` made the tail a block with memory, and `count` bytes fit behind `tailEnd`.
            if let block = unsafe self.blocks[Int(queue.tail)] {
                unsafe part.withUnsafeBytes { source in
                    guard let start = source.baseAddress else { return }
                    unsafe (block + Int(queue.tailEnd)).copyMemory(from: start, byteCount: count)
                }
            }
            queue.tailEnd += UInt32(count)
            queue.count += count
            position += count
        }
        return true
    }

    /// The first run of waiting bytes; empty only when the queue is.
    @_lifetime(borrow self)
    public func front(of queue: borrowing ByteQueue) -> Span<UInt8> {
        guard queue.head != Self.noBlock, let block = unsafe self.blocks[Int(queue.head)] else { return Span() }
        let end = queue.head == queue.tail ? queue.tailEnd : UInt32(Self.blockSize)
        // Bytes between `headOffset` and `end` were written by `append`; the block lives until it is dropped, which
        // needs exclusive access to `self`.
        let span = unsafe Span<UInt8>(
            _unsafeStart: UnsafePointer((block + Int(queue.headOffset)).assumingMemoryBound(to: UInt8.self)),
            count: Int(end - queue.headOffset))
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Drops the first `count` bytes.
    ///
    /// - Precondition: `count` does not exceed the length of ``front(of:)``.
    public mutating func dropFirst(_ count: Int, of queue: inout ByteQueue) {
        precondition(count <= queue.count)
        guard count > 0 else { return }
        queue.headOffset += UInt32(count)
        queue.count -= count
        let end = queue.head == queue.tail ? queue.tailEnd : UInt32(Self.blockSize)
        precondition(queue.headOffset <= end)
        if queue.headOffset == end { self.dropHead(&queue) }
    }

    /// Drops everything.
    public mutating func clear(_ queue: inout ByteQueue) {
        while queue.head != Self.noBlock { self.dropHead(&queue) }
        queue.count = 0
    }

    /// Moves everything into `scratch` at `offset` and returns the offset behind it.
    ///
    /// - Precondition: it fits.
    public mutating func drain(_ queue: inout ByteQueue, into scratch: Scratch, at offset: Int) -> Int {
        var end = offset
        while !queue.isEmpty {
            let start = end
            end = scratch.write(self.front(of: queue), at: start)
            self.dropFirst(end - start, of: &queue)
        }
        return end
    }

    private mutating func dropHead(_ queue: inout ByteQueue) {
        let block = queue.head
        queue.head = block == queue.tail ? Self.noBlock : self.next[Int(block)]
        queue.headOffset = 0
        if queue.head == Self.noBlock {
            queue.tail = Self.noBlock
            queue.tailEnd = 0
        }
        self.release(block)
    }

    private mutating func extend(_ queue: inout ByteQueue) {
        let block = self.take()
        if queue.tail == Self.noBlock {
            queue.head = block
            queue.headOffset = 0
        } else {
            self.next[Int(queue.tail)] = block
        }
        queue.tail = block
        queue.tailEnd = 0
    }

    private mutating func take() -> UInt32 {
        self.used += 1
        if self.kept != Self.noBlock {
            let block = self.kept
            self.kept = self.next[Int(block)]
            self.keptCount -= 1
            return block
        }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: Self.blockSize, alignment: 64)
        if self.vacant != Self.noBlock {
            let block = self.vacant
            self.vacant = self.next[Int(block)]
            unsafe self.blocks[Int(block)] = memory
            return block
        }
        unsafe self.blocks.append(memory)
        self.next.append(Self.noBlock)
        return UInt32(unsafe self.blocks.count - 1)
    }

    private mutating func release(_ block: UInt32) {
        self.used -= 1
        if self.keptCount < Self.keptBlocks {
            self.next[Int(block)] = self.kept
            self.kept = block
            self.keptCount += 1
        } else {
            unsafe self.blocks[Int(block)]?.deallocate()
            unsafe self.blocks[Int(block)] = nil
            self.next[Int(block)] = self.vacant
            self.vacant = block
        }
    }
}
