/// Names one element of a ``Slab``, and only that one: a slot that is used again has another generation.
public struct Handle: Hashable, Sendable {
    /// The slot.
    public let index: UInt32
    /// Odd while the slot is in use; 31 bits, so a stale handle is mistaken only after 2³⁰ reuses of one slot.
    public let generation: UInt32

    /// Takes apart what ``bits`` put together.
    @inlinable
    public init(bits: UInt64) {
        self.index = UInt32(truncatingIfNeeded: bits)
        self.generation = UInt32(truncatingIfNeeded: bits >> 32)
    }

    /// Names a slot by its parts.
    @inlinable
    public init(index: UInt32, generation: UInt32) {
        self.index = index
        self.generation = generation
    }

    /// Index and generation in one word, as a token for the poller or a timer.
    @inlinable
    public var bits: UInt64 { UInt64(self.generation) << 32 | UInt64(self.index) }

    /// Names nothing, in any slab.
    public static let none = Handle(index: .max, generation: 0)
}

/// A pool of elements that never move, named by generation-checked handles.
///
/// Insertion, removal and access are O(1) and, once a chunk exists, do not allocate. Chunks are kept until the slab is
/// dropped. A handle whose element is gone is refused by ``contains(_:)`` and traps in the subscript.
/// - Size: one element plus 8 bytes a slot, in chunks of 64 slots.
@safe
public struct Slab<Element: ~Copyable>: ~Copyable {
    @usableFromInline static var chunkShift: UInt32 { 6 }
    @usableFromInline static var chunkSize: Int { 1 << Int(Self.chunkShift) }
    @usableFromInline static var noSlot: UInt32 { .max }

    @usableFromInline
    struct SlotHeader {
        @usableFromInline var generation: UInt32
        @usableFromInline var nextFree: UInt32

        @usableFromInline
        init(generation: UInt32, nextFree: UInt32) {
            self.generation = generation
            self.nextFree = nextFree
        }
    }

    /// The most elements that may be alive at once.
    public let limit: Int
    /// Elements alive.
    public private(set) var count = 0

    // Invariant: both tables hold `chunkCount` pointers to chunks of `chunkSize` slots; an element is initialised
    // exactly when the generation in its header is odd.
    @usableFromInline var elements: UnsafeMutablePointer<UnsafeMutablePointer<Element>>
    @usableFromInline var headers: UnsafeMutablePointer<UnsafeMutablePointer<SlotHeader>>
    @usableFromInline var chunkCount = 0
    private var firstFree = Self.noSlot
    private let chunkLimit: Int

    /// An empty slab that grows up to `limit` elements.
    public init(limit: Int) {
        precondition(limit > 0 && limit < Int(UInt32.max) - Self.chunkSize)
        self.limit = limit
        self.chunkLimit = (limit + Self.chunkSize - 1) >> Int(Self.chunkShift)
        // The tables are as large as they can get: 16 bytes for every 64 slots, and only touched pages count.
        unsafe self.elements = .allocate(capacity: self.chunkLimit)
        unsafe self.headers = .allocate(capacity: self.chunkLimit)
    }

    deinit {
        for chunk in 0..<self.chunkCount {
            let headers = unsafe self.headers[chunk]
            let elements = unsafe self.elements[chunk]
            for slot in 0..<Self.chunkSize where unsafe headers[slot].generation & 1 == 1 {
                unsafe (elements + slot).deinitialize(count: 1)
            }
            unsafe elements.deallocate()
            unsafe headers.deallocate()
        }
        unsafe self.elements.deallocate()
        unsafe self.headers.deallocate()
    }

    /// True when no more elements fit.
    public var isFull: Bool { self.count >= self.limit }

    /// Takes `element` in and names it.
    ///
    /// - Precondition: the slab is not full; ask ``isFull`` first.
    public mutating func insert(_ element: consuming Element) -> Handle {
        precondition(!self.isFull, "the slab is full")
        if self.firstFree == Self.noSlot { self.addChunk() }
        let index = self.firstFree
        let chunk = Int(index >> Self.chunkShift)
        let slot = Int(index) & (Self.chunkSize - 1)
        // `index` comes from the free list, which holds only slots of existing chunks whose element is absent.
        let generation = unsafe self.headers[chunk][slot].generation &+ 1
        unsafe self.firstFree = self.headers[chunk][slot].nextFree
        unsafe self.headers[chunk][slot].generation = generation
        unsafe (self.elements[chunk] + slot).initialize(to: element)
        self.count += 1
        return Handle(index: index, generation: generation)
    }

    /// Hands the element back to the caller; its handle names nothing from now on.
    public mutating func remove(_ handle: Handle) -> Element {
        precondition(self.contains(handle), "a stale handle")
        let chunk = Int(handle.index >> Self.chunkShift)
        let slot = Int(handle.index) & (Self.chunkSize - 1)
        // `contains` proved that chunk and slot exist and that the element is initialised.
        unsafe self.headers[chunk][slot] = SlotHeader(
            generation: handle.generation &+ 1, nextFree: self.firstFree)
        self.firstFree = handle.index
        self.count -= 1
        return unsafe (self.elements[chunk] + slot).move()
    }

    /// True while the element that `handle` was made for is here.
    @inlinable
    public func contains(_ handle: Handle) -> Bool {
        let chunk = Int(handle.index >> Self.chunkShift)
        guard chunk < self.chunkCount, handle.generation & 1 == 1 else { return false }
        // Headers exist for every slot of every chunk below `chunkCount`.
        return unsafe self.headers[chunk][Int(handle.index) & (Self.chunkSize - 1)].generation == handle.generation
    }

    /// The element, in place.
    ///
    /// - Precondition: ``contains(_:)``.
    @inlinable
    public subscript(handle: Handle) -> Element {
        @_transparent
        unsafeAddress {
            precondition(self.contains(handle), "a stale handle")
            return unsafe UnsafePointer(
                self.elements[Int(handle.index >> Self.chunkShift)]
                    + (Int(handle.index) & (Self.chunkSize - 1)))
        }
        @_transparent
        unsafeMutableAddress {
            precondition(self.contains(handle), "a stale handle")
            return unsafe self.elements[Int(handle.index >> Self.chunkShift)]
                + (Int(handle.index) & (Self.chunkSize - 1))
        }
    }

    /// The handle of the element in this slot, when there is one; for walking over all of them.
    public func handle(at index: Int) -> Handle? {
        let chunk = index >> Int(Self.chunkShift)
        guard index >= 0, chunk < self.chunkCount else { return nil }
        let generation = unsafe self.headers[chunk][index & (Self.chunkSize - 1)].generation
        return generation & 1 == 1 ? Handle(index: UInt32(index), generation: generation) : nil
    }

    /// One more than the largest index in use so far.
    public var slotCount: Int { self.chunkCount << Int(Self.chunkShift) }

    private mutating func addChunk() {
        precondition(self.chunkCount < self.chunkLimit)
        let headers = UnsafeMutablePointer<SlotHeader>.allocate(capacity: Self.chunkSize)
        let first = UInt32(self.chunkCount) << Self.chunkShift
        for slot in 0..<Self.chunkSize {
            let next = slot + 1 < Self.chunkSize ? first + UInt32(slot) + 1 : self.firstFree
            unsafe (headers + slot).initialize(to: SlotHeader(generation: 0, nextFree: next))
        }
        unsafe (self.headers + self.chunkCount).initialize(to: headers)
        unsafe (self.elements + self.chunkCount).initialize(to: .allocate(capacity: Self.chunkSize))
        self.chunkCount += 1
        self.firstFree = first
    }
}

extension Slab: @unchecked Sendable where Element: Sendable & ~Copyable {
    // The slab owns its memory and lends it out only under Swift's exclusivity rules.
}
